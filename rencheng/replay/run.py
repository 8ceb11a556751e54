"""Replaying: some entries in one transaction, or all that a filter means, portion by portion."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rencheng.domain.errors import StoreUnavailable
from rencheng.replay.attempt import Fix, IntakeLimits, attempt, positions_of
from rencheng.replay.ledger import WORKER, ReplayLedger, ReplayOutcome
from rencheng.store.accounting.counts import ReadingCounts, lock_writer
from rencheng.store.core.database import Connection, Engine, translate_errors
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.quarantine.replay import QuarantineEntry, lock_open_entries, open_entries
from rencheng.store.readings.merge import ReceivedReading, RowResult, write
from rencheng.store.registry.devices import find_devices

ATTEMPTS = 3
"""How often a replay that the server gave up (a deadlock with ingest) is tried."""

CHUNK_ENTRIES, CHUNK_BYTES = 500, 4 * 2**20
"""How much one transaction replays: it holds locks that ingest may wait for."""


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What became of many entries.

    Attributes:
        entries: how many were tried.
        moved: how many of them were replayed; the others stay, refused as before.
        tally: the readings of those that moved.
        following: give it back as `after` to go on; None if that was all.
    """

    entries: int = 0
    moved: int = 0
    counts: ReadingCounts = field(default_factory=ReadingCounts)
    next_after: int | None = None


def combined(one: ReplaySummary, other: ReplaySummary) -> ReplaySummary:
    """Both together; where to go on is the other's."""
    return ReplaySummary(
        one.entries + other.entries, one.moved + other.moved, one.counts + other.counts, next_after=other.next_after
    )


def replay(
    engine: Engine,
    quarantine_ids: Sequence[int],
    *,
    limits: IntakeLimits,
    actor: str,
    fix: Fix | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[ReplayOutcome]:
    """Replay those of some entries that are open, in one transaction; what became of each.

    Args:
        engine: the database, with staging tables (`stage_on_connect`).
        quarantine_ids: which entries; those that are not there or closed are passed over.
        limits: ingest's own.
        actor: who does it, for the entries' mark.
        fix: what is sent instead. If nothing of it can be taken, the entry stays.
        now: the wall clock.

    Raises:
        StoreUnavailable: the database is away; nothing happened, or (its last answer lost) all of it.
    """
    for last in (False,) * (ATTEMPTS - 1) + (True,):
        try:
            with translate_errors(), engine.begin() as connection:
                lock_writer(connection, WORKER)
                return _replay(connection, lock_open_entries(connection, quarantine_ids), limits, actor, fix, now())
        except StoreUnavailable:
            if last:
                raise
    raise AssertionError  # the last attempt returns or raises


def replay_matching(
    engine: Engine, filters: QuarantineFilters, *, limits: IntakeLimits, actor: str, after: int = 0, limit: int = 1000
) -> ReplaySummary:
    """Replay the open entries that are meant, the first `limit` from the number `after` on.

    Raises:
        StoreUnavailable: the database is away; portions that were done stay done, and asking again does the rest.
    """
    with translate_errors(), engine.connect() as connection:
        found = open_entries(connection, filters, after=after, limit=limit)
    outcomes = [
        outcome for portion in portions(found) for outcome in replay(engine, portion, limits=limits, actor=actor)
    ]
    return ReplaySummary(
        entries=len(found),
        moved=sum(outcome.moved for outcome in outcomes),
        counts=sum((outcome.tally for outcome in outcomes), ReadingCounts()),
        next_after=found[-1][0] if len(found) == limit else None,
    )


def portions(entries: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Numbers of entries, given with their payload's bytes, in portions for one transaction each."""
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
    where = [positions_of(entry, admitted, fix) for entry, admitted in zip(entries, tried, strict=True)]
    read = [(k, p, r) for k, a in enumerate(tried) for p, r in zip(where[k], a.readings, strict=True)]
    fates = write(connection, [ReceivedReading(reading, tried[k].message.received_at) for k, _, reading in read])
    by_entry: dict[int, list[tuple[int, RowResult]]] = defaultdict(list)
    for (k, position, _), fate in zip(read, fates, strict=True):
        by_entry[k].append((position, fate))
    book = ReplayLedger(connection, actor, fix)
    outcomes = [book.settle(entry, tried[k], by_entry[k]) for k, entry in enumerate(entries)]
    book.close()
    return outcomes
