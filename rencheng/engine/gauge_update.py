"""A gauge with one measurement more: accept the depth, keep it as a pending jump, or note a fault."""

from msgspec.structs import replace

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.checks.series.step import Series
from rencheng.checks.series.step import step as test_sample
from rencheng.domain.quality import Quality
from rencheng.engine.arming import JumpContext
from rencheng.engine.arrival import PUNCTUAL, Transit
from rencheng.engine.gauge import GaugeState, is_at_rest, with_report
from rencheng.engine.health import jump_filter, sensor_health
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import FaultPolicy, Health, fault_score_at
from rencheng.engine.health.water_odds import Items
from rencheng.engine.traits import GaugeTraits, rest_step
from rencheng.engine.water import event as flood_event
from rencheng.engine.water.event import STEP_MAX_S, WET_MM

_STUCK = int(Quality.STUCK)

LEFT_BEHIND_MM = 100.0
"""A greater fall from one sample to the next is an object that was taken away, not a drain. Source: 4 of 875 FloodNet
events fall faster, once each."""

ZIGZAG_STEPS = 3.0
"""Three samples of a slow gauge are compared if they are no further apart than three intervals."""

RETURNS_SHARE = 0.1
DIP_S = 3600.0
"""If a gauge falls from a depth and returns to it (within a tenth) within the hour, the dip was false and the return is
accepted at once."""

SILENT_STEPS, SILENT_AT_LEAST_S, FIRST_S = 5.0, 900.0, 86_400.0
"""After a silence of more than five of its own intervals, and of a quarter of an hour, a gauge's next readings are
treated as its first: what happened in between is not known. Its very first come after a silence of a day."""


def update(
    gauge: GaugeState,
    time_s: float,
    depth_mm: float,
    context: JumpContext = JumpContext(),  # noqa: B008 - immutable
    limits: SeriesLimits = STREET,
) -> GaugeState:
    """Return the gauge with one measurement more, newer than all before it. The site's level is not decided here.

    Args:
        gauge: its state.
        time_s: when it was sampled.
        depth_mm: the depth; below 0 is the noise of a dry street.
        context: how soon a jump is accepted.
        limits: of the series tests.
    """
    if gauge.unmeasured_share:
        gauge = with_report(gauge, time_s, is_measured=True)
    if depth_mm < WET_MM and is_at_rest(gauge):
        return stay_dry(gauge, time_s, depth_mm)
    if gauge.denied_mm is not None:
        if jump_filter.is_as_denied(gauge.denied_mm, gauge.accepted_mm or 0.0, depth_mm):
            series, _, _ = test_sample(gauge.series, time_s, depth_mm, limits)
            return replace(gauge, series=series, health=sensor_health.with_blocked(gauge.health, time_s))
        gauge = replace(gauge, denied_mm=None)
    gauge = _filtered(gauge, time_s, depth_mm, limits, context)
    event, health = gauge.event, gauge.health
    if event is None or health.fault is None or gauge.accepted_s != time_s or (context.is_stream and health.is_chronic):
        return gauge
    return replace(gauge, health=sensor_health.rehabilitated(health, time_s, event))


def shows_nothing(gauge: GaugeState, depth_mm: float, traits: GaugeTraits | None, arrival: Transit) -> bool:
    """Return whether a sample is of a dry street as before: all else that a sample may change can be left out."""
    return (
        -WET_MM <= depth_mm < WET_MM
        and gauge.zero.is_settled
        and not gauge.zero.offset_mm
        and gauge.noise is None
        and not gauge.unmeasured_share
        and gauge.delivery is PUNCTUAL
        and not arrival.is_late
        and (traits is None or (not traits.steps_mm and gauge.expected is traits.expected))
        and is_at_rest(gauge)
    )


def stay_dry(gauge: GaugeState, time_s: float, depth_mm: float) -> GaugeState:
    """Return a gauge above a dry street after one sample more of that, as nearly all readings of a city are."""
    series, (rest_step_s, rest_alike) = gauge.series, rest_step(gauge, time_s)
    return replace(
        gauge,
        rest_step_s=rest_step_s,
        rest_alike=rest_alike,
        series=Series(
            reported_s=time_s, time_s=time_s, depth_mm=depth_mm, before_s=series.time_s, before_mm=series.depth_mm
        ),
        accepted_mm=depth_mm,
        accepted_s=time_s,
        forecast=None,
    )


def _filtered(
    gauge: GaugeState, time_s: float, depth_mm: float, limits: SeriesLimits, context: JumpContext
) -> GaugeState:
    """Accept the depth, keep it as a pending jump, or note a fault that it reveals."""
    accepted_mm, accepted_s = gauge.accepted_mm, gauge.accepted_s
    usual_s = gauge.step_s or gauge.expected.interval_s
    gauge = _tested(gauge, time_s, depth_mm, limits, context)
    if gauge.pending_jump is not None:
        return _extend_jump(gauge, gauge.pending_jump, time_s, depth_mm, context)
    if accepted_mm is None or accepted_s is None:
        return _first_reading(gauge, time_s, depth_mm, context)
    if gauge.unconfirmed_from_mm is not None:
        return _confirm(gauge, gauge.unconfirmed_from_mm, time_s, depth_mm, context)
    interval_s, since_s = _interval_s(gauge, time_s, usual_s), time_s - accepted_s
    if gauge.is_poor:  # the time between its measurements is no interval
        interval_s = since_s = 0.0
    most_mm = jump_filter.max_step_mm(since_s, fault_score_at(gauge.health, time_s))
    if depth_mm - accepted_mm > most_mm:
        return _start_jump(gauge, accepted_mm, time_s, depth_mm, context, interval_s=interval_s)
    if not context.is_stepped and accepted_mm - depth_mm > max(LEFT_BEHIND_MM, most_mm):
        return _fall(gauge, time_s, depth_mm, sensor_health.STAYS_SAMPLES, context)
    return _accept(gauge, time_s, depth_mm)


def _first_reading(gauge: GaugeState, time_s: float, depth_mm: float, context: JumpContext) -> GaugeState:
    """Accept a low first depth; a deep one is a jump after a silence, in which the flood may have begun."""
    if depth_mm < jump_filter.STEP_MM:
        return _accept(gauge, time_s, depth_mm)
    return _start_jump(gauge, 0.0, time_s, depth_mm, context, interval_s=FIRST_S)


def _tested(
    gauge: GaugeState, time_s: float, depth_mm: float, limits: SeriesLimits, context: JumpContext
) -> GaugeState:
    """Return the gauge after the series tests of a measurement."""
    before = gauge.series
    series, flags, _ = test_sample(before, time_s, depth_mm, limits)
    health = sensor_health.refreshed(gauge.health, time_s)
    if flags & _STUCK:
        health = sensor_health.with_stuck(health, time_s)
    if not context.is_stepped:
        zigzag_mm = max(sensor_health.zigzag_mm(gauge.noise), context.resolution_mm)
        health = _with_zigzag(health, before, time_s, depth_mm, zigzag_mm)
    return replace(gauge, series=series, health=health)


def _interval_s(gauge: GaugeState, time_s: float, usual_s: float | None) -> float:
    """Return the reporting interval before a measurement, or the silence that it ended.

    A second measurement shows its interval itself.
    """
    if not usual_s or is_after_silence(time_s, gauge.series.before_s, usual_s):
        return _gap_s(gauge, time_s)
    return usual_s


def _confirm(gauge: GaugeState, from_mm: float, time_s: float, depth_mm: float, context: JumpContext) -> GaugeState:
    """Accept the depth after a jump that was accepted at its first sample, and note a fault if that has reverted."""
    accepted_mm = gauge.accepted_mm or 0.0
    gauge = replace(gauge, unconfirmed_from_mm=None)
    if depth_mm < from_mm + jump_filter.STAYS_SHARE * (accepted_mm - from_mm):
        return _fall(gauge, time_s, depth_mm, 1, context)
    return _accept(gauge, time_s, depth_mm)


def _fall(gauge: GaugeState, time_s: float, depth_mm: float, samples: int, context: JumpContext) -> GaugeState:
    """Accept a depth to which the gauge fell at once, and note that what it reported before was no water."""
    from_mm = gauge.accepted_mm or 0.0
    health = sensor_health.with_fault(gauge.health, time_s, from_mm, samples, gauge.step_s, context.fault_policy)
    return _accept(replace(gauge, health=health, fell_from_mm=from_mm, fell_s=time_s), time_s, depth_mm)


def is_after_silence(time_s: float, before_s: float | None, usual_s: float | None) -> bool:
    """Return whether a reading comes after so long a silence that a flood may have begun in it."""
    if before_s is None or usual_s is None:
        return False
    return time_s - before_s > max(SILENT_STEPS * usual_s, SILENT_AT_LEAST_S)


def accept_jump(gauge: GaugeState) -> GaugeState:
    """Return the gauge after a person saw the water that it reports: its jump is accepted, and its faults are past.

    Slow growth without a jump is proven to be water.
    """
    jump, time_s = gauge.pending_jump, gauge.measured_s
    if jump is None or time_s is None:
        return gauge if gauge.event is None else replace(gauge, event=replace(gauge.event, is_proven=True))
    gauge = replace(gauge, pending_jump=None, health=sensor_health.without_fault(gauge.health, time_s))
    return _accept(gauge, time_s, jump.last_mm)


def deny_jump(gauge: GaugeState, *, fail_safe: bool) -> GaugeState:
    """Return the gauge after a person saw that its jump is no water: a fault, which lasts while the thing stands.

    Slow growth without a jump is snow, which is no fault, and is not reported again.
    """
    jump, time_s = gauge.pending_jump, gauge.measured_s
    if jump is None or time_s is None:
        return gauge if gauge.event is None else replace(gauge, event=replace(gauge.event, is_denied=True))
    fault_policy = FaultPolicy.NOTHING if fail_safe else FaultPolicy.LOSS_OF_TRUST
    health = sensor_health.with_fault(gauge.health, time_s, jump.first_mm, jump.samples, gauge.step_s, fault_policy)
    health = sensor_health.with_blocked(health, time_s)
    return replace(gauge, pending_jump=None, denied_mm=jump.last_mm, health=health)


def _with_zigzag(health: Health, series: Series, time_s: float, depth_mm: float, least_mm: float) -> Health:
    """Note up and down, or down and up, farther than water moves within a few samples."""
    if series.time_s is None or series.depth_mm is None or series.before_s is None or series.before_mm is None:
        return health
    one, other, step_s = series.depth_mm - series.before_mm, depth_mm - series.depth_mm, time_s - series.time_s
    if (
        one * other < 0
        and min(abs(one), abs(other)) > least_mm
        and time_s - series.before_s <= max(STREET.spike_span_s, ZIGZAG_STEPS * min(step_s, STEP_MAX_S))
    ):
        return sensor_health.with_zigzag(health, time_s, step_s)
    return health


def _gap_s(gauge: GaugeState, time_s: float) -> float:
    """Return the time since the measurement before this one; `gauge` holds this one already."""
    before_s = gauge.series.before_s
    return 0.0 if before_s is None else time_s - before_s


def _start_jump(
    gauge: GaugeState, from_mm: float, time_s: float, depth_mm: float, context: JumpContext, *, interval_s: float
) -> GaugeState:
    if (
        gauge.fell_from_mm is not None
        and gauge.fell_s is not None
        and abs(depth_mm - gauge.fell_from_mm) <= RETURNS_SHARE * abs(gauge.fell_from_mm)
        and time_s - gauge.fell_s <= DIP_S
        and fault_score_at(gauge.health, time_s) < jump_filter.DOUBTED_FROM
    ):
        return _accept(gauge, time_s, depth_mm)
    event = gauge.event if from_mm >= WET_MM else None
    jump = jump_filter.start(
        from_mm,
        depth_mm,
        from_water=event is not None and flood_event.is_rising(event),
        from_wet=event is not None,
        rises=flood_event.rises(event) if event is not None else 0,
        time_s=time_s,
        interval_s=interval_s,
    )
    found = context.water_evidence(jump, gauge, time_s)
    if found is None:
        return replace(gauge, pending_jump=jump, forecast=None)
    return replace(_accept_jump(gauge, time_s, depth_mm, found), unconfirmed_from_mm=from_mm)


def _extend_jump(
    gauge: GaugeState, jump: PendingJump, time_s: float, depth_mm: float, context: JumpContext
) -> GaugeState:
    gap_s = _gap_s(gauge, time_s)
    if jump_filter.has_reverted(jump, depth_mm, gap_s):
        health = sensor_health.with_fault(
            gauge.health, time_s, jump.first_mm, jump.samples, gauge.step_s, context.fault_policy
        )
        gauge = replace(gauge, health=health, pending_jump=None)
        if depth_mm - jump.from_mm > jump_filter.max_step_mm(gap_s):  # it is taken away bit by bit
            rest = jump_filter.start(jump.from_mm, depth_mm, time_s=time_s, interval_s=jump.interval_s)
            return replace(gauge, pending_jump=rest)
        return _accept(gauge, time_s, depth_mm)
    jump = jump_filter.extend(jump, depth_mm, gap_s)
    found = context.water_evidence(jump, gauge, time_s)
    if found is None:
        return replace(gauge, pending_jump=jump)
    return _accept_jump(replace(gauge, pending_jump=None), time_s, depth_mm, found)


def _accept_jump(gauge: GaugeState, time_s: float, depth_mm: float, found: Items) -> GaugeState:
    gauge = _accept(gauge, time_s, depth_mm)
    return replace(gauge, jump_evidence=tuple((kind.value, round(weight, 2)) for kind, weight in found.items()))


def _accept(gauge: GaugeState, time_s: float, depth_mm: float) -> GaugeState:
    """Take the depth as the water's; the event goes on with it, begins or ends."""
    event, past_events = gauge.event, gauge.past_events
    if event is not None and flood_event.has_ended(event, time_s):
        if gauge.is_trusted and fault_score_at(gauge.health, time_s) < sensor_health.FAULT_WEIGHT:
            past_events = flood_event.archive(past_events, event)
        event = None
        gauge = replace(gauge, jump_evidence=())
    if event is not None:
        event = flood_event.extend(event, time_s, depth_mm)
    elif depth_mm >= WET_MM:
        event = flood_event.start(time_s if gauge.accepted_s is None else gauge.accepted_s, time_s, depth_mm)
    return replace(gauge, accepted_mm=depth_mm, accepted_s=time_s, event=event, past_events=past_events, forecast=None)
