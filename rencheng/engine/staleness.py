"""When a site has no data. No data is never zero: a site without data is reported as such."""

from datetime import UTC, datetime
from math import exp2
from typing import NamedTuple

from msgspec.structs import replace

from rencheng.domain.no_data import Monitoring, NoDataReason
from rencheng.engine.gauge import GaugeState
from rencheng.engine.rain.rainfall import is_armed
from rencheng.engine.state import Losses, SiteState, gauge_of
from rencheng.engine.traits import expected_interval_s
from rencheng.engine.water.event import WET_MM

STEPS = 5.0
AT_LEAST_S, AT_MOST_S = 900.0, 3 * 3600.0
"""A gauge is silent after five of its reporting intervals, but not within 15 minutes, and always after three hours.
Source: FloodNet's own rule, unseen for over 3 h; domain reference 4.2."""

HEARTBEATS = 1.5
"""A gauge that reports on change is not silent before its next heartbeat is overdue by half. Proposal."""

WET_HEARTBEAT_MAX_S = 3600.0
"""Water that stands is no change, so that such a gauge goes on with its heartbeat, if that is not longer: in water a
dead gauge is missed sooner. Source: SL651's regular report is hourly."""

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

LOSSES_HALF_LIFE_S = 30 * 86_400.0
DAMPED_AT_MOST_S = 7 * 86_400.0
"""Each loss before doubles the off-delay, up to a week, and counts half after a month, so that a gauge that fails all
the time makes at most twenty notices in a month. Source: RFC 2439, as above; the week is that of a faulty gauge
(`sensor_health.FAULT_HALF_LIFE_S`)."""

LATE_LOST_AFTER_S = 60.0
LATE_LOST_READINGS = 3
"""The same of a site whose newest readings arrive too late: this many in a row, for this long. A backlog after an
outage is through within that time, and of a slow gauge a single late reading is no fault."""


class NoData(NamedTuple):
    """From when on a site or gauge has no data, and why.

    Attributes:
        from_s: the moment from which it has no data if no more arrives; None if it has never reported.
        reason: why it has no data from then on.
        lag_s: how late its newest reading arrived; None unless the reason is `late`.
    """

    from_s: float | None
    reason: NoDataReason
    lag_s: float | None = None

    def at(self, now: datetime) -> Monitoring:
        """Return the monitoring at a moment."""
        since = None if self.from_s is None else datetime.fromtimestamp(self.from_s, UTC)
        return Monitoring.at(now, since, self.reason, self.lag_s)


NEVER_REPORTED = NoData(None, NoDataReason.NEVER_REPORTED)


def no_data_from(state: SiteState) -> datetime | None:
    """Return the moment from which a site has no data if no more arrives; None if it has never reported."""
    from_s = no_data(state).from_s
    return None if from_s is None else datetime.fromtimestamp(from_s, UTC)


def no_data_reason(state: SiteState) -> NoDataReason:
    """Return why a site has no data from `no_data_from` on: the reason of the gauge that reported usably longest."""
    return no_data(state).reason


def no_data(state: SiteState) -> NoData:
    """Return from when on a site has no data, and why: when its last usable gauge is silent, late or at fault."""
    return max(_by_channel(state).values(), key=lambda one: one.from_s or 0.0, default=NEVER_REPORTED)


def has_data(state: SiteState, at_s: float) -> bool:
    """Return whether a gauge without a fault has reported recently enough at a moment."""
    from_s, reason, _ = no_data(state)
    return reason is NoDataReason.SILENT and from_s is not None and from_s >= at_s


def lost_from_s(state: SiteState) -> float | None:
    """Return when a site is reported lost if no more arrives; None if it has never reported."""
    from_s, reason, _ = no_data(as_reported(state))
    if from_s is None:
        return None
    if reason is NoDataReason.LATE:
        return from_s + LATE_LOST_AFTER_S
    return from_s + (ARMED_LOST_AFTER_S if is_armed(state.rain, state.watermark_s or 0.0) else LOST_AFTER_S)


def is_not_lost_before(state: SiteState, moment_s: float) -> bool:
    """Return whether it is certain that a site is not reported lost before a moment, without all that decides it."""
    if state.late:
        return False
    armed = is_armed(state.rain, state.watermark_s or 0.0)
    least_s, after_s = (ARMED_AT_LEAST_S, ARMED_LOST_AFTER_S) if armed else (AT_LEAST_S, LOST_AFTER_S)
    for gauge in state.gauges.values():
        measured_s = gauge.series.time_s
        if measured_s is not None and measured_s + least_s + after_s >= moment_s and gauge.health.fault is None:
            return True
    return False


def stays_late(state: SiteState) -> bool:
    """Return whether several readings in a row of a gauge arrived too late."""
    return any(one.readings >= LATE_LOST_READINGS for one in state.late.values())


def as_reported(state: SiteState) -> SiteState:
    """Return the state as notices see it: a late reading or two in a row are no loss of monitoring."""
    return state if not state.late or stays_late(state) else replace(state, late={})


def restored_from_s(state: SiteState) -> float | None:
    """Return when a site that is reported lost is restored if its data goes on; None while it has none."""
    if state.lost_since_s is None or state.data_since_s is None:
        return None
    lasted_s = min(max(state.data_since_s - state.lost_since_s, RESTORED_AT_LEAST_S), RESTORED_AT_MOST_S)
    return state.data_since_s + min(lasted_s * exp2(max(state.losses.count - 1.0, 0.0)), DAMPED_AT_MOST_S)


def with_loss(state: SiteState, at_s: float) -> SiteState:
    """Return the state of a site whose monitoring is reported lost now."""
    before = state.losses
    age_s = 0.0 if before.last_s is None else max(0.0, at_s - before.last_s)
    losses = Losses(before.count * exp2(-age_s / LOSSES_HALF_LIFE_S) + 1.0, at_s)
    return with_reasons(replace(state, lost_since_s=no_data(as_reported(state)).from_s, losses=losses), at_s)


def with_reasons(state: SiteState, at_s: float) -> SiteState:
    """Return the state in which the present reasons of a loss are reported; the same object if all were before."""
    known = state.losses.reasons
    found = {f"{name} {reason}" for name, reason in gauge_reasons(as_reported(state), at_s).items() if reason}
    if found <= set(known):
        return state
    return replace(state, losses=replace(state.losses, reasons=tuple(sorted(found | set(known)))))


def no_data_by_gauge(state: SiteState) -> dict[str, NoData]:
    """Return from when on each gauge that ever reported has no data, and why: that of its latest channel."""
    found: dict[str, NoData] = {}
    for name, one in _by_channel(state).items():
        device_id = gauge_of(name)
        found[device_id] = max(one, found.get(device_id, one), key=lambda each: each.from_s or 0.0)
    return found


def gauge_reasons(state: SiteState, at_s: float) -> dict[str, NoDataReason | None]:
    """Return why each gauge that ever reported has no usable depth at a moment; None where it has one."""
    found: dict[str, NoDataReason | None] = {}
    for name, (from_s, reason, _) in _by_channel(state).items():
        is_at_fault = reason is not NoDataReason.SILENT
        found[gauge_of(name)] = reason if is_at_fault or (from_s or 0.0) < at_s else None
    return found


def _by_channel(state: SiteState) -> dict[str, NoData]:
    """Return from when on each gauge channel that ever reported has no data, and why."""
    armed = is_armed(state.rain, state.watermark_s or 0.0)
    found = {
        name: _of_gauge(gauge, armed=armed)
        for name, gauge in state.gauges.items()
        if gauge.measured_s is not None or gauge.unmeasured_since_s is not None
    }
    for name, late in state.late.items():
        before = found.get(name)
        from_s = late.since_s if before is None else min(late.since_s, before.from_s or late.since_s)
        found[name] = NoData(from_s, NoDataReason.LATE, late.lag_s)
    return found


def max_silence_s(gauge: GaugeState, *, armed: bool) -> float:
    """Return after how many seconds without a measurement a gauge is silent."""
    steps, least_s, most_s = (
        (ARMED_STEPS, ARMED_AT_LEAST_S, ARMED_AT_MOST_S) if armed else (STEPS, AT_LEAST_S, AT_MOST_S)
    )
    step_s = expected_interval_s(gauge)
    silence_s = most_s if step_s is None else min(max(steps * step_s, least_s), most_s)
    return max(silence_s, HEARTBEATS * _heartbeat_s(gauge)) + gauge.latency_s


def _heartbeat_s(gauge: GaugeState) -> float:
    """Return the longest usual time between two reports now; 0 if nothing is known of that."""
    heartbeat_s = max(gauge.expected.interval_dry_s or 0.0, gauge.rest_step_s)
    if gauge.accepted_mm is not None and gauge.accepted_mm < WET_MM and gauge.pending_jump is None:
        return heartbeat_s
    is_on_change = gauge.expected.interval_s is None and heartbeat_s <= WET_HEARTBEAT_MAX_S
    return heartbeat_s if is_on_change else 0.0


def _of_gauge(gauge: GaugeState, *, armed: bool) -> NoData:
    """Return the same of one gauge that has reported."""
    health, unmeasured_s = gauge.health, gauge.unmeasured_since_s
    if gauge.measured_s is None:
        return NoData(unmeasured_s, NoDataReason.NO_MEASUREMENT)
    silent_s = gauge.measured_s + max_silence_s(gauge, armed=armed)
    if health.fault is None:
        reports_on = unmeasured_s is not None and (gauge.unmeasured_s or 0.0) > silent_s
        return NoData(silent_s, NoDataReason.NO_MEASUREMENT if reports_on else NoDataReason.SILENT)
    return NoData(min(health.fault_since_s or silent_s, silent_s), NoDataReason(health.fault.value))
