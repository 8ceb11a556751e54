"""A site as its gauges show it together: one lying gauge of three neither raises a warning nor hides a flood."""

from math import isnan
from typing import NamedTuple

from rencheng.domain.sensor import depth_at_lowest_point_mm
from rencheng.engine.forecast.forecast import ThresholdForecast
from rencheng.engine.gauge import GaugeState
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState, gauge_of
from rencheng.engine.water.event import WET_MM

FRESH_S = 600.0
FRESH_STEPS = 2.5
"""A gauge speaks for the site for ten minutes after its last sample, or for so many of its own steps."""

QUORUM = 3
"""From so many gauges on the second deepest speaks: a lie needs a second liar, and so does a false calm."""


class GaugeEstimate(NamedTuple):
    """A gauge that may be believed now: its name, and the water at the lowest point as it shows it."""

    depth_mm: float
    name: str
    gauge: GaugeState


class FusedDepth(NamedTuple):
    """A site at its now.

    Attributes:
        at_s: the greatest sample time taken in.
        depth_mm: the water at the lowest point, as the deciding gauge shows it.
        name: that gauge's channel.
        gauge: the gauge.
        crossings: what is expected of each threshold, fused as the depth is.
        witnesses: the gauges that were looked at.
    """

    at_s: float
    depth_mm: float
    name: str
    gauge: GaugeState
    forecasts: tuple[ThresholdForecast | None, ...]
    gauges: tuple[str, ...]


def fuse(state: SiteState, rules: SitePolicy) -> FusedDepth | None:
    """The site at its now; None if no gauge that may be believed has spoken lately."""
    at_s = state.watermark_s
    if at_s is None:
        return None
    seen: list[GaugeEstimate] = []
    for name, gauge in state.gauges.items():
        if gauge.accepted_mm is not None and gauge.is_trusted and is_fresh(gauge, at_s):
            seen.append(GaugeEstimate(_at_lowest_point(gauge.accepted_mm, rules, name), name, gauge))
    if not seen:
        return None
    if len(seen) == 1:
        only = seen[0]
        crossings = only.gauge.forecast.thresholds if only.gauge.forecast else ()
        return FusedDepth(at_s, only.depth_mm, only.name, only.gauge, crossings, (gauge_of(only.name),))
    return _fused(at_s, sorted(seen, key=lambda one: (-one.depth_mm, one.name)), rules)


def is_fresh(gauge: GaugeState, at_s: float) -> bool:
    """Has it spoken lately enough to speak for now?"""
    step_s = gauge.step_s
    return at_s - gauge.heard_s <= (FRESH_S if isnan(step_s) else max(FRESH_S, FRESH_STEPS * step_s))


def _fused(at_s: float, seen: list[GaugeEstimate], rules: SitePolicy) -> FusedDepth:
    deepest = seen[0]
    voters = [deepest, *(one for one in seen[1:] if _contradicts(one, deepest, rules))]
    rank = 1 if len(voters) >= QUORUM else 0
    chosen = voters[rank]
    crossings = tuple(_ranked(voters, index, rank, rules) for index in range(len(rules.thresholds_mm)))
    return FusedDepth(
        at_s, chosen.depth_mm, chosen.name, chosen.gauge, crossings, tuple(gauge_of(one.name) for one in seen)
    )


def _contradicts(one: GaugeEstimate, deepest: GaugeEstimate, rules: SitePolicy) -> bool:
    """Can it see the water that the deepest tells of? One that hangs above it stands dry, and says nothing."""
    return one.depth_mm >= WET_MM or deepest.depth_mm > rules.heights_mm.get(gauge_of(one.name), 0.0) + WET_MM


def _ranked(voters: list[GaugeEstimate], index: int, rank: int, rules: SitePolicy) -> ThresholdForecast | None:
    """Of what the gauges expect of a threshold, the most probable, or the second of many. What stands there is sure."""
    told: list[tuple[float, ThresholdForecast | None]] = []
    for depth_mm, _, gauge in voters:
        crossing = gauge.forecast.thresholds[index] if gauge.forecast else None
        is_there = depth_mm >= rules.thresholds_mm[index]
        told.append((2.0 if is_there else crossing.probability if crossing else -1.0, crossing))
    return sorted(told, key=lambda one: -one[0])[rank][1]


def _at_lowest_point(depth_mm: float, rules: SitePolicy, name: str) -> float:
    height_mm = rules.heights_mm.get(gauge_of(name), 0.0) if rules.heights_mm else 0.0
    return depth_at_lowest_point_mm(depth_mm, height_mm) if height_mm else depth_mm
