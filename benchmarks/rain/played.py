"""Rain alone on streets of the made city, day by day: when each rule would have warned, and when the water came."""

import random
from collections.abc import Callable, Iterator
from math import exp
from typing import NamedTuple

from benchmarks.rain.city import DAY_S, STEP_S, Day, Street, crossings, days, streets
from rencheng.domain.nowcast import NO_NOWCAST, Amounts, Nowcast
from rencheng.domain.site import SiteType
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.doses import dose
from rencheng.engine.rain.rain_types import RAIN_THRESHOLDS
from rencheng.engine.rain.rainfall import NO_RAIN, RainState

GAUGE = "P"
THRESHOLDS = RAIN_THRESHOLDS[SiteType.ROAD]
DEPTHS_MM = (50.0, 150.0, 270.0, 400.0)
"""The default depths of a road."""

AHEAD_STEPS = (2, 4, 6)
"""10, 20 and 30 minutes."""

MEMBERS = 5
MEMBER_SPREAD = 0.3
"""Spread of the log of a member's rain where the member is right."""

Peaks = list[tuple[float, float]]
"""(value, time) of each value of a rule that is greater than all before it in a day."""


class StreetDay(NamedTuple):
    """A day at a street.

    Attributes:
        number: of the day: the same weather at all streets.
        storms: from how many storms of its own the street had learned before.
        crossed_at: when the water reached blue; None if it did not.
        plain: peaks of the rain of 15 minutes, mm.
        fresh: of the probability with nothing known of the street.
        learned: of the probability by its own storms.
    """

    number: int
    storms: int
    crossed_at: float | None
    plain: Peaks
    fresh: Peaks
    learned: Peaks


class Playing(NamedTuple):
    """How the city is played: the seed, every how manieth street, and the skill of nowcasts; None: without them."""

    seed: int
    every: int = 1
    skill: float | None = None


def played(how: Playing) -> list[StreetDay]:
    """Play all streets, each from nothing."""
    found: list[StreetDay] = []
    for place, street in enumerate(streets(how.seed)):
        if place % how.every == 0:
            found += _street(street, place, how)
    return found


def _street(street: Street, place: int, how: Playing) -> Iterator[StreetDay]:
    own = list(days(street, place, how.seed))
    dice = random.Random(f"{how.seed} {place} {how.skill}")
    rain = NO_RAIN
    for day in own:
        rain = rainfall.close_storm(rain, day.number * DAY_S)
        nowcasts = None if how.skill is None else _nowcasts(day, own, how.skill, dice)
        rain, found = _day(rain, day, nowcasts)
        yield found


def _day(rain: RainState, day: Day, nowcasts: Callable[[int], Nowcast] | None) -> tuple[RainState, StreetDay]:
    crossed_at = next(crossings(day.depths, DEPTHS_MM[0]), None)
    found = StreetDay(day.number, len(rain.storms), crossed_at, [], [], [])
    for step, ((at_s, mm), (_, depth_mm)) in enumerate(zip(day.rain, day.depths, strict=True)):
        before, rain = rain, rainfall.add_report(rain, at_s, mm, GAUGE)
        if rainfall.has_rained(before, rain):
            rain = rainfall.weigh(rain, at_s, THRESHOLDS, DEPTHS_MM[:1] * 4)
        nowcast = nowcasts(step) if nowcasts else NO_NOWCAST
        is_before = crossed_at is None or at_s < crossed_at
        if is_before and (mm or nowcast.members):
            _note(found.learned, rainfall.probabilities(rain, at_s, THRESHOLDS, DEPTHS_MM[:1], nowcast)[0], at_s)
            if not nowcasts:
                fresh = RainState(steps=rain.steps)
                _note(found.fresh, rainfall.probabilities(fresh, at_s, THRESHOLDS, DEPTHS_MM[:1])[0], at_s)
                _note(found.plain, dose(rain.steps, (), at_s).quarter_mm, at_s)
        if crossed_at is not None and at_s >= crossed_at and rain.onset is None and depth_mm >= DEPTHS_MM[0]:
            rain = rainfall.mark_response(rain, at_s, DEPTHS_MM[0])
    return rain, found


def _note(peaks: Peaks, value: float, at_s: float) -> None:
    if value > (peaks[-1][0] if peaks else 0.0):
        peaks.append((value, at_s))


def _nowcasts(day: Day, own: list[Day], skill: float, dice: random.Random) -> Callable[[int], Nowcast]:
    """Return nowcasts whose members are right, within their spread, as often as the skill says.

    The others are the rain of the same minutes on another day. Where no member expects rain there is no nowcast.
    """

    def at_step(step: int) -> Nowcast:
        members = []
        for _ in range(MEMBERS):
            is_right = dice.random() < skill
            source = day if is_right else dice.choice(own)
            factor = exp(dice.gauss(0, MEMBER_SPREAD)) if is_right else 1.0
            members.append(_amounts(source, step, factor))
        if not any(mm for amounts in members for _, mm in amounts):
            return NO_NOWCAST
        return Nowcast(day.rain[step][0], "made", tuple((1 / MEMBERS, amounts) for amounts in members))

    return at_step


def _amounts(day: Day, step: int, factor: float) -> Amounts:
    until = [sum(mm for _, mm in day.rain[step + 1 : step + 1 + ahead]) * factor for ahead in AHEAD_STEPS]
    return tuple((ahead * STEP_S, mm) for ahead, mm in zip(AHEAD_STEPS, until, strict=True))
