"""The bookkeeping of a replay: which readings move from where to where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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

REPLAY_WRITER = "replay"
"""The name of the writer under which replays are counted."""


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """The result of one entry.

    Attributes:
        quarantine_id: the number of the entry.
        moved: whether it was replayed and closed; otherwise it stays, for the reason in `rejections`.
        counts: its readings by result; `quarantined` are those that were rejected again.
        rejections: what was rejected, and why.
    """

    quarantine_id: int
    moved: bool
    counts: ReadingCounts
    rejections: tuple[Rejection, ...]


class ReplayLedger:
    """The bookkeeping of one transaction: which readings move from where to where."""

    def __init__(self, connection: Connection, actor: str, fix: Fix | None, now: datetime) -> None:
        self._connection = connection
        self._actor = actor
        self._fix = fix
        self._counts: dict[tuple[str, str], ReadingCounts] = defaultdict(ReadingCounts)
        self._rejected: list[QuarantineRecord] = []
        self._moved: list[ReplayOutcome] = []
        self._results: dict[int, dict[str, int]] = {}
        self._now = now

    def record_result(
        self, entry: QuarantineEntry, tried: IntakeResult, rows: Sequence[tuple[int, RowResult]]
    ) -> ReplayOutcome:
        """Record the result of an entry; `rows` are the results of its accepted readings by position."""
        refused = (Rejection(position, row.reason, row.detail) for position, row in rows if isinstance(row, Rejected))
        rejections = (*tried.rejections, *refused)
        written = [row for _, row in rows if isinstance(row, WriteStatus)]
        if not written and tried.state is None and self._stays(entry, rejections):
            return ReplayOutcome(entry.quarantine_id, moved=False, counts=ReadingCounts(), rejections=rejections)
        # over quota, only the first message of each hour is stored in quarantine; the others are only counted
        repeats = 1 if entry.reason is RejectionReason.QUOTA else entry.times
        stored = sum(row is WriteStatus.STORED for row in written)
        counts = ReadingCounts(stored, repeats * len(written) - stored, repeats * len(rejections))
        left = min(counts.total, entry.times) if entry.reason is RejectionReason.QUOTA else entry.times
        self._move(entry, tried, counts, left)
        self._rejected += [_quarantine_record(entry, tried, rejection, repeats) for rejection in rejections]
        if tried.state is not None:
            save_states(self._connection, [tried.state])
        self._mark(entry, counts, dropped=entry.times - left)
        outcome = ReplayOutcome(entry.quarantine_id, moved=True, counts=counts, rejections=rejections)
        self._moved.append(outcome)
        return outcome

    def close(self) -> None:
        """Write all results to the database."""
        if not self._moved:
            return
        topic, payload = (self._fix.topic, self._fix.payload) if self._fix else (None, None)
        # close first, so that a reading that is rejected again becomes a new entry, not a repetition
        close_entries(self._connection, self._results, actor=self._actor, fixed_topic=topic, fixed_payload=payload)
        add_to_quarantine(self._connection, self._rejected)
        count(self._connection, REPLAY_WRITER, self._now, self._counts)
        self._record_audit()

    def _record_audit(self) -> None:
        numbers = [outcome.quarantine_id for outcome in self._moved]
        subject = f"quarantine {numbers[0]}" if len(numbers) == 1 else "quarantine"
        total = sum((outcome.counts for outcome in self._moved), ReadingCounts())
        fixed = [name for name in ("topic", "payload") if self._fix and getattr(self._fix, name) is not None]
        detail = {"entries": numbers, "fixed": fixed, "result": _figures(total)}
        audit.record(self._connection, self._actor, "quarantine.replay", subject, detail)

    def _stays(self, entry: QuarantineEntry, rejections: Sequence[Rejection]) -> bool:
        same = len(rejections) == 1 and (rejections[0].position, rejections[0].reason) == (entry.position, entry.reason)
        return same or self._fix is not None

    def _move(self, entry: QuarantineEntry, tried: IntakeResult, counts: ReadingCounts, left: int) -> None:
        self._counts[entry.world, entry.kind] += ReadingCounts(quarantined=-left, unpacked=-left)
        arrived = ReadingCounts(counts.stored, counts.duplicate, counts.quarantined, unpacked=counts.total)
        self._counts[tried.world, kind_of_topic(tried.message.topic)] += arrived

    def _mark(self, entry: QuarantineEntry, counts: ReadingCounts, *, dropped: int) -> None:
        self._results[entry.quarantine_id] = _figures(counts) | {"dropped": dropped}
        if dropped:
            key = (entry.world, entry.kind, entry.reason.value)
            count_dropped(self._connection, self._now, key, entries=0, readings=dropped, payload_bytes=0)


def _figures(counts: ReadingCounts) -> dict[str, int]:
    return {"stored": counts.stored, "duplicate": counts.duplicate, "quarantined": counts.quarantined}


def _quarantine_record(
    entry: QuarantineEntry, tried: IntakeResult, rejection: Rejection, times: int
) -> QuarantineRecord:
    return QuarantineRecord(
        topic=tried.message.topic,
        payload=tried.message.payload,
        position=rejection.position,
        reason=rejection.reason,
        detail=rejection.detail,
        device_id=tried.device_id,
        world=tried.world,
        received_at=entry.last_received_at,
        times=times,
    )
