"""Gauges that arm a site without measuring its depth: upstream, and in the manholes of its sewer. Event time only."""

from collections.abc import Mapping
from statistics import median

from msgspec.structs import replace

from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.warning import ArmedBy
from rencheng.engine.fusion import FRESH_S
from rencheng.engine.state import InputState, SiteState
from rencheng.engine.water.event import FRESH_STEPS, SLIPS_MM, SMOOTH_MM, SMOOTH_SAMPLES, FloodEvent

RISES_MM_PER_MIN = 1.0
"""A slower rise upstream is the day's course of a sewer, or a tide. Proposal."""

LAG_S = 1800.0
"""How long the water of a gauge upstream takes to a site, before it is surveyed or learned. Proposal."""

LAG_MAX_S = 6 * 3600.0
"""A site that floods later than this after a rise upstream does not flood by it. Proposal."""

LAGS_KEPT = 5
"""The lag is the median of the last five floods that followed a rise upstream. Proposal."""

ARMS_FOR_LAGS = 2.0
"""A rise upstream arms for twice the lag, because a flood that is slower than usual is a flood too. Proposal."""

SILENT_IN_OVERFLOW_S = 86_400.0
"""As long as blue by a gauge that died (`level_rules.FORGOTTEN_S`)."""

Bound = Mapping[str, BoundSensor]

_ORDER = (ArmedBy.OVERFLOW, ArmedBy.SURCHARGE, ArmedBy.UPSTREAM)


def with_input(state: SiteState, reading: WaterReading, sensor: BoundSensor) -> SiteState:
    """Return the state after a level of one of its inputs; the same object if it is not newer than the last.

    The next depth of the site is evaluated in its light.
    """
    known, time_s = state.inputs.get(reading.device_id), reading.time.timestamp()
    if reading.depth_mm is None or reading.quality & UNUSABLE or (known is not None and time_s <= known.time_s):
        return state
    found = InputState(time_s, reading.depth_mm, run_s=time_s, run_mm=reading.depth_mm)
    if known is not None:
        found = _with_run(known, time_s, reading.depth_mm)
        if _is_rising(found):
            found = _with_rise(found, _lag_s(found, sensor))
    if _cause(found, sensor, time_s) is ArmedBy.OVERFLOW:
        found = replace(found, over_s=time_s)
    return replace(state, inputs={**state.inputs, reading.device_id: found})


def with_flood(state: SiteState, bound: Bound, event: FloodEvent | None, time_s: float) -> SiteState:
    """Return the state after a sample of the site; if a flood begins with it, the lags are learned from it."""
    if event is None or event.began_s != time_s:
        return state
    found = dict(state.inputs)
    for name, one in state.inputs.items():
        if name not in bound or one.began_s is None or one.is_counted:
            continue
        lag_s = time_s - one.began_s
        if 0.0 <= lag_s <= LAG_MAX_S:
            found[name] = replace(one, lags_s=(*one.lags_s[-(LAGS_KEPT - 1) :], lag_s), is_counted=True)
    return replace(state, inputs=found)


def armed_by(inputs: Mapping[str, InputState], bound: Bound, at_s: float) -> tuple[ArmedBy, str]:
    """Return what arms the site at a moment, and the gauge; of several, what is nearest to a flood."""
    causes = ((_cause(one, bound[name], at_s), name) for name, one in inputs.items() if name in bound)
    found = [(_ORDER.index(cause), name) for cause, name in causes if cause]
    if not found:
        return ArmedBy.NOTHING, ""
    first, name = min(found)
    return _ORDER[first], name


def overflow_at(inputs: Mapping[str, InputState], bound: Bound, at_s: float, hold_s: float) -> str:
    """Return the gauge of a manhole that overflows, or last did within a hold; empty if none does.

    A gauge that falls silent in it goes on for a day, within which a gauge that died is visited.
    """
    for name, one in inputs.items():
        if name in bound and one.over_s is not None:
            is_last = one.over_s == one.time_s and at_s - one.over_s <= SILENT_IN_OVERFLOW_S
            if is_last or at_s - one.over_s <= hold_s:
                return name
    return ""


def _cause(one: InputState, sensor: BoundSensor, at_s: float) -> ArmedBy:
    if sensor.role is Role.UPSTREAM:
        is_expected = one.rose_s is not None and 0.0 <= at_s - one.rose_s <= ARMS_FOR_LAGS * _lag_s(one, sensor)
        return ArmedBy.UPSTREAM if is_expected else ArmedBy.NOTHING
    level_mm = _proven_mm(one, at_s)
    if level_mm is None:
        return ArmedBy.NOTHING
    if sensor.rim_mm is not None and level_mm >= sensor.rim_mm:
        return ArmedBy.OVERFLOW
    return ArmedBy.SURCHARGE if sensor.crown_mm is not None and level_mm >= sensor.crown_mm else ArmedBy.NOTHING


def _proven_mm(one: InputState, at_s: float) -> float | None:
    """Return the level that its last two samples reach; None if they are too old or too few."""
    if one.before_s is None or one.before_mm is None:
        return None
    fresh_s = max(FRESH_S, FRESH_STEPS * (one.time_s - one.before_s))
    return min(one.mm, one.before_mm) if at_s - one.time_s <= fresh_s else None


def _with_run(known: InputState, time_s: float, mm: float) -> InputState:
    """Return the input with one sample more, which goes on with its run without a slip, or begins the next."""
    found = replace(known, time_s=time_s, mm=mm, before_s=known.time_s, before_mm=known.mm)
    if mm < known.mm - SLIPS_MM:
        return replace(found, run_s=time_s, run_mm=mm, run=0, top_mm=mm)
    if mm <= known.run_mm + SLIPS_MM:  # it has not begun to rise
        return replace(found, run_s=time_s, run_mm=min(mm, known.run_mm), run=0, top_mm=mm)
    return replace(found, run=known.run + 1)


def _is_rising(one: InputState) -> bool:
    """Return whether its newest run rises as water does, and is higher than when it last did."""
    rose_mm, rose_min = one.mm - one.run_mm, (one.time_s - one.run_s) / 60.0
    is_smooth = one.run >= SMOOTH_SAMPLES and rose_mm >= max(SMOOTH_MM, RISES_MM_PER_MIN * rose_min)
    return is_smooth and one.mm > one.top_mm + SLIPS_MM


def _with_rise(one: InputState, lag_s: float) -> InputState:
    is_new = one.rose_s is None or one.run_s - one.rose_s > ARMS_FOR_LAGS * lag_s
    if is_new:
        one = replace(one, began_s=one.run_s, is_counted=False)
    return replace(one, rose_s=one.time_s, top_mm=one.mm)


def _lag_s(one: InputState, sensor: BoundSensor) -> float:
    """Return how long its water takes to the site: as surveyed, or else as learned."""
    if sensor.lag_s is not None:
        return sensor.lag_s
    return median(one.lags_s) if one.lags_s else LAG_S
