"""One gauge channel: its series, health, accepted depth and flood event. Plain floats: seconds and mm."""

from msgspec import Struct
from msgspec.structs import replace

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.checks.series.step import NEW_SERIES, Series
from rencheng.checks.series.step import step as test_sample
from rencheng.domain.quality import Quality
from rencheng.engine.forecast.forecast import Forecast
from rencheng.engine.health import jump_filter, sensor_health
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import HEALTHY, STEP_MAX_S, FaultPolicy, Health, fault_score_at
from rencheng.engine.water import event as flood_event
from rencheng.engine.water.event import WET_MM, FloodEvent, PastEvent

_STUCK = int(Quality.STUCK)

LEFT_BEHIND_MM = 100.0
"""A greater fall from one sample to the next is an object that was taken away, not a drain. Source: 4 of 875 FloodNet
events fall faster, once each."""

ZIGZAG_STEPS = 3.0
"""Three samples of a slow gauge are compared if they are no further apart than three intervals."""

RETURNS_SHARE = 0.1
DIP_S = 3600.0
DIP_DOUBT_MAX = 2.0
"""If a gauge falls from a depth and returns to it (within a tenth) within the hour, the dip was false and the return is
accepted at once. A gauge with a higher fault score goes up and down by turns, and this does not apply."""


class GaugeState(Struct, frozen=True):
    """The state of a gauge channel. None stands for "never" or "not now".

    Attributes:
        series: the memory of the series tests; its newest measurement is the gauge's newest.
        accepted_mm, accepted_s: the last depth that was accepted, and its time.
        pending_jump: a jump that is not accepted yet.
        health: its faults.
        event: the flood event that lasts; None on a dry street.
        past_events: the events before it.
        forecast: the forecast of the event; None where there is none.
        fell_from_mm, fell_s: the depth from which it last fell at once, and when.
    """

    series: Series = NEW_SERIES
    accepted_mm: float | None = None
    accepted_s: float | None = None
    pending_jump: PendingJump | None = None
    health: Health = HEALTHY
    event: FloodEvent | None = None
    past_events: tuple[PastEvent, ...] = ()
    forecast: Forecast | None = None
    fell_from_mm: float | None = None
    fell_s: float | None = None

    @property
    def measured_s(self) -> float | None:
        """The time of the newest measurement."""
        return self.series.time_s

    @property
    def is_trusted(self) -> bool:
        """Whether it may raise a warning."""
        return self.health.fault is None

    @property
    def step_s(self) -> float | None:
        """The time between its last two measurements; None before the second."""
        series = self.series
        return None if series.time_s is None or series.before_s is None else series.time_s - series.before_s


NEW = GaugeState()


def is_at_rest(gauge: GaugeState) -> bool:
    """Return whether it is a gauge without a fault above a dry street."""
    accepted_mm = gauge.accepted_mm
    return (
        accepted_mm is not None
        and accepted_mm < WET_MM
        and gauge.event is None
        and gauge.pending_jump is None
        and gauge.health.fault is None
    )


def may_forecast(gauge: GaugeState, time_s: float) -> bool:
    """Return whether the sample of this time is accepted and good enough to forecast from.

    A gauge with a fault score must have moved as water does for two samples, and two more for each point.
    """
    event = gauge.event
    if event is None or gauge.accepted_s != time_s or gauge.health.fault is not None:
        return False
    doubt = int(fault_score_at(gauge.health, time_s))
    return not doubt or flood_event.is_smooth(event, 2 + 2 * doubt)


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
    """Return the gauge with one measurement more, newer than all before it. The site's level is not decided here.

    Args:
        gauge: its state.
        time_s: when it was sampled.
        depth_mm: the depth; below 0 is the noise of a dry street.
        fail_safe: a jump is accepted when a second sample confirms it.
        accept_jumps_when_wet: a jump from water that stands already is accepted at once.
        is_stream: nothing passes under the gauge.
        limits: of the series tests.
    """
    series = gauge.series
    if depth_mm < WET_MM and is_at_rest(gauge):  # nearly all readings of a city end here
        return replace(
            gauge,
            series=Series(
                reported_s=time_s,
                time_s=time_s,
                depth_mm=depth_mm,
                before_s=series.time_s,
                before_mm=series.depth_mm,
            ),
            accepted_mm=depth_mm,
            accepted_s=time_s,
            forecast=None,
        )
    if is_stream:
        policy = FaultPolicy.EACH_FAULT
    else:
        policy = FaultPolicy.NOTHING if accept_jumps_when_wet else FaultPolicy.LOSS_OF_TRUST
    gauge = _filtered(
        gauge, time_s, depth_mm, policy, limits, fail_safe=fail_safe, accept_jumps_when_wet=accept_jumps_when_wet
    )
    event, health = gauge.event, gauge.health
    if event is None or health.fault is None or gauge.accepted_s != time_s or (is_stream and health.is_chronic):
        return gauge
    return replace(gauge, health=sensor_health.rehabilitated(health, time_s, event))


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
    """Accept the depth, keep it as a pending jump, or note a fault that it reveals."""
    before, accepted_mm, accepted_s = gauge.series, gauge.accepted_mm, gauge.accepted_s
    series, flags, _ = test_sample(before, time_s, depth_mm, limits)
    health = sensor_health.refreshed(gauge.health, time_s)
    if flags & _STUCK:
        health = sensor_health.with_stuck(health, time_s)
    health = _with_zigzag(health, before, time_s, depth_mm)
    usual_s = gauge.step_s
    gauge = replace(gauge, series=series, health=health)
    if accepted_mm is None or accepted_s is None:
        return _first_reading(gauge, time_s, depth_mm, fail_safe=fail_safe)
    if gauge.pending_jump is not None:
        return _extend_jump(gauge, gauge.pending_jump, time_s, depth_mm, fault_policy, fail_safe=fail_safe)
    doubt = fault_score_at(health, time_s)
    most_mm = jump_filter.max_step_mm(time_s - accepted_s, usual_s, doubt=doubt, slow_mm=_slow_mm(gauge))
    if depth_mm - accepted_mm > most_mm and not (accept_jumps_when_wet and accepted_mm >= WET_MM):
        return _start_jump(gauge, accepted_mm, time_s, depth_mm)
    if accepted_mm - depth_mm > max(LEFT_BEHIND_MM, most_mm):
        stays = sensor_health.STAYS_SAMPLES
        health = sensor_health.with_fault(health, time_s, accepted_mm, stays, gauge.step_s, fault_policy)
        gauge = replace(gauge, health=health, fell_from_mm=accepted_mm, fell_s=time_s)
    return _accept(gauge, time_s, depth_mm)


def _first_reading(gauge: GaugeState, time_s: float, depth_mm: float, *, fail_safe: bool) -> GaugeState:
    """Accept a low first depth at once and a deep one at its second sample: the flood may have begun before it."""
    first = gauge.pending_jump
    if fail_safe or depth_mm < jump_filter.STEP_MM:
        return _accept(replace(gauge, pending_jump=None), time_s, depth_mm)
    if first is not None and abs(depth_mm - first.last_mm) <= jump_filter.max_step_mm(_gap_s(gauge, time_s)):
        return _accept(replace(gauge, pending_jump=None), time_s, depth_mm)
    return replace(gauge, pending_jump=jump_filter.start(0.0, depth_mm, from_water=True))


def reject_unusable(gauge: GaugeState, time_s: float) -> GaugeState:
    """Return the gauge after a depth that no gauge can measure. It raises the fault score and is no measurement."""
    if gauge.health.at_s is not None and time_s <= gauge.health.at_s:
        return gauge
    return replace(gauge, health=sensor_health.with_out_of_range(gauge.health, time_s))


def _with_zigzag(health: Health, series: Series, time_s: float, depth_mm: float) -> Health:
    """Note up and down, or down and up, farther than water moves within a few samples."""
    if series.time_s is None or series.depth_mm is None or series.before_s is None or series.before_mm is None:
        return health
    one, other, step_s = series.depth_mm - series.before_mm, depth_mm - series.depth_mm, time_s - series.time_s
    if (
        one * other < 0
        and min(abs(one), abs(other)) > sensor_health.ZIGZAG_MM
        and time_s - series.before_s <= max(STREET.spike_span_s, ZIGZAG_STEPS * min(step_s, STEP_MAX_S))
    ):
        return sensor_health.with_zigzag(health, time_s, step_s)
    return health


def _slow_mm(gauge: GaugeState) -> float:
    is_still = gauge.event is not None and flood_event.is_still(gauge.event)
    return jump_filter.SLOW_STEP_STILL_MM if is_still else jump_filter.SLOW_STEP_MM


def _gap_s(gauge: GaugeState, time_s: float) -> float:
    """Return the time since the measurement before this one; `gauge` holds this one already."""
    before_s = gauge.series.before_s
    return 0.0 if before_s is None else time_s - before_s


def _start_jump(gauge: GaugeState, from_mm: float, time_s: float, depth_mm: float) -> GaugeState:
    if (
        gauge.fell_from_mm is not None
        and gauge.fell_s is not None
        and abs(depth_mm - gauge.fell_from_mm) <= RETURNS_SHARE * abs(gauge.fell_from_mm)
        and time_s - gauge.fell_s <= DIP_S
        and fault_score_at(gauge.health, time_s) < DIP_DOUBT_MAX
    ):
        return _accept(gauge, time_s, depth_mm)
    from_water = gauge.event is not None and flood_event.is_rising(gauge.event)
    return replace(gauge, pending_jump=jump_filter.start(from_mm, depth_mm, from_water=from_water), forecast=None)


def _extend_jump(
    gauge: GaugeState, jump: PendingJump, time_s: float, depth_mm: float, fault_policy: FaultPolicy, *, fail_safe: bool
) -> GaugeState:
    gap_s = _gap_s(gauge, time_s)
    if jump_filter.has_reverted(jump, depth_mm):
        health = sensor_health.with_fault(gauge.health, time_s, jump.first_mm, jump.samples, gauge.step_s, fault_policy)
        gauge = replace(gauge, health=health, pending_jump=None)
        if depth_mm - jump.from_mm > jump_filter.max_step_mm(gap_s, gauge.step_s):  # it is taken away bit by bit
            return replace(gauge, pending_jump=jump_filter.start(jump.from_mm, depth_mm, from_water=False))
        return _accept(gauge, time_s, depth_mm)
    jump = jump_filter.extend(jump, depth_mm, gap_s, gauge.step_s)
    doubt = fault_score_at(gauge.health, time_s)
    if jump_filter.is_accepted(jump, fail_safe=fail_safe, doubt=doubt, usual_s=gauge.step_s):
        return _accept(replace(gauge, pending_jump=None), time_s, depth_mm)
    return replace(gauge, pending_jump=jump)


def _accept(gauge: GaugeState, time_s: float, depth_mm: float) -> GaugeState:
    """Take the depth as the water's; the event goes on with it, begins or ends."""
    event, past_events = gauge.event, gauge.past_events
    if event is not None and flood_event.has_ended(event, time_s):
        if gauge.is_trusted and fault_score_at(gauge.health, time_s) < sensor_health.FAULT_WEIGHT:
            past_events = flood_event.archive(past_events, event)
        event = None
    if event is not None:
        event = flood_event.extend(event, time_s, depth_mm)
    elif depth_mm >= WET_MM:
        event = flood_event.start(time_s if gauge.accepted_s is None else gauge.accepted_s, time_s, depth_mm)
    return replace(gauge, accepted_mm=depth_mm, accepted_s=time_s, event=event, past_events=past_events, forecast=None)
