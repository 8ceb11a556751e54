"""The rules that raise or hold a level at a site, with the numbers that they used."""

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.warning import Grounds, WarningRule
from rencheng.engine.arming import UNARMED, Arming
from rencheng.engine.forecast.forecast import ThresholdForecast, feature_row
from rencheng.engine.forecast.model import is_regional_event
from rencheng.engine.fusion import FusedDepth, is_fresh
from rencheng.engine.rain import rainfall
from rencheng.engine.site_policy import ARMED_SHARE, HELD_SHARE, SitePolicy
from rencheng.engine.state import SiteState, gauge_of
from rencheng.engine.water.event import is_confirmed

RuleMatch = tuple[Level, Grounds]
"""A level, and the grounds for it."""


def observed(state: SiteState, fused: FusedDepth | None, policy: SitePolicy) -> RuleMatch | None:
    """Return the highest level at whose threshold the water has stood for the up-hold, if it is a rise."""
    if fused is None or not state.reached_s:
        return None
    held = [level for level, since_s in state.reached_s.items() if fused.at_s - since_s >= policy.up_hold_s]
    level = max(held, default=Level.NONE)
    return (level, _grounds(WarningRule.OBSERVED, fused, level, policy)) if level > state.level else None


def expected(state: SiteState, fused: FusedDepth | None, policy: SitePolicy, armed: Arming) -> RuleMatch | None:
    """Return the highest level that the water will probably reach within half an hour, if it is a rise."""
    if fused is None or not fused.forecasts or policy.horizon_s <= 0:
        return None
    event, forecast = fused.gauge.event, fused.gauge.forecast
    is_doubtful = not policy.fail_safe and event is not None and not is_confirmed(event)
    if is_doubtful and not armed.by and not is_regional_event(forecast.rapid_rises_nearby if forecast else None):
        return None
    needed = raises_at(policy, armed)
    for level, threshold in zip(reversed(WARNING_LEVELS), reversed(fused.forecasts), strict=True):
        if level <= state.level:
            return None
        if threshold is not None and threshold.probability >= needed:
            is_enough_unarmed = not is_doubtful and threshold.probability >= policy.raises_at
            grounds_armed = UNARMED if is_enough_unarmed else armed
            return level, _grounds(WarningRule.PREDICTED, fused, level, policy, threshold, grounds_armed)
    return None


def rain_exceeded(state: SiteState, fused: FusedDepth | None, policy: SitePolicy, at_s: float) -> RuleMatch | None:
    """Return blue, if rain alone raises it: a street floods within minutes, and a gauge reports it too late."""
    if state.level >= Level.BLUE or not rainfall.raises(state.rain, at_s):
        return None
    quarter_mm, hour_mm = rainfall.sums(state.rain, at_s)
    return Level.BLUE, Grounds(
        rule=WarningRule.RAINED,
        device_id=state.rain.steps[-1][2] if state.rain.steps else "",
        depth_mm=fused.depth_mm if fused else None,
        rise_mm_per_min=_rise(fused) if fused else None,
        threshold_mm=policy.thresholds_mm[0],
        eta_s=None,
        profile_version=policy.version,
        rain_quarter_mm=round(quarter_mm, 1),
        rain_hour_mm=round(hour_mm, 1),
    )


def receded(fused: FusedDepth, level: Level, policy: SitePolicy) -> Grounds:
    """Return the grounds on which a level is left."""
    return _grounds(WarningRule.RECEDED, fused, level, policy)


def raises_at(policy: SitePolicy, armed: Arming) -> float:
    """Return the probability from which a level is raised."""
    return policy.raises_at * ARMED_SHARE if armed.by else policy.raises_at


def support(state: SiteState, fused: FusedDepth, policy: SitePolicy, armed: Arming) -> Level:
    """Return the highest level that is held: by water above its clearing depth, by a forecast, or by rain.

    If a gauge stops reporting while submerged, its last depth holds the level until it reports again or is retired.
    Another gauge that reads dry does not end it, because it may hang higher.
    """
    silent_mm = [
        gauge.accepted_mm
        for gauge in state.gauges.values()
        if gauge.accepted_mm is not None and gauge.is_trusted and not is_fresh(gauge, fused.at_s)
    ]
    depth_mm = max([fused.depth_mm, *silent_mm])
    held = Level.BLUE if rainfall.raises(state.rain, fused.at_s) else Level.NONE
    least = raises_at(policy, armed) * HELD_SHARE
    for index, level in enumerate(WARNING_LEVELS):
        threshold = fused.forecasts[index] if fused.forecasts else None
        stands = depth_mm > policy.clear_mm[index] or depth_mm >= policy.thresholds_mm[index]
        if stands or (threshold is not None and threshold.probability >= least):
            held = max(held, level)
    return held


def _grounds(
    rule: WarningRule,
    fused: FusedDepth,
    level: Level,
    policy: SitePolicy,
    threshold: ThresholdForecast | None = None,
    armed: Arming = UNARMED,
) -> Grounds:
    event, forecast = fused.gauge.event, fused.gauge.forecast
    threshold_mm = policy.thresholds_mm[level - 1]
    attribution: tuple[tuple[str, float], ...] = ()
    if threshold is not None and policy.model is not None and event is not None:
        row = feature_row(event, fused.gauge.past_events, threshold_mm - policy.height_mm(gauge_of(fused.name)))
        attribution = policy.model.attribution(row, forecast.rapid_rises_nearby if forecast else None)
    return Grounds(
        rule=rule,
        device_id=gauge_of(fused.name),
        depth_mm=fused.depth_mm,
        rise_mm_per_min=_rise(fused),
        threshold_mm=threshold_mm,
        eta_s=round(threshold.eta_s) if threshold else None,
        profile_version=policy.version,
        probability=round(threshold.probability, 3) if threshold else 1.0 if rule is WarningRule.OBSERVED else None,
        earliest_s=round(threshold.earliest_s) if threshold else None,
        latest_s=round(threshold.latest_s) if threshold else None,
        judged_by=forecast.judged_by if threshold and forecast else "",
        attribution=attribution,
        gauges=fused.gauges,
        within=tuple(round(share, 3) for share in threshold.within) if threshold else (),
        armed_by=armed.by,
        armed_by_source=armed.source,
        rapid_rises_nearby=forecast.rapid_rises_nearby if threshold and forecast else None,
    )


def _rise(fused: FusedDepth) -> float | None:
    forecast = fused.gauge.forecast
    return None if forecast is None or forecast.rise_mm_per_min is None else round(forecast.rise_mm_per_min, 1)
