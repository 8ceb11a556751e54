"""Evaluate one reading of a site's gauge, in event time: a level rises at once, and falls after the down-hold."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from msgspec.structs import replace

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import Grounds, WarningRule
from rencheng.engine.arming import (
    UNKNOWN_NEARBY,
    Arming,
    JumpContext,
    Nearby,
    arming,
    down_hold_s,
    is_left_lately,
    is_usual_tide,
    most_raised,
    with_traits,
    with_weather,
)
from rencheng.engine.arrival import AT_ONCE, Transit
from rencheng.engine.forecast.forecast import Forecast, forecast_thresholds
from rencheng.engine.fusion import FusedDepth, fuse
from rencheng.engine.gauge import (
    NEW,
    GaugeState,
    above_zero,
    is_at_rest,
    may_forecast,
    reject_unusable,
    with_delivery,
    with_report,
)
from rencheng.engine.gauge_update import shows_nothing, stay_dry, update
from rencheng.engine.inputs import with_flood, with_input
from rencheng.engine.level_rules import (
    expected,
    grounds_without_data,
    is_confirmed_now,
    left_by,
    must_renew,
    observed,
    overflowed,
    rain_exceeded,
    receded,
    renewed,
    support,
    support_without_data,
)
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState, channel_name, gauge_of
from rencheng.engine.water.event import WET_MM, FloodEvent, is_rapid_rise

_MISSING, _UNUSABLE = int(Quality.MISSING), int(UNUSABLE)


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A change of a site's level: from, to, when (event time), and on what grounds."""

    before: Level
    after: Level
    at: datetime
    grounds: Grounds


Step = tuple[SiteState, LevelChange | None]


def evaluate(
    state: SiteState,
    reading: WaterReading,
    policy: SitePolicy,
    readiness: Readiness = NO_SIGNAL,
    nearby: Nearby = UNKNOWN_NEARBY,
    arrival: Transit = AT_ONCE,
) -> Step:
    """Evaluate one reading of a gauge: depth, rain, or both.

    Args:
        state: of the site.
        reading: of one of its gauges; if it is older than the gauge's newest, it changes nothing.
        policy: of the site.
        readiness: of the weather service.
        nearby: what is around the site.
        arrival: how the reading arrived.
    """
    if reading.device_id in policy.inputs:
        state = with_input(state, reading, policy.inputs[reading.device_id])
        return _by_input(state, policy, reading.time.timestamp()) if arrival.decides else (state, None)
    return _evaluate(state, reading, policy, readiness, nearby, arrival)


def still_dry(
    state: SiteState, reading: WaterReading, policy: SitePolicy, readiness: Readiness, arrival: Transit
) -> SiteState | None:
    """Return the state after a sample of a dry street as before, from which nothing can follow; else None.

    Nearly all readings of a city are such. `evaluate` returns the same, after it has looked at all else.
    """
    depth_mm, device_id = reading.depth_mm, reading.device_id
    is_depth_alone = reading.rain_mm is None and reading.temperature_c is None and device_id not in policy.inputs
    if depth_mm is None or not is_depth_alone or state.late or state.lost_since_s is not None:
        return None
    name, time_s = channel_name(device_id, reading.channel), reading.time.timestamp()
    gauge = state.gauges.get(name, NEW)
    if (
        (gauge.measured_s or time_s) >= time_s
        or int(reading.quality) & _UNUSABLE
        or not shows_nothing(gauge, depth_mm, policy.traits.get(device_id), arrival)
        or (state.rain.nowcast_s or 0.0) < readiness.nowcast.issued_s <= time_s
        or not state.is_calm(time_s)
    ):
        return None
    return state.with_gauge(name, stay_dry(gauge, time_s, depth_mm), time_s)


def _by_input(state: SiteState, policy: SitePolicy, time_s: float) -> Step:
    """Return what a manhole that overflows, or no longer does, changes where no gauge measures the depth."""
    at_s = max(time_s, state.watermark_s or time_s)
    found = overflowed(state, policy, at_s)
    if (found is None and not state.level) or fuse(state, policy, at_s) is not None:
        return state, None
    return change_level(state, at_s, *found) if found else without_data(state, policy, at_s)


def _evaluate(
    state: SiteState, reading: WaterReading, policy: SitePolicy, readiness: Readiness, nearby: Nearby, arrival: Transit
) -> Step:
    time_s = reading.time.timestamp()
    quality = int(reading.quality)  # the operators of an IntFlag cost a microsecond each
    state = with_weather(state, reading, time_s, policy, readiness)
    if reading.rain_mm is not None and reading.depth_mm is None and not quality & _MISSING:
        is_quiet = state.is_calm(time_s) and all(map(is_at_rest, state.gauges.values()))
        return (state, None) if is_quiet else _decide(state, policy, readiness)
    name = channel_name(reading.device_id, reading.channel)
    gauge = state.gauges.get(name, NEW)
    if gauge.measured_s is not None and time_s <= gauge.measured_s:
        return state, None
    if reading.depth_mm is None or quality & _UNUSABLE:
        return _with_unmeasured(state, reading, name, gauge), None
    traits = policy.traits.get(reading.device_id)
    was_at_rest = is_at_rest(gauge)
    is_armed = bool(arming(state, policy, readiness, time_s).by)
    context = JumpContext(policy.needed_odds, is_armed, policy.is_stream, nearby=nearby)
    depth_mm, gauge, context = with_traits(reading.depth_mm, gauge, context, traits)
    depth_mm, gauge = above_zero(gauge, time_s, depth_mm, not context.is_armed, policy.zero_max_mm)
    gauge = with_delivery(update(gauge, time_s, depth_mm, context, context.limits or policy.limits), time_s, arrival)
    if was_at_rest and depth_mm < WET_MM and state.is_calm(time_s):
        return state.with_gauge(name, gauge, time_s), None
    state = with_flood(state, policy.inputs, gauge.event, time_s) if state.inputs else state
    if gauge.event is not None and not context.is_stepped and may_forecast(gauge, time_s, context.resolution_mm):
        if is_rapid_rise(gauge.event) and not policy.is_stream:
            state = replace(state, last_rapid_rise_s=max(state.last_rapid_rise_s or time_s, time_s))
        gauge = replace(gauge, forecast=_forecast(gauge, gauge.event, name, policy, nearby.rapid_rises()))
    state, change = _decide(state.with_gauge(name, gauge, time_s), policy, readiness, may_change=arrival.decides)
    return state, change and _with_age(change, state)


def _with_unmeasured(state: SiteState, reading: WaterReading, name: str, gauge: GaugeState) -> SiteState:
    """Return the state after a report of a gauge that holds no depth, or one that no gauge can measure."""
    time_s = reading.time.timestamp()
    if reading.depth_mm is None and reading.rain_mm is not None:
        return state
    if reading.depth_mm is None or int(reading.quality) & _MISSING:
        return replace(state, gauges={**state.gauges, name: with_report(gauge, time_s, is_measured=False)})
    return state.with_gauge(name, reject_unusable(gauge, time_s), time_s)


def _forecast(
    gauge: GaugeState, event: FloodEvent, name: str, policy: SitePolicy, rapid_rises_nearby: int | None
) -> Forecast:
    height_mm = policy.height_mm(gauge_of(name)) if policy.heights_mm else 0.0
    thresholds_mm = tuple(mm - height_mm for mm in policy.thresholds_mm) if height_mm else policy.thresholds_mm
    known = gauge.past_events, thresholds_mm, policy.model, policy.horizon_s
    return forecast_thresholds(event, *known, rapid_rises_nearby)


def _decide(state: SiteState, policy: SitePolicy, readiness: Readiness, *, may_change: bool = True) -> Step:
    at_s = state.watermark_s
    if at_s is None:
        return state, None
    fused = fuse(state, policy, at_s)
    armed = arming(state, policy, readiness, at_s)
    state = _with_reached(state, fused, policy)
    if not may_change:
        return state, None
    most = most_raised(state, fused, policy, at_s)
    matches = (
        observed(state, fused, policy, most),
        expected(state, fused, policy, armed, most),
        rain_exceeded(state, fused, policy, at_s),
    )
    if any(matches):
        level, grounds = max(filter(None, matches), key=itemgetter(0))
        if grounds.rule is WarningRule.RAINED or not is_usual_tide(fused, policy, armed, level):
            return change_level(state, at_s, level, grounds)
    return (state, None) if state.level is Level.NONE else _go_on(state, fused, policy, armed, at_s)


def _go_on(state: SiteState, fused: FusedDepth | None, policy: SitePolicy, armed: Arming, at_s: float) -> Step:
    """Step down, renew or confirm the level in force, which no rule raises."""
    if fused is None:
        state, change = _without_trust(state, policy, at_s)
        return without_data(state, policy, at_s) if change is None and must_renew(state, at_s) else (state, change)
    state, change = _recede(state, fused, policy, armed)
    if change is None and (must_renew(state, at_s) or is_confirmed_now(state, fused, policy)):
        return change_level(state, at_s, state.level, renewed(fused, state.level, policy))
    return state, change


def _without_trust(state: SiteState, policy: SitePolicy, at_s: float) -> Step:
    """Return, once in a warning of yellow and above, that its last gauge is at fault; the level holds all the same.

    Of blue, the notice of lost monitoring is enough.
    """
    faulty = [(gauge.health.fault_since_s or 0.0, name) for name, gauge in state.gauges.items() if not gauge.is_trusted]
    if state.has_lost_trust or state.level < Level.YELLOW or not faulty:
        return state, None
    grounds = grounds_without_data(WarningRule.LOST_TRUST, state, policy, gauge_of(max(faulty)[1]))
    return change_level(replace(state, has_lost_trust=True), at_s, state.level, grounds)


def without_data(state: SiteState, policy: SitePolicy, at_s: float) -> Step:
    """Lower or renew the level in force at a site without a usable gauge."""
    held = support_without_data(state, policy, at_s)
    if held < state.level:
        rule = left_by(state, state.watermark_s or at_s, at_s)
        return change_level(state, at_s, held, grounds_without_data(rule, state, policy))
    if must_renew(state, at_s):
        return change_level(state, at_s, state.level, grounds_without_data(WarningRule.RENEWED, state, policy))
    return state, None


def _with_reached(state: SiteState, fused: FusedDepth | None, policy: SitePolicy) -> SiteState:
    """Note since when the water has stood at each threshold without a break."""
    if fused is None:
        return state
    reached = {
        level: state.reached_s.get(level, fused.at_s)
        for level, threshold_mm in zip(WARNING_LEVELS, policy.thresholds_mm, strict=True)
        if fused.depth_mm >= threshold_mm
    }
    if reached == state.reached_s:
        return state
    if not reached:
        return replace(state, reached_s=reached)
    rain = rainfall.mark_response(state.rain, fused.at_s, policy.thresholds_mm[max(reached) - 1])
    return replace(state, reached_s=reached, rain=rain)


def _recede(state: SiteState, fused: FusedDepth, policy: SitePolicy, armed: Arming) -> Step:
    """Step down to the level that still holds, after the down-hold."""
    holds = support(state, fused, policy, armed)
    if holds >= state.level or (holds and is_usual_tide(fused, policy, armed, holds)):
        return (state if state.receding_s is None else replace(state, receding_s=None)), None
    since_s = fused.at_s if state.receding_s is None else state.receding_s
    if fused.at_s - since_s < down_hold_s(state, policy):
        return replace(state, receding_s=since_s), None
    return change_level(state, fused.at_s, holds, receded(state, fused, policy))


def _with_age(change: LevelChange, state: SiteState) -> LevelChange:
    """Return the change with the age of the reading that led to it, if that was late; times count from now."""
    grounds = change.grounds
    lags_s = (gauge.delivery.lag_s for name, gauge in state.gauges.items() if gauge_of(name) == grounds.device_id)
    if not (age_s := max(lags_s, default=0.0)):
        return change
    eta_s, earliest_s, latest_s = (
        None if one is None else max(one - round(age_s), 0)
        for one in (grounds.eta_s, grounds.earliest_s, grounds.latest_s)
    )
    grounds = dataclasses.replace(grounds, eta_s=eta_s, earliest_s=earliest_s, latest_s=latest_s)
    return dataclasses.replace(change, grounds=dataclasses.replace(grounds, age_s=float(round(age_s))))


def change_level(state: SiteState, at_s: float, level: Level, grounds: Grounds) -> Step:
    """Return the state at a level, also at the same one as before, and the change to report."""
    change = LevelChange(before=state.level, after=level, at=datetime.fromtimestamp(at_s, UTC), grounds=grounds)
    unconfirmed = grounds.is_unconfirmed and level > Level.NONE
    if level < state.level:
        state = replace(state, left_level=state.level, left_s=at_s, has_returned=False)
    elif level > state.level and is_left_lately(state, level, at_s):
        state = replace(state, has_returned=True)
    if level is Level.NONE:
        state = replace(state, has_lost_trust=False)
    state = replace(state, level=level, receding_s=None, issued_s=at_s, is_unconfirmed=unconfirmed)
    return state, change
