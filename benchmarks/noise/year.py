"""A sensor's year with artefacts of one kind and no water. Pure, from a seeded generator."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from benchmarks.skill.artefacts import KINDS, Depths
from benchmarks.skill.timeline import LOST_SHARE, NOISE_MM

SEED = 20201101
"""The month in which FloodNet's labelled record begins."""

BEGINS_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
HOUR_S, DAY_S, YEAR_S = 3600.0, 86_400.0, 365 * 86_400.0

STEP_S = 60.0
"""A sample a minute around an artefact, as FloodNet has it."""

MARGIN_S = 900.0
"""So long before and after: longer than the engine's window of ten minutes."""

QUIET_STEP_S = 600.0
"""A battery gauge on a dry street reports seldom; every 5 to 30 minutes, domain reference 1.7."""

_LABELLED_YEARS = 11_518_490 * STEP_S / YEAR_S
"""FloodNet's labelled record, 45 deployments at about a sample a minute: 21.9 sensor-years. Domain reference 4.2."""


class Rate(NamedTuple):
    """How many a year, and how many hours one may last (0: as long as the generator makes it)."""

    a_year: float
    hours_max: float = 0.0


def _labelled(samples: int, samples_each: float) -> Rate:
    return Rate(samples / samples_each / _LABELLED_YEARS)


RATES: dict[str, Rate] = {
    # samples labelled so in the record, over the mean samples of one here
    "blip": _labelled(35_806, 1),
    "pulse chain": _labelled(334_074, 32.5 / 2),
    "box": _labelled(43_399, 95),
    "steep object": _labelled(32_985, 27.5),  # "other"
    # nobody has counted these: once a month, until somebody cleans it
    "spider": Rate(12, 72),
    "broken": Rate(12, 72),
    "no return": Rate(12, 72),
    "two surfaces": Rate(12, 72),
    "drift": Rate(365),  # each fine day
}


def readings(kind: str, sensor: int) -> Iterator[tuple[float, float | None]]:
    """(time, depth) of one sensor through the year, in order of time; the same each time."""
    dice = random.Random(f"{SEED}/{kind}/{sensor}")
    at, ends = BEGINS_AT, BEGINS_AT + YEAR_S
    while True:
        begins = at + dice.expovariate(RATES[kind].a_year / YEAR_S) + STEP_S
        yield from _dry(at, min(begins, ends), dice)
        if begins >= ends:
            return
        for depth_mm in _artefact(kind, dice):
            if dice.random() >= LOST_SHARE:
                yield begins, depth_mm if depth_mm is None else round(depth_mm, 1)
            begins += STEP_S
        at = begins


def _artefact(kind: str, dice: random.Random) -> Depths:
    """One artefact; of a fault, one after another until it is mended."""
    samples_max = int(dice.uniform(HOUR_S, RATES[kind].hours_max * HOUR_S) // STEP_S) if RATES[kind].hours_max else 0
    depths = KINDS[kind](dice)
    while len(depths) < samples_max:
        depths += KINDS[kind](dice)
    return depths


def _dry(begins: float, ends: float, dice: random.Random) -> Iterator[tuple[float, float]]:
    """A dry street: a sample a minute near either end, and few between."""
    at = begins
    while at < ends:
        if dice.random() >= LOST_SHARE:
            yield at, round(max(0.0, dice.gauss(0, NOISE_MM)), 1)
        is_near = at - begins < MARGIN_S or ends - at <= MARGIN_S + QUIET_STEP_S
        at += STEP_S if is_near else QUIET_STEP_S
