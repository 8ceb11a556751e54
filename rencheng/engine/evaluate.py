"""One word of a site's gauges, and what follows from it. Everything here is in event time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import Grounds
from rencheng.engine import gauge as gauges
from rencheng.engine.arming import Arming, arming
from rencheng.engine.forecast.forecast import Forecast, forecast_thresholds
from rencheng.engine.fusion import FusedDepth, fuse
from rencheng.engine.gauge import NEW, GaugeState
from rencheng.engine.level_rules import expected, observed, rain_exceeded, receded, support
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState, channel_name, gauge_of
from rencheng.engine.water.event import WET_MM, FloodEvent, is_rapid_rise

_MISSING, _UNUSABLE = int(Quality.MISSING), int(UNUSABLE)


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A site's level changed: from, to, when (event time), and on what grounds."""

    before: Level
    after: Level
    at: datetime
    grounds: Grounds


Step = tuple[SiteState, LevelChange | None]


def evaluate(
    state: SiteState,
    reading: WaterReading,
    rules: SitePolicy,
    readiness: Readiness = NO_SIGNAL,
    stirred: Callable[[], int | None] = lambda: None,
) -> Step:
    """Evaluate one reading of a gauge: depth, rain, or both.

    Args:
        state: the site's state.
        reading: of one of its gauges.
        rules: the site's policy.
        readiness: of the weather service.
        stirred: returns at how many other sites of the region the water rose rapidly; called for a wet gauge only.

    A level rises at once on observed or forecast depth, and up to blue on rain; it falls after the profile's down-hold.
    """
    time_s = reading.time.timestamp()
    quality = int(reading.quality)  # the operators of an IntFlag cost a microsecond each
    if reading.rain_mm is not None and not quality & _MISSING:
        state = _with_rain(state, reading, time_s, rules)
        if reading.depth_mm is None:
            at_rest = _is_calm(state, time_s) and all(map(gauges.is_at_rest, state.gauges.values()))
            return (state, None) if at_rest else _decide(state, rules, readiness)
    name = channel_name(reading.device_id, reading.channel)
    gauge = state.gauges.get(name, NEW)
    if time_s <= gauge.series.time_s:
        return state, None
    if reading.depth_mm is None or quality & _UNUSABLE:
        if reading.depth_mm is None or quality & _MISSING:
            return state, None
        return _with_gauge(state, name, gauges.reject_unusable(gauge, time_s), time_s), None
    was_at_rest = gauges.is_at_rest(gauge)
    gauge = gauges.update(
        gauge,
        time_s,
        reading.depth_mm,
        fail_safe=rules.fail_safe or bool(arming(state, readiness, time_s).by),
        accept_jumps_when_wet=rules.fail_safe,
        limits=rules.limits,
        is_stream=rules.is_stream,
    )
    if was_at_rest and reading.depth_mm < WET_MM and _is_calm(state, time_s):
        return _with_gauge(state, name, gauge, time_s), None
    if gauge.event is not None and gauges.may_forecast(gauge, time_s):
        if is_rapid_rise(gauge.event) and not rules.is_stream:
            state = state._replace(last_rapid_rise_s=max(state.last_rapid_rise_s, time_s))
        gauge = gauge._replace(forecast=_forecast(gauge, gauge.event, name, rules, stirred()))
    return _decide(_with_gauge(state, name, gauge, time_s), rules, readiness)


def _with_gauge(state: SiteState, name: str, gauge: GaugeState, time_s: float) -> SiteState:
    newest_s = time_s if state.watermark_s is None or time_s > state.watermark_s else state.watermark_s
    return SiteState(
        state.level,
        {**state.gauges, name: gauge},
        state.rain,
        state.reached_s,
        state.receding_s,
        newest_s,
        state.lost_since_s,
        state.last_rapid_rise_s,
        state.data_since_s,
    )


def _with_rain(state: SiteState, reading: WaterReading, time_s: float, rules: SitePolicy) -> SiteState:
    rain = rains.add_rainfall(state.rain, time_s, reading.rain_mm or 0.0, reading.device_id, rules.rain_thresholds)
    newest_s = time_s if state.watermark_s is None or time_s > state.watermark_s else state.watermark_s
    return state._replace(rain=rain, watermark_s=newest_s)


def _forecast(gauge: GaugeState, spell: FloodEvent, name: str, rules: SitePolicy, stirred: int | None) -> Forecast:
    height_mm = rules.heights_mm.get(gauge_of(name), 0.0) if rules.heights_mm else 0.0
    thresholds_mm = tuple(mm - height_mm for mm in rules.thresholds_mm) if height_mm else rules.thresholds_mm
    return forecast_thresholds(spell, gauge.past_events, thresholds_mm, rules.model, rules.horizon_s, stirred)


def _is_calm(state: SiteState, now_s: float) -> bool:
    """No level in force, and nothing on its way: nearly all readings end here, and nothing follows."""
    return state.level is Level.NONE and not state.reached_s and not rains.raises(state.rain, now_s)


def _decide(state: SiteState, rules: SitePolicy, readiness: Readiness) -> Step:
    at_s = state.watermark_s
    if at_s is None:
        return state, None
    sight = fuse(state, rules)
    armed = arming(state, readiness, at_s)
    state = _note_reached(state, sight, rules)
    found = (
        observed(state, sight, rules),
        expected(state, sight, rules, armed),
        rain_exceeded(state, sight, rules, at_s),
    )
    if any(found):
        return _change(state, at_s, *max(filter(None, found), key=itemgetter(0)))
    return _recede(state, sight, rules, armed) if state.level > Level.NONE and sight else (state, None)


def _note_reached(state: SiteState, sight: FusedDepth | None, rules: SitePolicy) -> SiteState:
    """Since when the water has stood at each threshold without a break."""
    if sight is None:
        return state
    reached = {
        level: state.reached_s.get(level, sight.at_s)
        for level, threshold_mm in zip(WARNING_LEVELS, rules.thresholds_mm, strict=True)
        if sight.depth_mm >= threshold_mm
    }
    if reached == state.reached_s:
        return state
    rain = rains.mark_response(state.rain) if reached else state.rain
    return state._replace(reached_s=reached, rain=rain)


def _recede(state: SiteState, sight: FusedDepth, rules: SitePolicy, armed: Arming) -> Step:
    """Step down to what still holds, once that has been so for the down-hold."""
    holds = support(state, sight, rules, armed)
    if holds >= state.level:
        return (state if state.receding_s is None else state._replace(receding_s=None)), None
    since_s = sight.at_s if state.receding_s is None else state.receding_s
    if sight.at_s - since_s < rules.down_hold_s:
        return state._replace(receding_s=since_s), None
    return _change(state, sight.at_s, holds, receded(sight, state.level, rules))


def _change(state: SiteState, at_s: float, level: Level, grounds: Grounds) -> Step:
    change = LevelChange(before=state.level, after=level, at=datetime.fromtimestamp(at_s, UTC), grounds=grounds)
    return state._replace(level=level, receding_s=None), change
