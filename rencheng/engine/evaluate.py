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
from rencheng.engine.forecast.forecast import Outlook, expect
from rencheng.engine.fusion import Sight, look
from rencheng.engine.gauge import NEW, Gauge
from rencheng.engine.level_rules import expected, observed, rained, receded, support
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.rain.readiness import CALM, Readiness
from rencheng.engine.site_policy import Rules
from rencheng.engine.state import SiteState, channel_name, gauge_of
from rencheng.engine.water.event import WET_MM, Spell, is_swift

_MISSING, _UNUSABLE = int(Quality.MISSING), int(UNUSABLE)


@dataclass(frozen=True, slots=True)
class Change:
    """A site's level changed: from, to, when (event time), and on what grounds."""

    before: Level
    after: Level
    at: datetime
    grounds: Grounds


Step = tuple[SiteState, Change | None]


def step(
    state: SiteState,
    reading: WaterReading,
    rules: Rules,
    readiness: Readiness = CALM,
    stirred: Callable[[], int | None] = lambda: None,
) -> Step:
    """Take one reading in: depth, rain, or both.

    Args:
        state: what is remembered of the site.
        reading: of one of its gauges.
        rules: by which it is judged.
        readiness: what the weather service says.
        stirred: at how many other sites of its region water rose swiftly of late (`neighbours`); None: not known. It is
            only asked where water may be foretold from, and most streets are dry.

    A level rises at once on what is observed, expected or, as far as blue, rained; it steps down only after nothing
    has held it up for the profile's down-hold. A reading that is not newer than the gauge's last decides nothing: it
    is too late to tell how the water moves. Silence is never taken for dryness.
    """
    time_s = reading.time.timestamp()
    quality = int(reading.quality)  # the operators of an IntFlag cost a microsecond each
    if reading.rain_mm is not None and not quality & _MISSING:
        state = _rained(state, reading, time_s, rules)
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
        return _with_gauge(state, name, gauges.disbelieved(gauge, time_s), time_s), None
    was_at_rest = gauges.is_at_rest(gauge)
    hasty = rules.hasty or bool(arming(state, readiness, time_s).by)
    depth_mm = reading.depth_mm
    gauge = gauges.hear(
        gauge, time_s, depth_mm, hasty=hasty, at_once=rules.hasty, limits=rules.limits, is_stream=rules.is_stream
    )
    if was_at_rest and reading.depth_mm < WET_MM and _is_calm(state, time_s):
        return _with_gauge(state, name, gauge, time_s), None
    if gauge.spell is not None and gauges.may_foretell(gauge, time_s):
        if is_swift(gauge.spell) and not rules.is_stream:
            state = state._replace(swift_s=max(state.swift_s, time_s))
        gauge = gauge._replace(outlook=_outlook(gauge, gauge.spell, name, rules, stirred()))
    return _decide(_with_gauge(state, name, gauge, time_s), rules, readiness)


def _with_gauge(state: SiteState, name: str, gauge: Gauge, time_s: float) -> SiteState:
    newest_s = time_s if state.watermark_s is None or time_s > state.watermark_s else state.watermark_s
    return SiteState(
        state.level,
        {**state.gauges, name: gauge},
        state.rain,
        state.reached_s,
        state.receding_s,
        newest_s,
        state.is_lost,
        state.swift_s,
    )


def _rained(state: SiteState, reading: WaterReading, time_s: float, rules: Rules) -> SiteState:
    rain = rains.fell(state.rain, time_s, reading.rain_mm or 0.0, reading.device_id, rules.answer)
    newest_s = time_s if state.watermark_s is None or time_s > state.watermark_s else state.watermark_s
    return state._replace(rain=rain, watermark_s=newest_s)


def _outlook(gauge: Gauge, spell: Spell, name: str, rules: Rules, stirred: int | None) -> Outlook:
    height_mm = rules.heights_mm.get(gauge_of(name), 0.0) if rules.heights_mm else 0.0
    thresholds_mm = tuple(mm - height_mm for mm in rules.thresholds_mm) if height_mm else rules.thresholds_mm
    return expect(spell, gauge.floods, thresholds_mm, rules.model, rules.horizon_s, stirred)


def _is_calm(state: SiteState, now_s: float) -> bool:
    """No level in force, and nothing on its way: nearly all readings end here, and nothing follows."""
    return state.level is Level.NONE and not state.reached_s and not rains.raises(state.rain, now_s)


def _decide(state: SiteState, rules: Rules, readiness: Readiness) -> Step:
    at_s = state.watermark_s
    if at_s is None:
        return state, None
    sight = look(state, rules)
    armed = arming(state, readiness, at_s)
    state = _note_reached(state, sight, rules)
    found = (
        observed(state, sight, rules),
        expected(state, sight, rules, armed),
        rained(state, sight, rules, at_s),
    )
    if any(found):
        return _change(state, at_s, *max(filter(None, found), key=itemgetter(0)))
    return _recede(state, sight, rules, armed) if state.level > Level.NONE and sight else (state, None)


def _note_reached(state: SiteState, sight: Sight | None, rules: Rules) -> SiteState:
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
    rain = rains.answered(state.rain) if reached else state.rain
    return state._replace(reached_s=reached, rain=rain)


def _recede(state: SiteState, sight: Sight, rules: Rules, armed: Arming) -> Step:
    """Step down to what still holds, once that has been so for the down-hold."""
    holds = support(state, sight, rules, armed)
    if holds >= state.level:
        return (state if state.receding_s is None else state._replace(receding_s=None)), None
    since_s = sight.at_s if state.receding_s is None else state.receding_s
    if sight.at_s - since_s < rules.down_hold_s:
        return state._replace(receding_s=since_s), None
    return _change(state, sight.at_s, holds, receded(sight, state.level, rules))


def _change(state: SiteState, at_s: float, level: Level, grounds: Grounds) -> Step:
    change = Change(before=state.level, after=level, at=datetime.fromtimestamp(at_s, UTC), grounds=grounds)
    return state._replace(level=level, receding_s=None), change
