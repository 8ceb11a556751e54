"""How a site responds to rain: the probability that the water reaches a depth, learned from the site's own storms.

A dose-response curve with a posterior on a small grid: over which window, whether wet ground counts, and how much rain
is critical. The type's amounts are the centre of the prior, so that few storms move a site little.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import erf, exp, log, sqrt
from typing import NamedTuple

from msgspec import Struct

WINDOWS_S = (900.0, 3600.0, 10800.0)
"""A quarter of an hour of rain floods a street, an hour fills a catchment, three hours are the longest storm window.
Source: domain reference 1.1 (windows of the rain signals), 1.4."""

WET_SHARES = (0.0, 0.02)
"""How much each mm of wetness adds to the effect of rain, as a share: none, or half of it after a storm of 25 mm.
Proposal."""

WET_HALVES_S = 24 * 3600.0
"""Wetness halves in a day. Proposal."""

TYPE_SPREAD = 0.7
"""Spread of the natural log of the critical rain within a type of site. Source: responses that differ tenfold are 90 %
of such a distribution."""

STORM_SPREAD = 0.35
"""The same from storm to storm at one site: rain differs between gauge and catchment, drains are blocked. Proposal."""

LAPSE = 0.1
"""How often a storm shows nothing of the response: water of another cause, or rain that the gauge missed. Proposal."""

LEAST_MM = 0.2
EFFECTS_FROM, EFFECTS_TO, EFFECT_STEP = log(LEAST_MM), log(400.0), 0.1
"""The curves of a response: from which rain (log of mm) to which, and their step. Less rain floods nothing."""

_STEPS = tuple(0.25 * step for step in range(-9, 10))
"""The grid of the log of critical rain about the type's: to a tenth and to ten times."""


class RainThresholds(NamedTuple):
    """How much rain floods a type of place: the centre of what its sites take.

    Attributes:
        quarter_mm, hour_mm: within a quarter of an hour and an hour; within three hours on the same line.
        source: of these.
        windows: how probably it is each of `WINDOWS_S` whose rain counts, before a site shows its own.
    """

    quarter_mm: float
    hour_mm: float
    source: str
    windows: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)


class Dose(NamedTuple):
    """Rain within each of `WINDOWS_S` in mm, and the wetness before it in mm."""

    quarter_mm: float = 0.0
    hour_mm: float = 0.0
    three_hours_mm: float = 0.0
    wet_mm: float = 0.0

    def at_least(self, other: "Dose") -> "Dose":
        """Return the greater rain of each window."""
        return Dose(
            max(self.quarter_mm, other.quarter_mm),
            max(self.hour_mm, other.hour_mm),
            max(self.three_hours_mm, other.three_hours_mm),
            max(self.wet_mm, other.wet_mm),
        )


class Storm(Struct, frozen=True):
    """A storm that is over.

    Attributes:
        ended_s: when it no longer armed the site.
        most: the greatest rain in each window.
        onset: the rain when the water reached blue; None if it did not.
        peak_mm: the highest threshold that the water reached.
        lag_s: from the storm's beginning until the water reached blue.
    """

    ended_s: float
    most: Dose
    onset: Dose | None = None
    peak_mm: float = 0.0
    lag_s: float = 0.0


class Response(NamedTuple):
    """What is known of a site's response at one depth.

    Attributes:
        curves: (place of the window, wet share, and its part of the probability over the log of the rain), step by
            step from `EFFECTS_FROM`.
        window_s, critical_mm: the most probable window, and the median of the critical rain in it.
    """

    curves: tuple[tuple[int, float, tuple[float, ...]], ...]
    window_s: float
    critical_mm: float

    def probability(self, dose: Dose) -> float:
        """Return the probability that rain of this dose raises the water to the depth."""
        found, known_mm, position = 0.0, 0.0, 0.0
        for place, wet_share, curve in self.curves:
            mm = _effect_mm(dose, place, wet_share)
            if mm <= LEAST_MM:
                continue
            if mm != known_mm:
                known_mm, position = mm, (log(mm) - EFFECTS_FROM) / EFFECT_STEP
            below = int(position)
            if below > len(curve) - 2:  # above the last of the curve
                found += curve[-1]
            else:
                found += curve[below] + (position - below) * (curve[below + 1] - curve[below])
        return found


@lru_cache(maxsize=20_000)
def response(storms: tuple[Storm, ...], thresholds: RainThresholds, depth_mm: float, blue_mm: float) -> Response:
    """Return the posterior of a site's response at a depth; cached, because it changes with each storm only.

    Args:
        storms: of the site.
        thresholds: of its type: the centre of the prior at blue; for a greater depth in proportion.
        depth_mm: the depth.
        blue_mm: the depth at which blue begins.
    """
    exponent = log(thresholds.hour_mm / thresholds.quarter_mm) / log(WINDOWS_S[1] / WINDOWS_S[0])
    weighed: list[tuple[int, float, float, float]] = []
    for place, wet_share in product(range(len(WINDOWS_S)), WET_SHARES):
        usual_mm = thresholds.quarter_mm * (WINDOWS_S[place] / WINDOWS_S[0]) ** exponent * depth_mm / blue_mm
        seen = [
            (storm.peak_mm >= depth_mm, _log_effect(_dose_of(storm, depth_mm, blue_mm), place, wet_share))
            for storm in storms
        ]
        for step in _STEPS:
            critical = log(usual_mm) + step
            weight = thresholds.windows[place] * exp(-0.5 * (step / TYPE_SPREAD) ** 2)
            for has_reached, effect in seen:
                chance = LAPSE / 2 + (1 - LAPSE) * _reached(effect, critical)
                weight *= chance if has_reached else 1 - chance
            weighed.append((place, wet_share, critical, weight))
    whole = sum(weight for *_, weight in weighed)
    cells = tuple((place, wet, critical, weight / whole) for place, wet, critical, weight in weighed)
    curves = tuple(
        (place, wet_share, _curve([each[2:] for each in cells if each[:2] == (place, wet_share)]))
        for place, wet_share in product(range(len(WINDOWS_S)), WET_SHARES)
    )
    return Response(curves, *_most_probable(cells))


def _curve(cells: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return the part of some hypotheses in the probability, over the log of the rain."""
    steps = range(round((EFFECTS_TO - EFFECTS_FROM) / EFFECT_STEP) + 1)
    return tuple(
        sum(weight * _reached(EFFECTS_FROM + step * EFFECT_STEP, critical) for critical, weight in cells)
        for step in steps
    )


def wetness(storms: tuple[Storm, ...], now_s: float) -> float:
    """Return what is left of the rain of past storms, mm."""
    return sum(storm.most.three_hours_mm * exp(log(2) * (storm.ended_s - now_s) / WET_HALVES_S) for storm in storms)


def _dose_of(storm: Storm, depth_mm: float, blue_mm: float) -> Dose:
    return storm.onset if storm.onset is not None and depth_mm <= blue_mm <= storm.peak_mm else storm.most


def _log_effect(dose: Dose, place: int, wet_share: float) -> float:
    return log(max(_effect_mm(dose, place, wet_share), 0.01))


def _effect_mm(dose: Dose, place: int, wet_share: float) -> float:
    return dose[place] * (1 + wet_share * dose.wet_mm)


def _reached(effect: float, critical: float) -> float:
    return 0.5 * (1 + erf((effect - critical) / (STORM_SPREAD * sqrt(2))))


def _most_probable(cells: tuple[tuple[int, float, float, float], ...]) -> tuple[float, float]:
    shares = [sum(weight for place, *_, weight in cells if place == window) for window in range(len(WINDOWS_S))]
    best = shares.index(max(shares))
    passed = 0.0
    for _, _, critical, weight in sorted((each for each in cells if each[0] == best), key=lambda each: each[2]):
        passed += weight
        if passed >= shares[best] / 2:
            return WINDOWS_S[best], exp(critical)
    raise AssertionError("weights of sum 1")
