"""What arms a site, so that it warns and accepts jumps sooner, and what holds it back: snow, the usual tide."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.level import Level
from rencheng.domain.nowcast import NO_NOWCAST
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import ArmedBy
from rencheng.domain.waterworks import NO_WATERWORKS
from rencheng.engine import inputs
from rencheng.engine.fusion import FusedDepth, is_seen
from rencheng.engine.gauge import GaugeState
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import FaultPolicy, fault_score_at
from rencheng.engine.health.water_odds import (
    NEEDED_ODDS,
    NEEDED_ODDS_FAIL_SAFE,
    NEEDED_ODDS_STEPPED,
    Items,
    JumpSetting,
    evidence,
)
from rencheng.engine.nearby.evidence import NO_EVIDENCE, Corroboration
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.doses import dose
from rencheng.engine.rain.rain_gauge import UNKNOWN_TRAITS
from rencheng.engine.rain.rainfall import RainState
from rencheng.engine.rain.readiness import Readiness
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState
from rencheng.engine.traits import GaugeTraits, as_depth_mm
from rencheng.engine.water.event import is_rapid_rise, may_be_snow
from rencheng.engine.water.tide import is_above, usual_peak_mm


class Arming(NamedTuple):
    """What arms a site, the rain signal, forecast, gauge or pump that does, and the high water of its tide table."""

    by: ArmedBy = ArmedBy.NOTHING
    source: str = ""
    tide_mm: float | None = None


UNARMED = Arming()

RETURNS_S = 3600.0
"""A level that was left and returned within the hour is left only after an hour below, and a forecast alone returns to
it with as high a probability as on a quiet street: pumps and waves are no news each time. Proposal."""

SNOW_UP_TO_C = 2.4
TEMPERATURE_LASTS_S = 3 * 3600.0
"""In warmer air no snow falls, and a temperature counts for this long. Source: Jennings et al. 2018 (Nature
Communications 9:1148): half of all falls are snow at -0.4 to 2.4 °C, by place."""


_MISSING = int(Quality.MISSING)


def arming(state: SiteState, policy: SitePolicy, readiness: Readiness, at_s: float) -> Arming:
    """Return what arms a site at a moment: rain, water upstream or in the sewer, a pump, or the forecast."""
    works = readiness.waterworks
    if works is NO_WATERWORKS:
        return _arming(state, policy, readiness, at_s)
    found, tide = _arming(state, policy, readiness, at_s), works.high_water(at_s)
    if (not found.by or found.by is ArmedBy.WEATHER) and _is_wet(state, at_s) and (pump := works.failed_pump(at_s)):
        found = Arming(ArmedBy.PUMP, pump)
    return found if tide is None else found._replace(tide_mm=tide.depth_mm)


def _is_wet(state: SiteState, at_s: float) -> bool:
    """Return whether there is rain or water, which a pump that failed does not drain."""
    if any(gauge.event is not None or gauge.pending_jump is not None for gauge in state.gauges.values()):
        return True
    return dose(state.rain.steps, state.rain.storms, at_s).hour_mm > 0


def _arming(state: SiteState, policy: SitePolicy, readiness: Readiness, at_s: float) -> Arming:
    if rainfall.is_armed(state.rain, at_s):
        return Arming(ArmedBy.RAIN)
    if state.inputs and (found := inputs.armed_by(state.inputs, policy.inputs, at_s))[0]:
        return Arming(*found)
    return Arming(ArmedBy.WEATHER, readiness.source) if readiness.level > Level.NONE else UNARMED


class Nearby(NamedTuple):
    """What is around a site; each is looked up for a wet gauge only.

    Attributes:
        rapid_rises: returns the number of other sites with a rapid rise; None: not known.
        evidence: returns what signals and chargers at the site show.
    """

    rapid_rises: Callable[[], int | None] = lambda: None
    evidence: Callable[[], Corroboration] = lambda: NO_EVIDENCE


UNKNOWN_NEARBY = Nearby()


class JumpContext(NamedTuple):
    """The odds that are needed at a site, and what its surroundings show.

    Attributes:
        needed_odds: the log-odds of water from which a jump is accepted here.
        is_armed: rain or a warning service speaks for water.
        is_stream: nothing passes under the gauge.
        is_stepped: a switch or electrodes: falls at once are no fault.
        limits: of the series tests, if the gauge has its own.
        resolution_mm: the registered step of the gauge's depths; 0: not known.
        nearby: what is around it.
    """

    needed_odds: float = NEEDED_ODDS
    is_armed: bool = False
    is_stream: bool = False
    is_stepped: bool = False
    limits: SeriesLimits | None = None
    resolution_mm: float = 0.0
    nearby: Nearby = UNKNOWN_NEARBY

    @property
    def is_fail_safe(self) -> bool:
        """Whether people cannot leave the place."""
        return self.needed_odds <= NEEDED_ODDS_FAIL_SAFE

    @property
    def fault_policy(self) -> FaultPolicy:
        """Which false jumps count as an occasion of fault."""
        if self.is_stream:
            return FaultPolicy.EACH_FAULT
        return FaultPolicy.NOTHING if self.is_fail_safe else FaultPolicy.LOSS_OF_TRUST

    def water_evidence(self, jump: PendingJump, gauge: GaugeState, time_s: float) -> Items | None:
        """Return the evidence by which a gauge's jump is water by now; None if it is not.

        Vehicles that drive through speak against water on a street, and never where people cannot leave.
        """
        fault_score = fault_score_at(gauge.health, time_s) + float(gauge.is_poor)
        rapid_rises, found = self.nearby.rapid_rises(), self.nearby.evidence()
        is_street = not (self.is_stream or self.is_fail_safe)
        began_s = time_s if jump.began_s is None else jump.began_s
        is_contradicted = is_street and found.contradicts_since(began_s, time_s)
        corroborated_by = found.corroborated_by(began_s)
        setting = JumpSetting(fault_score, self.is_armed, self.is_stream, rapid_rises, corroborated_by, is_contradicted)
        items = evidence(jump, setting)
        return items if sum(items.values()) >= self.needed_odds else None


def with_traits(
    depth_mm: float, gauge: GaugeState, context: JumpContext, traits: GaugeTraits | None
) -> tuple[float, GaugeState, JumpContext]:
    """Return depth, gauge and context by what is registered of the gauge; a step of a switch or electrode is a depth.

    It is accepted at its second sample.
    """
    if traits is None:
        return depth_mm, gauge, context
    if gauge.expected is not traits.expected:
        gauge = replace(gauge, expected=traits.expected)
    resolution_mm = traits.resolution_mm or 0.0
    context = context._replace(limits=traits.limits, is_stepped=traits.is_stepped, resolution_mm=resolution_mm)
    if traits.is_stepped:
        context = context._replace(needed_odds=min(context.needed_odds, NEEDED_ODDS_STEPPED))
    return as_depth_mm(traits, depth_mm), gauge, context


def most_raised(state: SiteState, fused: FusedDepth | None, policy: SitePolicy, at_s: float) -> Level:
    """Return the highest level that may be raised: what may be snow brings people to look, and closes nothing.

    In frost it raises blue, at an unknown temperature yellow. Rain and a temperature above freezing show that it is
    water; a stream has no snow to measure.
    """
    event = None if fused is None else fused.gauge.event
    if event is None or policy.is_stream or not may_be_snow(event):
        return Level.RED
    if state.temperature is not None and at_s - state.temperature[0] <= TEMPERATURE_LASTS_S:
        return Level.RED if state.temperature[1] > SNOW_UP_TO_C else Level.BLUE
    return Level.RED if dose(state.rain.steps, state.rain.storms, at_s).hour_mm > 0 else Level.YELLOW


def down_hold_s(state: SiteState, policy: SitePolicy) -> float:
    """Return how long a lower level must last before a level is left: longer, if it was left and has returned."""
    return max(policy.down_hold_s, RETURNS_S) if state.has_returned else policy.down_hold_s


def is_left_lately(state: SiteState, level: Level, at_s: float) -> bool:
    """Return whether a level was left within the hour."""
    return level <= state.left_level and state.left_s is not None and at_s - state.left_s <= RETURNS_S


def is_usual_tide(fused: FusedDepth | None, policy: SitePolicy, armed: Arming, level: Level) -> bool:
    """Return whether a level is no news, because the tide usually passes it on the way to a higher one.

    Of the levels that a usual tide reaches, up to yellow, the highest is the news. Any level is news at once where
    people drown, in rain, if the water rises fast, and above the usual.
    """
    usual_mm = None if fused is None or policy.fail_safe or armed.by else usual_depth_mm(fused, armed.tide_mm)
    if fused is None or usual_mm is None or level > Level.YELLOW or is_above(fused.depth_mm, usual_mm):
        return False
    event = fused.gauge.event
    if policy.thresholds_mm[level - 1] > usual_mm or (event is not None and is_rapid_rise(event)):
        return False
    return level < Level.YELLOW and policy.thresholds_mm[level] <= usual_mm


def usual_depth_mm(fused: FusedDepth, tide_mm: float | None = None) -> float | None:
    """Return how deep the tide becomes at the lowest point, by its table or its past; None if it is no known one."""
    if tide_mm is not None:
        return tide_mm
    event, past_events = fused.gauge.event, fused.gauge.past_events
    peak_mm = usual_peak_mm(past_events, event.began_s) if event is not None and past_events else None
    return None if event is None or peak_mm is None else peak_mm + fused.depth_mm - event.newest[1]


def with_weather(
    state: SiteState, reading: WaterReading, time_s: float, policy: SitePolicy, readiness: Readiness
) -> SiteState:
    """Add the rain and the temperature of a reading, and a nowcast that was issued since the last one."""
    rain, known = state.rain, state.temperature
    if reading.temperature_c is not None and (known is None or known[0] < time_s):
        state = replace(state, temperature=(time_s, reading.temperature_c))
    is_news = (rain.nowcast_s or 0.0) < readiness.nowcast.issued_s <= time_s
    if reading.rain_mm is not None and not int(reading.quality) & _MISSING:
        traits = policy.rain_traits.get(reading.device_id, UNKNOWN_TRAITS)
        rain = rainfall.add_report(rain, time_s, reading.rain_mm, reading.device_id, traits)
        is_news = is_news or rainfall.has_rained(state.rain, rain)
        rain = rainfall.close_storm(rain, time_s)
    elif not is_news:
        return state
    at_s = state.advanced_to(time_s)
    return replace(state, rain=_weighed(state, rain, at_s, policy, readiness) if is_news else rain, watermark_s=at_s)


def _weighed(state: SiteState, rain: RainState, at_s: float, policy: SitePolicy, readiness: Readiness) -> RainState:
    """Judge what the rain at a site will do there."""
    nowcast = readiness.nowcast if readiness.nowcast.issued_s <= at_s else NO_NOWCAST
    has_depth = not (rain.steps or nowcast.members) or not state.gauges or is_seen(state, at_s)
    return rainfall.weigh(rain, at_s, policy.rain_thresholds, policy.thresholds_mm, nowcast, is_seen=has_depth)
