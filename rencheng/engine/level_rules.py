"""The rules that raise or hold a level at a site, with the numbers that they used."""

from dataclasses import replace

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.warning import ArmedBy, Grounds, WarningRule
from rencheng.engine.arming import UNARMED, Arming, down_hold_s, is_left_lately, usual_depth_mm
from rencheng.engine.forecast.forecast import HORIZONS_S, RATE_OF_RISE, Forecast, ThresholdForecast, feature_row
from rencheng.engine.forecast.model import is_regional_event
from rencheng.engine.fusion import FRESH_S, FusedDepth, at_lowest_point_mm, is_fresh
from rencheng.engine.gauge import GaugeState
from rencheng.engine.inputs import overflow_at
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.doses import dose
from rencheng.engine.site_policy import ARMED_SHARE, HELD_SHARE, QUIET_RAISES_AT, SitePolicy
from rencheng.engine.state import SiteState, gauge_of
from rencheng.engine.water.event import FloodEvent, is_confirmed, is_rapid_rise, rises_smoothly

DROP_HOLDS_S = 1800.0
"""Water that rose smoothly does not end by a fall at once: a gauge that was restarted or pulled out reads zero. Its
depth before the fall holds the level for this long, or until the event ends. Source: no drain of FloodNet's falls
faster than 100 mm from one sample to the next, but for 4 of 875."""

FORGOTTEN_S = 86_400.0
"""Blue by the last depth of a silent gauge ends after this time while another gauge measures at the site. Water of
yellow and above holds until its gauge reports again. Proposal: a day, within which a gauge that died is visited."""

RENEWS_S = 10 * 3600.0
"""A warning that lasts is renewed after this time, because its CAP message ends by itself after twelve hours."""

CREST_REACH = 1.15
"""Water that has passed a crest has shown where it turns. A level that lies beyond this multiple of it needs as
high a probability as on a quiet street, whatever the type of site."""

RuleMatch = tuple[Level, Grounds]
"""A level, and the grounds for it."""


def observed(
    state: SiteState, fused: FusedDepth | None, policy: SitePolicy, most: Level = Level.RED
) -> RuleMatch | None:
    """Return the highest level at whose threshold the water has stood for the up-hold, if it is a rise."""
    if fused is None or not state.reached_s:
        return None
    held = [
        level
        for level, since_s in state.reached_s.items()
        if level <= most and fused.at_s - since_s >= policy.up_hold_s
    ]
    level = max(held, default=Level.NONE)
    return (level, _grounds(WarningRule.OBSERVED, fused, level, policy)) if level > state.level else None


def expected(
    state: SiteState, fused: FusedDepth | None, policy: SitePolicy, armed: Arming, most: Level = Level.RED
) -> RuleMatch | None:
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
        if level > most or threshold is None:
            continue
        if is_left_lately(state, level, fused.at_s):
            needed = max(needed, QUIET_RAISES_AT)
        if threshold.probability >= max(needed, _needed_beyond_crest(event, fused, level, policy)):
            is_enough_unarmed = not is_doubtful and threshold.probability >= policy.raises_at
            grounds_armed = UNARMED if is_enough_unarmed else armed
            return level, _grounds(WarningRule.PREDICTED, fused, level, policy, threshold, grounds_armed)
    return None


def _needed_beyond_crest(event: FloodEvent | None, fused: FusedDepth, level: Level, policy: SitePolicy) -> float:
    """Return the probability that a level beyond the crests of an event needs, unless the water rises fast."""
    if event is None or event.crest_mm is None or is_rapid_rise(event):
        return 0.0
    crest_mm = event.crest_mm + fused.depth_mm - event.newest[1]
    return QUIET_RAISES_AT if policy.thresholds_mm[level - 1] > CREST_REACH * crest_mm else 0.0


def rain_exceeded(state: SiteState, fused: FusedDepth | None, policy: SitePolicy, at_s: float) -> RuleMatch | None:
    """Return the level that rain alone raises: a street floods within minutes, and a gauge reports it too late."""
    level = rainfall.raised_level(state.rain, at_s)
    if level <= state.level:
        return None
    rain, thresholds = state.rain, policy.rain_thresholds
    fallen = dose(rain.steps, rain.storms, at_s)
    known = rainfall.learned(rain, thresholds, policy.thresholds_mm, level)
    return level, Grounds(
        rule=WarningRule.RAINED,
        device_id=rain.steps[-1].gauge if rain.steps else "",
        depth_mm=max(0.0, fused.depth_mm) if fused else None,
        rise_mm_per_min=_rise(fused) if fused else None,
        threshold_mm=policy.thresholds_mm[level - 1],
        eta_s=None,
        profile_version=policy.version,
        probability=rain.chances[level - 1] if rain.chances else None,
        armed_by=ArmedBy.WEATHER if rain.expected_by else ArmedBy.NOTHING,
        armed_by_source=rain.expected_by,
        rain_quarter_mm=round(fallen.quarter_mm, 1),
        rain_hour_mm=round(fallen.hour_mm, 1),
        rain_storms=len(rain.storms),
        rain_floods=sum(storm.peak_mm >= policy.thresholds_mm[level - 1] for storm in rain.storms),
        rain_window_s=known.window_s,
        rain_critical_mm=round(known.critical_mm, 1),
    )


def receded(state: SiteState, fused: FusedDepth, policy: SitePolicy) -> Grounds:
    """Return the grounds on which the level in force is left."""
    since_s = fused.at_s if state.receding_s is None else state.receding_s
    before_s = min(since_s - FRESH_S, fused.gauge.series.before_s or since_s)
    return _grounds(left_by(state, before_s, since_s), fused, state.level, policy)


def left_by(state: SiteState, before_s: float, since_s: float) -> WarningRule:
    """Return why the level in force is left, which held before a moment and not since another: the rain may have ended.

    While rain holds a level, the water need not.
    """
    raised_s = [at_s for level, at_s in state.rain.raised.items() if level >= state.level]
    is_by_rain = bool(raised_s) and before_s <= max(raised_s) + rainfall.holds_s(state.rain) < since_s
    return WarningRule.RAIN_ENDED if is_by_rain else WarningRule.RECEDED


def raises_at(policy: SitePolicy, armed: Arming) -> float:
    """Return the probability from which a level is raised."""
    return policy.raises_at * ARMED_SHARE if armed.by else policy.raises_at


def must_renew(state: SiteState, at_s: float) -> bool:
    """Return whether the last message of a warning will end by itself before long."""
    return state.issued_s is not None and at_s - state.issued_s >= RENEWS_S


def renewed(fused: FusedDepth, level: Level, policy: SitePolicy) -> Grounds:
    """Return the grounds on which a level goes on."""
    reached = fused.depth_mm >= policy.thresholds_mm[level - 1]
    return _grounds(WarningRule.OBSERVED if reached else WarningRule.RENEWED, fused, level, policy)


def confirmed(fused: FusedDepth, level: Level, policy: SitePolicy, by: str) -> Grounds:
    """Return the grounds of a level whose depth a person confirmed on site."""
    return replace(_grounds(WarningRule.OBSERVED, fused, level, policy), confirmed_by=by)


def is_confirmed_now(state: SiteState, fused: FusedDepth, policy: SitePolicy) -> bool:
    """Return whether a second sample confirms a level that the first sample of a jump raised."""
    return (
        state.is_unconfirmed
        and fused.gauge.unconfirmed_from_mm is None
        and fused.depth_mm >= policy.thresholds_mm[state.level - 1]
    )


def grounds_without_data(rule: WarningRule, state: SiteState, policy: SitePolicy, device_id: str = "") -> Grounds:
    """Return the grounds of a change at a site without a usable gauge, and the gauge that brought it, if one did."""
    return Grounds(
        rule=rule,
        device_id=device_id,
        depth_mm=None,
        rise_mm_per_min=None,
        threshold_mm=policy.thresholds_mm[state.level - 1],
        eta_s=None,
        profile_version=policy.version,
    )


def support(state: SiteState, fused: FusedDepth, policy: SitePolicy, armed: Arming) -> Level:
    """Return the highest level that is held: by water above its clearing depth, by a forecast, or by rain."""
    held = _held(max([fused.depth_mm, *_past_depths_mm(state, policy, fused.at_s)]), policy)
    least = raises_at(policy, armed) * HELD_SHARE
    for level, threshold in zip(WARNING_LEVELS, fused.forecasts, strict=False):
        if threshold is not None and threshold.probability >= least:
            held = max(held, level)
    return max(held, _held_by_rain(state, fused.at_s))


def support_without_data(state: SiteState, policy: SitePolicy, at_s: float) -> Level:
    """Return the highest level that is held while no gauge is usable: by the last depths, rain, or an overflow."""
    past_mm = _past_depths_mm(state, policy, at_s)
    is_over = bool(state.inputs) and bool(overflow_at(state.inputs, policy.inputs, at_s, down_hold_s(state, policy)))
    held = max(_held_by_rain(state, at_s), _overflow_level(policy) if is_over else Level.NONE)
    return max(_held(max(past_mm), policy) if past_mm else Level.NONE, held)


def overflowed(state: SiteState, policy: SitePolicy, at_s: float) -> RuleMatch | None:
    """Return the level of water that comes out of a manhole where no gauge measures it, if it is a rise."""
    name, level = overflow_at(state.inputs, policy.inputs, at_s, 0.0), _overflow_level(policy)
    if not name or level <= state.level:
        return None
    grounds = grounds_without_data(WarningRule.OVERFLOWS, state, policy, name)
    return level, replace(grounds, threshold_mm=policy.thresholds_mm[level - 1])


def _overflow_level(policy: SitePolicy) -> Level:
    """Return blue, and yellow where people drown: how deep the water becomes, no manhole shows."""
    return Level.YELLOW if policy.fail_safe else Level.BLUE


def _held_by_rain(state: SiteState, at_s: float) -> Level:
    return rainfall.raised_level(state.rain, at_s)


def _held(depth_mm: float, policy: SitePolicy) -> Level:
    stands = (
        level
        for level, clear_mm, threshold_mm in zip(WARNING_LEVELS, policy.clear_mm, policy.thresholds_mm, strict=True)
        if depth_mm > clear_mm or depth_mm >= threshold_mm
    )
    return max(stands, default=Level.NONE)


def _past_depths_mm(state: SiteState, policy: SitePolicy, at_s: float) -> list[float]:
    """Return the depths that hold a level although their gauge reports none now, at the lowest point.

    If a gauge stops reporting while submerged, its last depth holds the level until it reports again or is retired.
    Another gauge that reads dry does not end it, because it may hang higher. A gauge that saw water rise smoothly
    holds what it saw also when it is at fault later, and for half an hour after a fall at once. A puddle under a gauge
    that died is forgotten after a day, if another gauge measures.
    """
    found: list[float] = []
    has_another = any(gauge.is_trusted and is_fresh(gauge, at_s) for gauge in state.gauges.values())
    for name, gauge in state.gauges.items():
        if gauge.accepted_mm is None:
            continue
        rose = gauge.event is not None and gauge.event.rose_smoothly
        if (gauge.is_trusted and not is_fresh(gauge, at_s)) or (rose and not gauge.is_trusted):
            depth_mm = at_lowest_point_mm(gauge.accepted_mm, policy, name)
            if not (has_another and _is_forgotten(gauge, at_s) and depth_mm <= policy.clear_mm[Level.YELLOW - 1]):
                found.append(depth_mm)
        if rose and gauge.fell_from_mm is not None and at_s - (gauge.fell_s or 0.0) <= DROP_HOLDS_S:
            found.append(at_lowest_point_mm(gauge.fell_from_mm, policy, name))
    return found


def _is_forgotten(gauge: GaugeState, at_s: float) -> bool:
    """Return whether it has been silent for long, and its water did not rise when it last reported."""
    is_old = gauge.measured_s is not None and at_s - gauge.measured_s > FORGOTTEN_S
    return is_old and (gauge.event is None or not rises_smoothly(gauge.event))


def _grounds(
    rule: WarningRule,
    fused: FusedDepth,
    level: Level,
    policy: SitePolicy,
    threshold: ThresholdForecast | None = None,
    armed: Arming = UNARMED,
) -> Grounds:
    event, forecast, usual_mm = fused.gauge.event, fused.gauge.forecast, usual_depth_mm(fused)
    threshold_mm = policy.thresholds_mm[level - 1]
    attribution: tuple[tuple[str, float], ...] = ()
    if threshold is not None and policy.model is not None and event is not None:
        row = feature_row(event, fused.gauge.past_events, threshold_mm - policy.height_mm(gauge_of(fused.name)))
        attribution = policy.model.attribution(row, forecast.rapid_rises_nearby if forecast else None)
    return Grounds(
        rule=rule,
        device_id=gauge_of(fused.name),
        depth_mm=max(0.0, fused.depth_mm),
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
        is_unconfirmed=fused.gauge.unconfirmed_from_mm is not None,
        gauge_mm=fused.gauge.accepted_mm,
        horizon_s=_horizon_s(forecast, policy) if threshold else None,
        usual_mm=None if usual_mm is None else round(usual_mm),
        jump_evidence=fused.gauge.jump_evidence,
    )


def _horizon_s(forecast: Forecast | None, policy: SitePolicy) -> float:
    """Return the time within which a probability counts: the rate of rise has the horizon of the profile."""
    return policy.horizon_s if forecast is not None and forecast.judged_by == RATE_OF_RISE else HORIZONS_S[-1]


def _rise(fused: FusedDepth) -> float | None:
    forecast = fused.gauge.forecast
    return None if forecast is None or forecast.rise_mm_per_min is None else round(forecast.rise_mm_per_min, 1)
