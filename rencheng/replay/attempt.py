"""Run intake again on a quarantined message, without writing. Deterministic: no I/O, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GAUGES, GaugeLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.intake import WHOLE_MESSAGE, IntakeResult, Rejection, admit
from rencheng.store.quarantine.replay import QuarantineEntry


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """The limits of intake. They must equal those of ingest, so that a replay is treated like a live message."""

    clock: ClockLimits = field(default_factory=ClockLimits)
    gauges: Mapping[str, GaugeLimits] = field(default_factory=lambda: GAUGES)


@dataclass(frozen=True, slots=True)
class Fix:
    """A corrected payload, topic or both, which replaces the message of an entry."""

    topic: str | None = None
    payload: bytes | None = None


def attempt(
    entry: QuarantineEntry,
    directory: Mapping[str, Device],
    limits: IntakeLimits,
    fix: Fix | None = None,
    *,
    now: datetime,
) -> IntakeResult:
    """Return the result of intake today, with the time at which the message was first received.

    For an entry of one reading the result holds that reading only, because the others were written long ago. Readings
    that are older than ingest accepts by now are rejected, because retention relies on it.
    """
    fix = fix or Fix()
    topic = entry.topic if fix.topic is None else fix.topic
    payload = entry.payload if fix.payload is None else fix.payload
    result = admit(ReceivedMessage(topic, payload, entry.first_received_at), directory, limits.clock, limits.gauges)
    wanted = result if _is_whole(entry, fix) else _only(result, entry.position)
    return _recent(wanted, positions_of(entry, wanted, fix), now - limits.clock.past, limits)


def _recent(tried: IntakeResult, positions: Sequence[int], oldest: datetime, limits: IntakeLimits) -> IntakeResult:
    readings = list(zip(positions, tried.readings, strict=True))
    too_old = sorted({position for position, reading in readings if reading.time < oldest})
    if not too_old:
        return tried
    detail = f"sampled more than {limits.clock.past} ago, the limit for readings"
    recent = tuple(reading for position, reading in readings if position not in too_old)
    rejections = (Rejection(position, RejectionReason.CLOCK_PAST, detail) for position in too_old)
    return replace(tried, readings=recent, rejections=(*tried.rejections, *rejections))


def _is_whole(entry: QuarantineEntry, fix: Fix | None) -> bool:
    return entry.position == WHOLE_MESSAGE or (fix is not None and fix.payload is not None)


def positions_of(entry: QuarantineEntry, tried: IntakeResult, fix: Fix | None) -> Sequence[int]:
    """Return the position in its message of each reading of an attempt."""
    return tried.positions if _is_whole(entry, fix) else [entry.position] * len(tried.readings)


def _only(result: IntakeResult, wanted: int) -> IntakeResult:
    readings = tuple(r for position, r in zip(result.positions, result.readings, strict=True) if position == wanted)
    rejections = tuple(replace(r, position=wanted) for r in result.rejections if r.position in {wanted, WHOLE_MESSAGE})
    if not readings and not rejections:
        detail = (
            f"with the device's present profile the message holds {result.count} readings, none at position {wanted}"
        )
        rejections = (Rejection(wanted, RejectionReason.UNDECODABLE, detail),)
    return IntakeResult(
        result.message, readings, rejections, device_id=result.device_id, world=result.world, state=result.state
    )
