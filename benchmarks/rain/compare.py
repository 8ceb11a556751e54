"""Two rules beside each other at as many warnings in vain, with intervals by bootstrap over storms."""

import random
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.rain.played import Peaks, StreetDay

BOOTSTRAPS = 400
INTERVAL = (0.05, 0.95)

Rule = Callable[[StreetDay], Peaks]


class RuleOutcome(NamedTuple):
    """What a rule does at one setting: floods warned of before the water, warnings in vain, and leads in minutes."""

    hits: int
    in_vain: int
    leads_min: tuple[float, ...] = ()

    def at_least(self, lead_min: float) -> int:
        """Return the floods that were warned of so early."""
        return sum(lead >= lead_min for lead in self.leads_min)

    @property
    def median_min(self) -> float:
        """The median lead of the hits."""
        return median(self.leads_min) if self.leads_min else 0.0


def tally(days: Iterable[StreetDay], rule: Rule, setting: float) -> RuleOutcome:
    """Return what a rule does at a setting. A warning is one a street and day; it is in vain if no water follows."""
    leads, in_vain = [], 0
    for day in days:
        at_s = next((at_s for value, at_s in rule(day) if value >= setting), None)
        if at_s is None:
            continue
        if day.crossed_at is None:
            in_vain += 1
        else:
            leads.append((day.crossed_at - at_s) / 60.0)
    return RuleOutcome(len(leads), in_vain, tuple(leads))


def setting_at(days: Sequence[StreetDay], rule: Rule, in_vain: int) -> float:
    """Return the lowest setting of a rule with at most so many warnings in vain."""
    greatest = sorted(_greatest(rule(day)) for day in days if day.crossed_at is None)
    place = len(greatest) - in_vain
    return 1e-9 if place <= 0 else greatest[place - 1] + 1e-9


def setting_for(days: Sequence[StreetDay], rule: Rule, hits: int) -> float:
    """Return the highest setting of a rule with at least so many hits; 0 if there is none."""
    greatest = sorted(_greatest(rule(day)) for day in days if day.crossed_at is not None)
    return greatest[-hits] if 0 < hits <= len(greatest) else 0.0


class Beside(NamedTuple):
    """A rule beside the plain one: at as many in vain, and at as many hits."""

    plain: RuleOutcome
    same_in_vain: RuleOutcome
    same_hits: RuleOutcome


def beside(days: Sequence[StreetDay], rule: Rule, plain: Rule, plain_setting: float) -> Beside:
    """Return a rule beside a plain one at a setting of it."""
    usual = tally(days, plain, plain_setting)
    same_in_vain = tally(days, rule, setting_at(days, rule, usual.in_vain))
    return Beside(usual, same_in_vain, tally(days, rule, setting_for(days, rule, usual.hits)))


def intervals(
    days: Sequence[StreetDay], figure: Callable[[Sequence[StreetDay]], Sequence[float]]
) -> list[tuple[float, float]]:
    """Return the 5th and 95th percentile of figures over storms that are drawn with replacement.

    A storm is a day's weather at all streets.
    """
    by_storm: dict[int, list[StreetDay]] = {}
    for day in days:
        by_storm.setdefault(day.number, []).append(day)
    names = sorted(by_storm)
    dice = random.Random(1)
    drawn = [
        figure([day for name in dice.choices(names, k=len(names)) for day in by_storm[name]]) for _ in range(BOOTSTRAPS)
    ]
    return [_interval(sorted(values)) for values in zip(*drawn, strict=True)]


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = (values[min(int(share * len(values)), len(values) - 1)] for share in INTERVAL)
    return low, high


def _greatest(peaks: Peaks) -> float:
    return peaks[-1][0] if peaks else 0.0
