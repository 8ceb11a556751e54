"""One gauge: what it said, how far it is believed, and the water as it shows it. Plain floats: seconds and mm."""

from typing import NamedTuple

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.checks.series.step import NOTHING_YET, Series
from rencheng.checks.series.step import step as tested
from rencheng.domain.quality import Quality
from rencheng.engine.forecast.forecast import Forecast
from rencheng.engine.health import jump_filter as leaps
from rencheng.engine.health import sensor_health as trusts
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import HEALTHY, STEP_MAX_S, FaultPolicy, Health
from rencheng.engine.water import event as spells
from rencheng.engine.water.event import WET_MM, FloodEvent, PastEvent

_STUCK = int(Quality.STUCK)

LEFT_BEHIND_MM = 100.0
"""A fall by more from one sample to the next is no drain but a thing that was taken away. Source: 4 of 875 FloodNet
events fall faster, once each."""

ZIGZAG_STEPS = 3.0
"""Three samples of a gauge that speaks seldom are looked at together, if they lie no further apart than this."""

RETURNS_SHARE = 0.1
DIP_S = 3600.0
DIP_DOUBT_MAX = 2.0
"""A gauge that fell away from a level and within the hour leaps back to it (within a tenth) has lied in between; one
that has lied more often goes up and down by turns."""


class GaugeState(NamedTuple):
    """A gauge channel as the engine knows it.

    Attributes:
        series: what the tests of a series remember; its newest measurement is what was said last.
        believed_mm: the last depth that was believed; None before the first.
        believed_s: when.
        leap: what is held back; None if nothing is.
        trust: its lies.
        spell: the wet spell that lasts; None on a dry street.
        floods: those that it saw before.
        outlook: what is expected of its spell; None where nothing is.
        fell_from_mm, fell_s: the level that it fell away from at once, and when.
    """

    series: Series = NOTHING_YET
    accepted_mm: float | None = None
    accepted_s: float = 0.0
    pending_jump: PendingJump | None = None
    health: Health = HEALTHY
    event: FloodEvent | None = None
    past_events: tuple[PastEvent, ...] = ()
    forecast: Forecast | None = None
    fell_from_mm: float = 0.0
    fell_s: float = 0.0

    @property
    def heard_s(self) -> float:
        """When it last measured anything; NaN if never."""
        return self.series.time_s

    @property
    def is_trusted(self) -> bool:
        """May it raise a warning?"""
        return self.health.fault is None

    @property
    def step_s(self) -> float:
        """How long it lately took from one sample to the next; NaN before the second."""
        return self.series.time_s - self.series.before_s


NEW = GaugeState()


def is_at_rest(gauge: GaugeState) -> bool:
    """Is it a trusted gauge above a dry street?"""
    believed_mm = gauge.accepted_mm
    return (
        believed_mm is not None
        and believed_mm < WET_MM
        and gauge.event is None
        and gauge.pending_jump is None
        and gauge.health.fault is None
    )


def may_forecast(gauge: GaugeState, time_s: float) -> bool:
    """Is the sample of this time believed, and may more be read from it than that the water stands there?

    A gauge that has lied lately must have moved as water does for two samples, and two more for each lie.
    """
    spell = gauge.event
    if spell is None or gauge.accepted_s != time_s or gauge.health.fault is not None:
        return False
    doubt = int(trusts.fault_score_at(gauge.health, time_s))
    return not doubt or spells.is_smooth(spell, 2 + 2 * doubt)


def update(
    gauge: GaugeState,
    time_s: float,
    depth_mm: float,
    *,
    fail_safe: bool,
    accept_jumps_when_wet: bool = False,
    is_stream: bool = False,
    limits: SeriesLimits = STREET,
) -> GaugeState:
    """Take one measurement in, newer than all before it. What follows for the site is not decided here.

    Args:
        gauge: as it is known.
        time_s: when it was sampled.
        depth_mm: what was measured; below 0 is the noise of a dry street.
        fail_safe: doubt warns here: a leap is believed when it stays for a second sample.
        accept_jumps_when_wet: and a leap out of water that stands already is believed as it comes.
        is_stream: nothing passes under it.
        limits: of the tests of a series.
    """
    if depth_mm < WET_MM and is_at_rest(gauge):  # nearly all readings of a city end here
        series = gauge.series
        series = Series(time_s, time_s, depth_mm, series.time_s, series.depth_mm, None)
        return GaugeState(
            series,
            depth_mm,
            time_s,
            None,
            gauge.health,
            None,
            gauge.past_events,
            None,
            gauge.fell_from_mm,
            gauge.fell_s,
        )
    blame = (
        FaultPolicy.EACH_FAULT
        if is_stream
        else FaultPolicy.NOTHING
        if accept_jumps_when_wet
        else FaultPolicy.LOSS_OF_TRUST
    )
    gauge = _filtered(
        gauge, time_s, depth_mm, blame, limits, fail_safe=fail_safe, accept_jumps_when_wet=accept_jumps_when_wet
    )
    spell, trust = gauge.event, gauge.health
    if spell is None or trust.fault is None or gauge.accepted_s != time_s or (is_stream and trust.is_chronic):
        return gauge
    return gauge._replace(health=trusts.rehabilitated(trust, time_s, spell))


def _filtered(
    gauge: GaugeState,
    time_s: float,
    depth_mm: float,
    fault_policy: FaultPolicy,
    limits: SeriesLimits,
    *,
    fail_safe: bool,
    accept_jumps_when_wet: bool,
) -> GaugeState:
    """Is it the water's depth, a leap that is held back, or a lie that came to light?"""
    believed_mm = gauge.accepted_mm
    series, flags, _ = tested(gauge.series, time_s, depth_mm, limits)
    trust = trusts.refreshed(gauge.health, time_s)
    if flags & _STUCK:
        trust = trusts.with_stuck(trust, time_s)
    trust = _with_zigzag(trust, gauge.series, time_s, depth_mm)
    usual_s = gauge.step_s
    gauge = gauge._replace(series=series, health=trust)
    if believed_mm is None:
        return _first_reading(gauge, time_s, depth_mm, fail_safe=fail_safe)
    if gauge.pending_jump is not None:
        return _extend_jump(gauge, gauge.pending_jump, time_s, depth_mm, fault_policy, fail_safe=fail_safe)
    doubt = trusts.fault_score_at(trust, time_s)
    most_mm = leaps.max_step_mm(time_s - gauge.accepted_s, usual_s, doubt=doubt, slow_mm=_slow_mm(gauge))
    if depth_mm - believed_mm > most_mm and not (accept_jumps_when_wet and believed_mm >= WET_MM):
        return _start_jump(gauge, believed_mm, time_s, depth_mm)
    if believed_mm - depth_mm > max(LEFT_BEHIND_MM, most_mm):
        lied = trusts.with_fault(trust, time_s, believed_mm, trusts.STAYS_SAMPLES, gauge.step_s, fault_policy)
        gauge = gauge._replace(health=lied, fell_from_mm=believed_mm, fell_s=time_s)
    return _accept(gauge, time_s, depth_mm)


def _first_reading(gauge: GaugeState, time_s: float, depth_mm: float, *, fail_safe: bool) -> GaugeState:
    """It may have been switched on in a flood: what is deep is believed when it says it twice."""
    first = gauge.pending_jump
    if fail_safe or depth_mm < leaps.STEP_MM:
        return _accept(gauge._replace(pending_jump=None), time_s, depth_mm)
    if first is not None and abs(depth_mm - first.last_mm) <= leaps.max_step_mm(time_s - gauge.series.before_s):
        return _accept(gauge._replace(pending_jump=None), time_s, depth_mm)
    return gauge._replace(pending_jump=leaps.start(0.0, depth_mm, from_water=True))


def reject_unusable(gauge: GaugeState, time_s: float) -> GaugeState:
    """It said what no gauge can measure: that costs trust, and tells nothing of the water."""
    if time_s <= gauge.health.at_s:
        return gauge
    return gauge._replace(health=trusts.with_out_of_range(gauge.health, time_s))


def _with_zigzag(trust: Health, series: Series, time_s: float, depth_mm: float) -> Health:
    """Up and down again, or down and up, farther than water does within a few samples."""
    one, other = series.depth_mm - series.before_mm, depth_mm - series.depth_mm
    if (
        one * other < 0
        and min(abs(one), abs(other)) > trusts.ZIGZAG_MM
        and time_s - series.before_s <= max(STREET.spike_span_s, ZIGZAG_STEPS * min(time_s - series.time_s, STEP_MAX_S))
    ):
        return trusts.with_zigzag(trust, time_s, time_s - series.time_s)
    return trust


def _slow_mm(gauge: GaugeState) -> float:
    is_still = gauge.event is not None and spells.is_still(gauge.event)
    return leaps.SLOW_STEP_STILL_MM if is_still else leaps.SLOW_STEP_MM


def _start_jump(gauge: GaugeState, from_mm: float, time_s: float, depth_mm: float) -> GaugeState:
    came_back = abs(depth_mm - gauge.fell_from_mm) <= RETURNS_SHARE * abs(gauge.fell_from_mm)
    if came_back and time_s - gauge.fell_s <= DIP_S and trusts.fault_score_at(gauge.health, time_s) < DIP_DOUBT_MAX:
        return _accept(gauge, time_s, depth_mm)
    spell = gauge.event
    from_water = spell is not None and spells.is_rising(spell)
    return gauge._replace(pending_jump=leaps.start(from_mm, depth_mm, from_water=from_water), forecast=None)


def _extend_jump(
    gauge: GaugeState, leap: PendingJump, time_s: float, depth_mm: float, fault_policy: FaultPolicy, *, fail_safe: bool
) -> GaugeState:
    if leaps.has_reverted(leap, depth_mm):
        lied = trusts.with_fault(gauge.health, time_s, leap.first_mm, leap.samples, gauge.step_s, fault_policy)
        gauge = gauge._replace(health=lied, pending_jump=None)
        if depth_mm - leap.from_mm > leaps.max_step_mm(time_s - gauge.series.before_s, gauge.step_s):
            # it is being taken away bit by bit
            return gauge._replace(pending_jump=leaps.start(leap.from_mm, depth_mm, from_water=False))
        return _accept(gauge, time_s, depth_mm)
    leap = leaps.extend(leap, depth_mm, time_s - gauge.series.before_s, gauge.step_s)
    doubt = trusts.fault_score_at(gauge.health, time_s)
    if leaps.is_accepted(leap, fail_safe=fail_safe, doubt=doubt, usual_s=gauge.step_s):
        return _accept(gauge._replace(pending_jump=None), time_s, depth_mm)
    return gauge._replace(pending_jump=leap)


def _accept(gauge: GaugeState, time_s: float, depth_mm: float) -> GaugeState:
    """It is the water's depth; the spell goes on with it, begins or ends."""
    spell, floods = gauge.event, gauge.past_events
    if spell is not None and spells.has_ended(spell, time_s):
        if gauge.is_trusted and trusts.fault_score_at(gauge.health, time_s) < trusts.FAULT_WEIGHT:
            floods = spells.archive(floods, spell)
        spell = None
    if spell is not None:
        spell = spells.extend(spell, time_s, depth_mm)
    elif depth_mm >= WET_MM:
        dry_s = gauge.accepted_s if gauge.accepted_mm is not None else time_s
        spell = spells.start(dry_s, time_s, depth_mm)
    return gauge._replace(accepted_mm=depth_mm, accepted_s=time_s, event=spell, past_events=floods, forecast=None)
