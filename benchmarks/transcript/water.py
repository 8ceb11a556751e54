"""A generated night: rain in three storms, and the water that stands at a place because of it, or of a burst main.

All by dice, minute by minute. Depths and times are round, so that some fall exactly on the edges of rules.
"""

import random
from typing import NamedTuple

from benchmarks.skill.artefacts import KINDS

MINUTES = 840
"""Fourteen hours: longer than rain holds, than a fault score takes to fall, and than any gauge may be silent."""

STORMS_BEGIN = (30, 270, 600)
RAIN_STEP_MIN = 5

RISES_MM_PER_MIN = (1, 2, 5, 10, 20, 45, 80, 150)
FALLS_MM_PER_MIN = (3, 10, 40, 120)


class Shower(NamedTuple):
    """Rain: from which minute on, for how many, and how much each five minutes."""

    begins: int
    lasts: int
    mm: float


def showers(dice: random.Random) -> list[Shower]:
    """A drizzle, a shower or a cloudburst in each storm."""
    return [
        Shower(begins + dice.choice((0, 5, 15, 25)), dice.choice((15, 30, 60)), dice.choice((1.0, 4.0, 6.0, 12.0)))
        for begins in STORMS_BEGIN
    ]


def rain_at(fallen: list[Shower], minute: int) -> float:
    """What fell in the step that ends then."""
    return sum(one.mm for one in fallen if one.begins < minute <= one.begins + one.lasts)


def depths(dice: random.Random, fallen: list[Shower], red_mm: float) -> list[float]:
    """The water at a place's lowest point: after most showers, and now and then without one."""
    water = [0.0] * MINUTES
    begins = [one.begins + dice.choice((0, 5, 10, 20, 40)) for one in fallen if dice.random() < 0.7]  # noqa: PLR2004
    begins += [dice.randrange(MINUTES) for _ in range(dice.choice((1, 2, 3)))]
    for begin in begins:
        _flood(dice, water, begin, red_mm)
    return water


def _flood(dice: random.Random, water: list[float], begin: int, red_mm: float) -> None:
    """Up, a while, down; two that meet do not add up."""
    top_mm = round(red_mm * dice.choice((0.1, 0.25, 0.4, 0.6, 0.8, 1.0, 1.2)), -1)
    rise_mm, fall_mm = dice.choice(RISES_MM_PER_MIN), dice.choice(FALLS_MM_PER_MIN)
    stays = dice.choice((0, 3, 12, 25))
    depth_mm, minute = 0.0, begin
    while depth_mm < top_mm and minute < MINUTES:
        depth_mm = min(depth_mm + rise_mm * dice.choice((0, 1, 1, 1, 2)), top_mm)
        water[minute] = max(water[minute], depth_mm)
        minute += 1
    for past in range(minute, min(minute + stays + int(top_mm / fall_mm) + 1, MINUTES)):
        water[past] = max(water[past], top_mm - fall_mm * max(0, past - minute - stays))


def artefacts(dice: random.Random, share: float) -> dict[int, float | None]:
    """Return artefacts by minute, for about this share of the time; None where a gauge measured nothing."""
    found: dict[int, float | None] = {}
    minute = dice.randrange(MINUTES)
    while len(found) < share * MINUTES:
        episode = KINDS[dice.choice(list(KINDS))](dice)[: dice.choice((2, 10, 60))]
        for depth_mm in episode:
            found[minute % MINUTES] = depth_mm if depth_mm is None else round(depth_mm)
            minute += 1
        minute += dice.choice((1, 5, 30, 90))
    return found
