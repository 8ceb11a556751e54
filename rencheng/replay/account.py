"""The bookkeeping of a replay: which readings move from where to where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rencheng.domain.errors import Reason, Refused
from rencheng.domain.topic import kind_in
from rencheng.intake import Admitted, Refusal
from rencheng.replay.attempt import Fix
from rencheng.store.access import audit
from rencheng.store.accounting.counts import Tally, count
from rencheng.store.core.database import Connection
from rencheng.store.quarantine.record import Refuse, bury
from rencheng.store.quarantine.replay import Entry, close_entries
from rencheng.store.readings.merge import Fate, Settled
from rencheng.store.registry.devices import save_states
from rencheng.store.retention.quarantine import count_dropped

WORKER = "replay"
"""Under which name replays stand in the account."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry.

    Attributes:
        quarantine_id: which entry.
        moved: it was replayed and is closed now; else it stays, for the reason in `refusals`.
        tally: its readings by what became of them; `quarantined` are those that were refused again.
        refusals: what was refused, and why.
    """

    quarantine_id: int
    moved: bool
    tally: Tally
    refusals: tuple[Refusal, ...]


class Book:
    """The bookkeeping of one transaction: which readings move from where to where."""

    def __init__(self, connection: Connection, actor: str, fix: Fix | None) -> None:
        self._connection = connection
        self._actor = actor
        self._fix = fix
        self._tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self._refused: list[Refuse] = []
        self._moved: list[Outcome] = []
        self._became: dict[int, dict[str, int]] = {}
        self._now = datetime.now(UTC)

    def settle(self, entry: Entry, tried: Admitted, fates: Sequence[tuple[int, Fate]]) -> Outcome:
        """Book what became of an entry's readings: the fate of each that was read, by its place in the message."""
        refusals = [*tried.refusals, *(Refusal(p, f.reason, f.detail) for p, f in fates if isinstance(f, Refused))]
        taken = [fate for _, fate in fates if isinstance(fate, Settled)]
        if not taken and tried.state is None and self._stays(entry, refusals):
            return Outcome(entry.quarantine_id, moved=False, tally=Tally(), refusals=tuple(refusals))
        # of what a flooding device sent, the first message of an hour is kept, and the rest only counted
        repeats = 1 if entry.reason is Reason.QUOTA else entry.times
        stored = sum(fate is Settled.STORED for fate in taken)
        tally = Tally(stored, repeats * len(taken) - stored, repeats * len(refusals))
        left = min(tally.total, entry.times) if entry.reason is Reason.QUOTA else entry.times
        self._move(entry, tried, tally, left)
        self._refused += [_refuse(entry, tried, refusal, repeats) for refusal in refusals]
        if tried.state is not None:
            save_states(self._connection, [tried.state])
        self._mark(entry, tally, dropped=entry.times - left)
        self._moved.append(Outcome(entry.quarantine_id, moved=True, tally=tally, refusals=tuple(refusals)))
        return self._moved[-1]

    def close(self) -> None:
        """Write it all down."""
        if not self._moved:
            return
        topic, payload = (self._fix.topic, self._fix.payload) if self._fix else (None, None)
        # closed first, so that what is refused again is no repetition of itself
        close_entries(self._connection, self._became, actor=self._actor, fixed_topic=topic, fixed_payload=payload)
        bury(self._connection, self._refused)
        count(self._connection, WORKER, self._now, self._tallies)
        self._write_down()

    def _write_down(self) -> None:
        numbers = [outcome.quarantine_id for outcome in self._moved]
        subject = f"quarantine {numbers[0]}" if len(numbers) == 1 else "quarantine"
        total = sum((outcome.tally for outcome in self._moved), Tally())
        fixed = [name for name in ("topic", "payload") if self._fix and getattr(self._fix, name) is not None]
        detail = {"entries": numbers, "fixed": fixed, "became": _figures(total)}
        audit.record(self._connection, self._actor, "quarantine.replay", subject, detail)

    def _stays(self, entry: Entry, refusals: Sequence[Refusal]) -> bool:
        same = len(refusals) == 1 and (refusals[0].position, refusals[0].reason) == (entry.position, entry.reason)
        return same or self._fix is not None

    def _move(self, entry: Entry, tried: Admitted, tally: Tally, left: int) -> None:
        self._tallies[entry.world, entry.kind] += Tally(quarantined=-left, unpacked=-left)
        arrived = Tally(tally.stored, tally.duplicate, tally.quarantined, unpacked=tally.total)
        self._tallies[tried.world, kind_in(tried.message.topic)] += arrived

    def _mark(self, entry: Entry, tally: Tally, *, dropped: int) -> None:
        self._became[entry.quarantine_id] = _figures(tally) | {"dropped": dropped}
        if dropped:
            key = (entry.world, entry.kind, entry.reason.value)
            count_dropped(self._connection, self._now, key, entries=0, readings=dropped, payload_bytes=0)


def _figures(tally: Tally) -> dict[str, int]:
    return {"stored": tally.stored, "duplicate": tally.duplicate, "quarantined": tally.quarantined}


def _refuse(entry: Entry, tried: Admitted, refusal: Refusal, times: int) -> Refuse:
    return Refuse(
        topic=tried.message.topic,
        payload=tried.message.payload,
        position=refusal.position,
        reason=refusal.reason,
        detail=refusal.detail,
        device_id=tried.device_id,
        world=tried.world,
        received_at=entry.last_received_at,
        times=times,
    )
