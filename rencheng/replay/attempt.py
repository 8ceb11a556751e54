"""What intake would say today of a message that it refused. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import Reason
from rencheng.intake import WHOLE_MESSAGE, Admitted, Message, Refusal, admit
from rencheng.store.quarantine_replay import Entry


@dataclass(frozen=True, slots=True)
class Fix:
    """What is sent in place of an entry: another payload, to another topic, or both; a whole message of its own."""

    topic: str | None = None
    payload: bytes | None = None


def attempt(entry: Entry, directory: Mapping[str, Device], limits: ClockLimits, fix: Fix | None = None) -> Admitted:
    """What intake would say today, as of the moment when the message was first received.

    Of an entry that is one reading of a message, only that reading: its neighbours were settled long ago.
    """
    fix = fix or Fix()
    topic = entry.topic if fix.topic is None else fix.topic
    payload = entry.payload if fix.payload is None else fix.payload
    admitted = admit(Message(topic, payload, entry.first_received_at), directory, limits)
    return admitted if _is_whole(entry, fix) else _only(admitted, entry.position)


def _is_whole(entry: Entry, fix: Fix | None) -> bool:
    return entry.position == WHOLE_MESSAGE or (fix is not None and fix.payload is not None)


def places(entry: Entry, tried: Admitted, fix: Fix | None) -> Sequence[int]:
    """Where in its message each reading of an attempt stands."""
    return tried.positions if _is_whole(entry, fix) else [entry.position] * len(tried.readings)


def _only(admitted: Admitted, wanted: int) -> Admitted:
    readings = tuple(r for position, r in zip(admitted.positions, admitted.readings, strict=True) if position == wanted)
    refusals = tuple(replace(r, position=wanted) for r in admitted.refusals if r.position in {wanted, WHOLE_MESSAGE})
    if not readings and not refusals:
        detail = f"read by today's profile the message holds {admitted.count} readings, and none at place {wanted}"
        refusals = (Refusal(wanted, Reason.UNDECODABLE, detail),)
    return Admitted(
        admitted.message, readings, refusals, device_id=admitted.device_id, world=admitted.world, state=admitted.state
    )
