"""When a site has no data. No data is never zero: a site without data is reported as such."""

from datetime import UTC, datetime
from typing import NamedTuple

from rencheng.domain.no_data import NoDataReason
from rencheng.engine.gauge import GaugeState
from rencheng.engine.rain.rainfall import is_armed
from rencheng.engine.state import SiteState, gauge_of

STEPS = 5.0
AT_LEAST_S, AT_MOST_S = 900.0, 3 * 3600.0
"""A gauge is silent after five of its reporting intervals, but not within 15 minutes, and always after three hours.
Source: FloodNet's own rule, unseen for over 3 h; domain reference 4.2."""

ARMED_STEPS = 3.0
ARMED_AT_LEAST_S, ARMED_AT_MOST_S = 300.0, 3600.0
"""The same in rain, when a silent gauge is missed sooner."""

LOST_AFTER_S, ARMED_LOST_AFTER_S = AT_LEAST_S, ARMED_AT_LEAST_S
"""On-delay: a site is reported lost once it has had no data for this long without a break. Source: EEMUA 191 and
ISA-18.2 ask for an on-delay where a signal comes and goes, longer than the gaps that mend themselves. A gauge that
measures each third minute closes most gaps within its shortest silence."""

RESTORED_AT_LEAST_S, RESTORED_AT_MOST_S = AT_LEAST_S, AT_MOST_S
"""Off-delay: a site is restored once it has had data without a break for as long as it had none, within these bounds.
Source: the same; an off-delay that grows with the fault damps a signal that flaps, as RFC 2439 does for routes. After
the longest silence of any gauge no break can be hidden."""


class NoData(NamedTuple):
    """From when on a site or gauge has no data, and why.

    Attributes:
        from_s: the moment from which it has no data if no more arrives; None if it has never reported.
        reason: why it has no data from then on.
    """

    from_s: float | None
    reason: NoDataReason


NEVER_REPORTED = NoData(None, NoDataReason.NEVER_REPORTED)


def no_data_from(state: SiteState) -> datetime | None:
    """Return the moment from which a site has no data if no more arrives; None if it has never reported."""
    from_s = no_data(state).from_s
    return None if from_s is None else datetime.fromtimestamp(from_s, UTC)


def no_data_reason(state: SiteState) -> NoDataReason:
    """Return why a site has no data from `no_data_from` on: the reason of the gauge that reported usably longest."""
    return no_data(state).reason


def no_data(state: SiteState) -> NoData:
    """Return from when on a site has no data, and why: when its last usable gauge is silent or at fault."""
    armed = is_armed(state.rain, state.watermark_s or 0.0)
    reported = [_of_gauge(gauge, armed=armed) for gauge in state.gauges.values() if gauge.measured_s is not None]
    return max(reported, key=lambda one: one.from_s or 0.0, default=NEVER_REPORTED)


def has_data(state: SiteState, at_s: float) -> bool:
    """Return whether a gauge without a fault has reported recently enough at a moment."""
    from_s, reason = no_data(state)
    return reason is NoDataReason.SILENT and from_s is not None and from_s >= at_s


def lost_from_s(state: SiteState) -> float | None:
    """Return when a site is reported lost if no more arrives; None if it has never reported."""
    from_s = no_data(state).from_s
    if from_s is None:
        return None
    return from_s + (ARMED_LOST_AFTER_S if is_armed(state.rain, state.watermark_s or 0.0) else LOST_AFTER_S)


def restored_from_s(state: SiteState) -> float | None:
    """Return when a site that is reported lost is restored if its data goes on; None while it has none."""
    if state.lost_since_s is None or state.data_since_s is None:
        return None
    lasted_s = state.data_since_s - state.lost_since_s
    return state.data_since_s + min(max(lasted_s, RESTORED_AT_LEAST_S), RESTORED_AT_MOST_S)


def no_data_by_gauge(state: SiteState) -> dict[str, NoData]:
    """Return from when on each gauge that ever reported has no data, and why: that of its latest channel."""
    armed = is_armed(state.rain, state.watermark_s or 0.0)
    found: dict[str, NoData] = {}
    for name, gauge in state.gauges.items():
        if gauge.measured_s is not None:
            device_id, one = gauge_of(name), _of_gauge(gauge, armed=armed)
            found[device_id] = max(one, found.get(device_id, one), key=lambda each: each.from_s or 0.0)
    return found


def gauge_reasons(state: SiteState, at_s: float) -> dict[str, NoDataReason | None]:
    """Return why each gauge that ever reported has no usable depth at a moment; None where it has one."""
    armed = is_armed(state.rain, state.watermark_s or 0.0)
    found: dict[str, NoDataReason | None] = {}
    for name, gauge in state.gauges.items():
        if gauge.measured_s is not None:
            from_s, reason = _of_gauge(gauge, armed=armed)
            is_at_fault = reason is not NoDataReason.SILENT
            found[gauge_of(name)] = reason if is_at_fault or (from_s or 0.0) < at_s else None
    return found


def max_silence_s(gauge: GaugeState, *, armed: bool) -> float:
    """Return after how many seconds without a measurement a gauge is silent."""
    steps, least_s, most_s = (
        (ARMED_STEPS, ARMED_AT_LEAST_S, ARMED_AT_MOST_S) if armed else (STEPS, AT_LEAST_S, AT_MOST_S)
    )
    step_s = gauge.step_s
    return most_s if step_s is None else min(max(steps * step_s, least_s), most_s)


def _of_gauge(gauge: GaugeState, *, armed: bool) -> NoData:
    """Return the same of one gauge that has reported."""
    health = gauge.health
    silent_s = (gauge.measured_s or 0.0) + max_silence_s(gauge, armed=armed)
    if health.fault is None:
        return NoData(silent_s, NoDataReason.SILENT)
    return NoData(min(health.fault_since_s or silent_s, silent_s), NoDataReason(health.fault.value))
