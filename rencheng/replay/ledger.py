"""The bookkeeping of a replay: which readings move from where to where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.topic import kind_of_topic
from rencheng.intake import IntakeResult, Rejection
from rencheng.replay.attempt import Fix
from rencheng.store.access import audit
from rencheng.store.accounting.counts import ReadingCounts, count
from rencheng.store.core.database import Connection
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.quarantine.replay import QuarantineEntry, close_entries
from rencheng.store.readings.merge import RowResult, WriteStatus
from rencheng.store.registry.devices import save_states
from rencheng.store.retention.quarantine import count_dropped

WORKER = "replay"
"""Under which name replays stand in the account."""


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What became of one entry.

    Attributes:
        quarantine_id: which entry.
        moved: it was replayed and is closed now; else it stays, for the reason in `refusals`.
        tally: its readings by what became of them; `quarantined` are those that were refused again.
        refusals: what was refused, and why.
    """

    quarantine_id: int
    moved: bool
    tally: ReadingCounts
    refusals: tuple[Rejection, ...]


class ReplayLedger:
    """The bookkeeping of one transaction: which readings move from where to where."""

    def __init__(self, connection: Connection, actor: str, fix: Fix | None) -> None:
        self._connection = connection
        self._actor = actor
        self._fix = fix
        self._tallies: dict[tuple[str, str], ReadingCounts] = defaultdict(ReadingCounts)
        self._refused: list[QuarantineRecord] = []
        self._moved: list[ReplayOutcome] = []
        self._became: dict[int, dict[str, int]] = {}
        self._now = datetime.now(UTC)

    def settle(
        self, entry: QuarantineEntry, tried: IntakeResult, fates: Sequence[tuple[int, RowResult]]
    ) -> ReplayOutcome:
        """Book what became of an entry's readings: the fate of each that was read, by its place in the message."""
        refusals = [*tried.rejections, *(Rejection(p, f.reason, f.detail) for p, f in fates if isinstance(f, Rejected))]
        taken = [fate for _, fate in fates if isinstance(fate, WriteStatus)]
        if not taken and tried.state is None and self._stays(entry, refusals):
            return ReplayOutcome(entry.quarantine_id, moved=False, tally=ReadingCounts(), refusals=tuple(refusals))
        # of what a flooding device sent, the first message of an hour is kept, and the rest only counted
        repeats = 1 if entry.reason is RejectionReason.QUOTA else entry.times
        stored = sum(fate is WriteStatus.STORED for fate in taken)
        tally = ReadingCounts(stored, repeats * len(taken) - stored, repeats * len(refusals))
        left = min(tally.total, entry.times) if entry.reason is RejectionReason.QUOTA else entry.times
        self._move(entry, tried, tally, left)
        self._refused += [_refuse(entry, tried, refusal, repeats) for refusal in refusals]
        if tried.state is not None:
            save_states(self._connection, [tried.state])
        self._mark(entry, tally, dropped=entry.times - left)
        self._moved.append(ReplayOutcome(entry.quarantine_id, moved=True, tally=tally, refusals=tuple(refusals)))
        return self._moved[-1]

    def close(self) -> None:
        """Write it all down."""
        if not self._moved:
            return
        topic, payload = (self._fix.topic, self._fix.payload) if self._fix else (None, None)
        # closed first, so that what is refused again is no repetition of itself
        close_entries(self._connection, self._became, actor=self._actor, fixed_topic=topic, fixed_payload=payload)
        add_to_quarantine(self._connection, self._refused)
        count(self._connection, WORKER, self._now, self._tallies)
        self._write_down()

    def _write_down(self) -> None:
        numbers = [outcome.quarantine_id for outcome in self._moved]
        subject = f"quarantine {numbers[0]}" if len(numbers) == 1 else "quarantine"
        total = sum((outcome.tally for outcome in self._moved), ReadingCounts())
        fixed = [name for name in ("topic", "payload") if self._fix and getattr(self._fix, name) is not None]
        detail = {"entries": numbers, "fixed": fixed, "became": _figures(total)}
        audit.record(self._connection, self._actor, "quarantine.replay", subject, detail)

    def _stays(self, entry: QuarantineEntry, refusals: Sequence[Rejection]) -> bool:
        same = len(refusals) == 1 and (refusals[0].position, refusals[0].reason) == (entry.position, entry.reason)
        return same or self._fix is not None

    def _move(self, entry: QuarantineEntry, tried: IntakeResult, tally: ReadingCounts, left: int) -> None:
        self._tallies[entry.world, entry.kind] += ReadingCounts(quarantined=-left, unpacked=-left)
        arrived = ReadingCounts(tally.stored, tally.duplicate, tally.quarantined, unpacked=tally.total)
        self._tallies[tried.world, kind_of_topic(tried.message.topic)] += arrived

    def _mark(self, entry: QuarantineEntry, tally: ReadingCounts, *, dropped: int) -> None:
        self._became[entry.quarantine_id] = _figures(tally) | {"dropped": dropped}
        if dropped:
            key = (entry.world, entry.kind, entry.reason.value)
            count_dropped(self._connection, self._now, key, entries=0, readings=dropped, payload_bytes=0)


def _figures(tally: ReadingCounts) -> dict[str, int]:
    return {"stored": tally.stored, "duplicate": tally.duplicate, "quarantined": tally.quarantined}


def _refuse(entry: QuarantineEntry, tried: IntakeResult, refusal: Rejection, times: int) -> QuarantineRecord:
    return QuarantineRecord(
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
