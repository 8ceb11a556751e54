"""Replay some entries in one transaction, or all entries of a filter in portions."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rencheng.domain.errors import StoreUnavailable
from rencheng.replay.attempt import Fix, IntakeLimits, attempt, positions_of
from rencheng.replay.ledger import REPLAY_WRITER, ReplayLedger, ReplayOutcome
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.store.accounting.counts import ReadingCounts, lock_writer
from rencheng.store.core.database import Connection, Engine, translate_errors
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.quarantine.replay import QuarantineEntry, lock_open_entries, open_entries
from rencheng.store.readings.merge import ReceivedReading, RowResult, write
from rencheng.store.registry.devices import find_devices

ATTEMPTS = 3
"""Attempts of a replay that the server aborts, for example after a deadlock with ingest."""

CHUNK_ENTRIES, CHUNK_BYTES = 500, 4 * 2**20
"""The size of one transaction. It is limited, because ingest may wait for its locks."""


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """The result of many entries. Summaries can be added; the sum continues where the last one does.

    Attributes:
        entries: the number of entries tried.
        moved: the number of entries replayed; the others stay rejected.
        counts: the readings of the replayed entries.
        next_after: the value of `after` for the next part; None if there is none.
    """

    entries: int = 0
    moved: int = 0
    counts: ReadingCounts = field(default_factory=ReadingCounts)
    next_after: int | None = None

    def __add__(self, other: "ReplaySummary") -> "ReplaySummary":
        """Return the sum of both."""
        return ReplaySummary(
            self.entries + other.entries, self.moved + other.moved, self.counts + other.counts, other.next_after
        )


def replay(
    engine: Engine,
    quarantine_ids: Sequence[int],
    *,
    limits: IntakeLimits,
    actor: str,
    fix: Fix | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> list[ReplayOutcome]:
    """Replay the open ones of these entries in one transaction, and return the result of each.

    Args:
        engine: the database, with staging tables (`stage_on_connect`).
        quarantine_ids: the entries; missing and closed ones are skipped.
        limits: ingest's own limits.
        actor: the actor for the entries and the audit.
        fix: a corrected topic or payload. If none of it is accepted, the entry stays.
        clock: the clock of the process.

    Raises:
        StoreUnavailable: the database is away. Nothing was replayed; if only the response was lost, everything was.
    """
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with translate_errors(), engine.begin() as connection:
                lock_writer(connection, REPLAY_WRITER)
                entries = lock_open_entries(connection, quarantine_ids)
                return _replay(connection, entries, limits, actor, fix, clock.now())
        except StoreUnavailable:
            if not attempts_left:
                raise
    raise AssertionError("the last attempt returns or raises")


def replay_matching(
    engine: Engine, filters: QuarantineFilters, *, limits: IntakeLimits, actor: str, after: int = 0, limit: int = 1000
) -> ReplaySummary:
    """Replay the first `limit` open entries of a filter with numbers above `after`.

    Raises:
        StoreUnavailable: the database is away. Finished portions stay replayed, and another call replays the rest.
    """
    with translate_errors(), engine.connect() as connection:
        found = open_entries(connection, filters, after=after, limit=limit)
    outcomes = [
        outcome for portion in portions(found) for outcome in replay(engine, portion, limits=limits, actor=actor)
    ]
    return ReplaySummary(
        entries=len(found),
        moved=sum(outcome.moved for outcome in outcomes),
        counts=sum((outcome.counts for outcome in outcomes), ReadingCounts()),
        next_after=found[-1][0] if len(found) == limit else None,
    )


def replay_parts(
    engine: Engine, filters: QuarantineFilters, *, limits: IntakeLimits, actor: str
) -> Iterator[ReplaySummary]:
    """Replay all open entries of a filter, and yield the result of each part.

    Raises:
        StoreUnavailable: as for `replay_matching`.
    """
    after: int | None = 0
    while after is not None:
        part = replay_matching(engine, filters, limits=limits, actor=actor, after=after)
        yield part
        after = part.next_after


def portions(entries: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the numbers of entries, given with the bytes of their payload, in portions for one transaction each."""
    portion: list[int] = []
    size = 0
    for quarantine_id, payload_bytes in entries:
        if portion and (len(portion) == CHUNK_ENTRIES or size + payload_bytes > CHUNK_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(quarantine_id)
        size += payload_bytes
    if portion:
        yield portion


def _replay(
    connection: Connection,
    entries: Sequence[QuarantineEntry],
    limits: IntakeLimits,
    actor: str,
    fix: Fix | None,
    now: datetime,
) -> list[ReplayOutcome]:
    topics = [fix.topic if fix and fix.topic is not None else entry.topic for entry in entries]
    directory = find_devices(connection, {topic.split("/")[4] for topic in topics if topic.count("/") > 3})  # noqa: PLR2004
    tried = [attempt(entry, directory, limits, fix, now=now) for entry in entries]
    # (index of the entry, position in the message, reading) of all accepted readings
    accepted = [
        (index, position, reading)
        for index, (entry, result) in enumerate(zip(entries, tried, strict=True))
        for position, reading in zip(positions_of(entry, result, fix), result.readings, strict=True)
    ]
    rows = [ReceivedReading(reading, tried[index].message.received_at) for index, _, reading in accepted]
    by_entry: dict[int, list[tuple[int, RowResult]]] = defaultdict(list)
    for (index, position, _), result in zip(accepted, write(connection, rows), strict=True):
        by_entry[index].append((position, result))
    ledger = ReplayLedger(connection, actor, fix, now)
    outcomes = [ledger.record_result(entry, tried[index], by_entry[index]) for index, entry in enumerate(entries)]
    ledger.close()
    return outcomes
