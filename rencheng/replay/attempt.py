"""What intake would say today of a message that it refused. Pure."""

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
    """By what intake judges; for a replay to be like a live message, they must be ingest's own."""

    clock: ClockLimits = field(default_factory=ClockLimits)
    gauges: Mapping[str, GaugeLimits] = field(default_factory=lambda: GAUGES)


@dataclass(frozen=True, slots=True)
class Fix:
    """What is sent in place of an entry: another payload, to another topic, or both; a whole message of its own."""

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
    """What intake would say today, as of the moment when the message was first received.

    Of an entry that is one reading of a message, only that reading: its neighbours were settled long ago. What is by
    now older than ingest takes in is refused: retention counts on it that nothing so old is stored any more.
    """
    fix = fix or Fix()
    topic = entry.topic if fix.topic is None else fix.topic
    payload = entry.payload if fix.payload is None else fix.payload
    admitted = admit(ReceivedMessage(topic, payload, entry.first_received_at), directory, limits.clock, limits.gauges)
    wanted = admitted if _is_whole(entry, fix) else _only(admitted, entry.position)
    return _recent(wanted, positions_of(entry, wanted, fix), now - limits.clock.past, limits)


def _recent(tried: IntakeResult, where: Sequence[int], oldest: datetime, limits: IntakeLimits) -> IntakeResult:
    old = {place for place, reading in zip(where, tried.readings, strict=True) if reading.time < oldest}
    if not old:
        return tried
    detail = f"sampled longer ago than the {limits.clock.past} in which readings are taken in, by now"
    kept = tuple(r for place, r in zip(where, tried.readings, strict=True) if place not in old)
    refusals = (*tried.rejections, *(Rejection(place, RejectionReason.CLOCK_PAST, detail) for place in sorted(old)))
    return replace(tried, readings=kept, rejections=refusals)


def _is_whole(entry: QuarantineEntry, fix: Fix | None) -> bool:
    return entry.position == WHOLE_MESSAGE or (fix is not None and fix.payload is not None)


def positions_of(entry: QuarantineEntry, tried: IntakeResult, fix: Fix | None) -> Sequence[int]:
    """Where in its message each reading of an attempt stands."""
    return tried.positions if _is_whole(entry, fix) else [entry.position] * len(tried.readings)


def _only(admitted: IntakeResult, wanted: int) -> IntakeResult:
    readings = tuple(r for position, r in zip(admitted.positions, admitted.readings, strict=True) if position == wanted)
    refusals = tuple(replace(r, position=wanted) for r in admitted.rejections if r.position in {wanted, WHOLE_MESSAGE})
    if not readings and not refusals:
        detail = f"read by today's profile the message holds {admitted.count} readings, and none at place {wanted}"
        refusals = (Rejection(wanted, RejectionReason.UNDECODABLE, detail),)
    return IntakeResult(
        admitted.message, readings, refusals, device_id=admitted.device_id, world=admitted.world, state=admitted.state
    )
