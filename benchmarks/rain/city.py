"""A made city: rain as Singapore's gauges measured it, and streets that fill and drain by a simple physics.

A street's catchment keeps the first millimetres, dries within a day, and passes the rest on as a linear reservoir. What
its drain does not take stands at the lowest point. How much rain a street takes differs tenfold between streets.
"""

import random
from collections.abc import Iterator, Sequence
from math import exp, log
from typing import NamedTuple

from benchmarks.skill.recordings import Samples, singapore_rain

STEP_S = 300.0
DAY_S = 86_400.0
ROUNDS = 3
"""How often the recorded days come, each time with other gauges at the streets."""

SHIFT = 17
"""By how many gauges the streets move from one round to the next."""

RESPONSES = 10.0
"""How much more rain the hardiest street takes than the weakest. Source: the issue."""

DRAIN_MM_H, LOSS_MM, DRIES_S, DEPTH_PER_MM = 25.0, 2.0, DAY_S, 12.0
"""A usual street: what its drain takes, what the ground keeps, how long it dries, and the depth at the lowest point for
each mm that the drain does not take. Chosen so that it floods (50 mm) at about the amounts of the type `road`."""

LAGS_MIN = (5.0, 60.0)
"""The shortest and longest time constant of a catchment."""

NOISE = 0.25
"""Spread of the log of a street's rain against its gauge's, and of its drain, from day to day."""


class Street(NamedTuple):
    """A street: how much rain it takes beside a usual one, and its time constant (s)."""

    name: str
    takes: float
    lag_s: float


class Day(NamedTuple):
    """A day at a street: the rain that its gauge measured, and the depth that stood there, step by step."""

    number: int
    rain: Samples
    depths: Samples


def streets(seed: int) -> list[Street]:
    """As many streets as there are gauges with a whole record."""
    dice = random.Random(seed)
    logs = log(LAGS_MIN[0]), log(LAGS_MIN[1])
    return [
        Street(f"street-{place}", RESPONSES ** (dice.random() - 0.5), 60.0 * exp(dice.uniform(*logs)))
        for place in range(len(singapore_rain()))
    ]


def days(street: Street, place: int, seed: int) -> Iterator[Day]:
    """The days of a street in order; the same number is the same weather at all streets."""
    dice = random.Random(f"{seed} {place}")
    gauges = singapore_rain()
    number = 0
    for turn in range(ROUNDS):
        for rain in _by_day(gauges[(place + turn * SHIFT) % len(gauges)].samples):
            begin_s = number * DAY_S
            moved = [(begin_s + at_s % DAY_S, mm) for at_s, mm in rain]
            noise = exp(dice.gauss(0, NOISE)), exp(dice.gauss(0, NOISE))
            yield Day(number, moved, _depths(street, moved, *noise))
            number += 1


def _by_day(samples: Samples) -> list[Samples]:
    found: dict[float, Samples] = {}
    for at_s, mm in samples:
        found.setdefault(at_s // DAY_S, []).append((at_s, mm))
    return list(found.values())


def _depths(street: Street, rain: Samples, more_rain: float, more_drain: float) -> Samples:
    """Work out the water at the lowest point, step by step."""
    drain_mm = DRAIN_MM_H * street.takes * more_drain * STEP_S / 3600.0
    holds_mm = left_mm = LOSS_MM * street.takes
    stored_mm = standing_mm = 0.0
    passes, dries = 1 - exp(-STEP_S / street.lag_s), 1 - exp(-STEP_S / DRIES_S)
    found: Samples = []
    for at_s, mm in rain:
        fallen = mm * more_rain
        kept = min(fallen, left_mm)
        left_mm += (holds_mm - left_mm) * dries - kept
        stored_mm += fallen - kept
        flows = stored_mm * passes
        stored_mm -= flows
        standing_mm = max(0.0, standing_mm + flows - drain_mm)
        found.append((at_s, round(standing_mm * DEPTH_PER_MM, 1)))
    return found


def crossings(depths: Sequence[tuple[float, float]], threshold_mm: float) -> Iterator[float]:
    """When the water reaches a depth from below."""
    before_mm = 0.0
    for at_s, depth_mm in depths:
        if before_mm < threshold_mm <= depth_mm:
            yield at_s
        before_mm = depth_mm
