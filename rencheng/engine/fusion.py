"""The depth at a site from all of its gauges: one faulty gauge of three neither raises a warning nor hides a flood."""

from typing import NamedTuple

from rencheng.domain.sensor import depth_at_lowest_point_mm
from rencheng.engine.forecast.forecast import ThresholdForecast
from rencheng.engine.gauge import GaugeState
from rencheng.engine.health.jump_filter import SLOW_STEP_S
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState, gauge_of
from rencheng.engine.water.event import FRESH_STEPS, WET_MM

FRESH_S = 600.0
"""A depth is used for ten minutes after its sample, or for 2.5 reporting intervals if that is longer."""

QUORUM = 3
"""From three gauges on the second deepest decides, so that one faulty gauge decides neither high nor low."""


class GaugeEstimate(NamedTuple):
    """A gauge with a usable depth: the depth at the lowest point, the name of the channel, and the gauge."""

    depth_mm: float
    name: str
    gauge: GaugeState


class FusedDepth(NamedTuple):
    """The depth at a site at a moment.

    Attributes:
        at_s: the moment.
        depth_mm: the depth at the lowest point, by the deciding gauge.
        name: that gauge's channel.
        gauge: that gauge.
        forecasts: of each threshold, fused as the depth is.
        gauges: the gauges that were used.
    """

    at_s: float
    depth_mm: float
    name: str
    gauge: GaugeState
    forecasts: tuple[ThresholdForecast | None, ...]
    gauges: tuple[str, ...]


def fuse(state: SiteState, policy: SitePolicy, at_s: float | None = None) -> FusedDepth | None:
    """Return the depth at a site at a moment, or at its watermark; None if no usable gauge has reported lately."""
    at_s = state.watermark_s if at_s is None else at_s
    if at_s is None:
        return None
    usable: list[GaugeEstimate] = []
    for name, gauge in state.gauges.items():
        if gauge.accepted_mm is not None and gauge.is_trusted and is_fresh(gauge, at_s):
            usable.append(GaugeEstimate(at_lowest_point_mm(gauge.accepted_mm, policy, name), name, gauge))
    if not usable:
        return None
    if len(usable) == 1:
        only = usable[0]
        forecasts = only.gauge.forecast.thresholds if only.gauge.forecast else ()
        return FusedDepth(at_s, only.depth_mm, only.name, only.gauge, forecasts, (gauge_of(only.name),))
    return _fused(at_s, sorted(usable, key=lambda one: (-one.depth_mm, one.name)), policy)


def is_seen(state: SiteState, at_s: float) -> bool:
    """Return whether a site has a usable depth at a moment."""
    return any(_is_usable(gauge, at_s) for gauge in state.gauges.values())


def _is_usable(gauge: GaugeState, at_s: float) -> bool:
    return gauge.accepted_mm is not None and gauge.health.fault is None and is_fresh(gauge, at_s)


def is_fresh(gauge: GaugeState, at_s: float) -> bool:
    """Return whether its last sample is recent enough to be used."""
    measured_s = gauge.measured_s
    return measured_s is not None and (at_s - measured_s <= FRESH_S or at_s - measured_s <= _fresh_for_s(gauge))


def fresh_until_s(state: SiteState) -> float:
    """Return until when a site has a depth if no reading arrives; 0 if it has none."""
    return max(
        (
            (gauge.measured_s or 0.0) + _fresh_for_s(gauge)
            for gauge in state.gauges.values()
            if gauge.accepted_mm is not None and gauge.is_trusted
        ),
        default=0.0,
    )


def _fresh_for_s(gauge: GaugeState) -> float:
    step_s = max(gauge.step_s or 0.0, gauge.expected.interval_s or 0.0)
    return max(FRESH_S, FRESH_STEPS * step_s) + gauge.latency_s


def _fused(at_s: float, estimates: list[GaugeEstimate], policy: SitePolicy) -> FusedDepth:
    deepest = estimates[0]
    voters = [deepest, *(one for one in estimates[1:] if _has_a_vote(one, deepest, policy))]
    rank = 1 if len(voters) >= QUORUM else 0
    chosen = voters[rank]
    return FusedDepth(
        at_s=at_s,
        depth_mm=chosen.depth_mm,
        name=chosen.name,
        gauge=chosen.gauge,
        forecasts=tuple(_ranked(voters, index, rank, policy) for index in range(len(policy.thresholds_mm))),
        gauges=tuple(gauge_of(one.name) for one in estimates),
    )


def _has_a_vote(one: GaugeEstimate, deepest: GaugeEstimate, policy: SitePolicy) -> bool:
    """Return whether the gauge would be wet in the water of the deepest; one that hangs above it has no vote.

    Where no heights were surveyed, a dry gauge may hang above it: it does not outvote water that rose smoothly, nor
    water of a gauge with a long interval, which shows no rise.
    """
    if one.depth_mm >= WET_MM:
        return True
    if policy.heights_mm:
        return deepest.depth_mm > policy.height_mm(gauge_of(one.name)) + WET_MM
    event = deepest.gauge.event
    return event is None or not (event.rose_smoothly or (deepest.gauge.step_s or 0.0) >= SLOW_STEP_S)


def _ranked(voters: list[GaugeEstimate], index: int, rank: int, policy: SitePolicy) -> ThresholdForecast | None:
    """Return the most probable of the gauges' forecasts of a threshold, or the second of three and more.

    A gauge that stands at the threshold already ranks before any forecast.
    """
    ranked: list[tuple[float, ThresholdForecast | None]] = []
    for depth_mm, _, gauge in voters:
        threshold = gauge.forecast.thresholds[index] if gauge.forecast else None
        is_reached = depth_mm >= policy.thresholds_mm[index]
        ranked.append((2.0 if is_reached else threshold.probability if threshold else -1.0, threshold))
    return sorted(ranked, key=lambda one: -one[0])[rank][1]


def at_lowest_point_mm(depth_mm: float, policy: SitePolicy, name: str) -> float:
    """Return the depth at the lowest point, from the depth at a gauge's channel."""
    height_mm = policy.height_mm(gauge_of(name)) if policy.heights_mm else 0.0
    return depth_at_lowest_point_mm(depth_mm, height_mm) if height_mm else depth_mm
