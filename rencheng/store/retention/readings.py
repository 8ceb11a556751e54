"""What is old goes, a chunk at a time, and never before the next coarser rollup has it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.hypertables.catalog import RAW, Chunk, Hypertable, chunks
from rencheng.store.rollups.refresh import dropped_before
from rencheng.store.schema.granularity import Granularity, Rollup
from rencheng.store.schema.rollup_tables import rollup_log, storage_horizons


@dataclass(frozen=True, slots=True)
class DroppedChunks:
    """What `drop_old` did, or would do.

    Attributes:
        chunks: those that are old enough, as far as they were dropped.
        withheld: those that are old enough and stay, because a rollup still needs them.
    """

    chunks: list[Chunk]
    withheld: list[Chunk]


def old_chunks(connection: Connection, hypertable: Hypertable, keep: timedelta) -> list[Chunk]:
    """Chunks that hold nothing younger than that, by the database's clock."""
    before = connection.execute(select(func.now() - keep)).scalar_one()
    return [chunk for chunk in chunks(connection, hypertable) if chunk.ends <= before]


def preview_drop(connection: Connection, hypertable: Hypertable, keep: timedelta) -> DroppedChunks:
    """What `drop_old` would do now. Drops nothing."""
    return _sorted_out(connection, hypertable, old_chunks(connection, hypertable, keep))


def drop_old_chunks(connection: Connection, hypertable: Hypertable, keep: timedelta) -> DroppedChunks:
    """Drop what is older than `keep`, up to the first chunk whose readings or buckets are not rolled up yet.

    A transaction of its own, please: the chunks are locked until it ends. Readings that are stored meanwhile are waited
    for, and what they say in the log is heeded, because the log is read after the lock is had.
    """
    old = old_chunks(connection, hypertable, keep)
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))  # whoever comes after us in the queue waits as well
    for chunk in old:
        connection.execute(text(f"LOCK TABLE {chunk.name} IN ACCESS EXCLUSIVE MODE"))
    dropped = _sorted_out(connection, hypertable, old)
    for chunk in dropped.chunks:  # each by its own span: one that appeared meanwhile was not asked about, and stays
        connection.execute(
            text(
                "SELECT drop_chunks(CAST(:name AS regclass), older_than => CAST(:ends AS timestamptz),"
                " newer_than => CAST(:begins AS timestamptz))"
            ),
            {"name": hypertable.handle, "ends": chunk.ends, "begins": chunk.begins},
        )
    if dropped.chunks:
        _remember(connection, hypertable, max(chunk.ends for chunk in dropped.chunks))
    return dropped


def _sorted_out(connection: Connection, hypertable: Hypertable, old: list[Chunk]) -> DroppedChunks:
    """Which of the old chunks may go. The first that is still needed keeps those behind it, so that no hole appears."""
    needed_from = _first_needed(connection, hypertable) if old else None
    going = [chunk for chunk in old if needed_from is None or chunk.ends <= needed_from]
    return DroppedChunks(going, old[len(going) :])


def _first_needed(connection: Connection, hypertable: Hypertable) -> datetime | None:
    """From when on a rollup still has to be made from this, directly or by way of a finer one; None: no such need."""
    levels = list(Granularity)
    upto = 1 if hypertable.granularity == RAW else levels.index(Granularity(hypertable.granularity)) + 2
    needed = [_first_entry(connection, Rollup(hypertable.kind, level)) for level in levels[:upto]]
    return min((moment for moment in needed if moment is not None), default=None)


def _first_entry(connection: Connection, rollup: Rollup) -> datetime | None:
    """Where the log begins for a rollup. Entries about what is gone already ask for nothing that could be kept."""
    columns = rollup_log.c
    query = select(func.min(columns.begins)).where(
        columns.kind == rollup.kind.value, columns.granularity == rollup.granularity.value
    )
    if (gone := dropped_before(connection, rollup.kind, rollup.granularity.finer or RAW)) is not None:
        query = query.where(columns.ends > gone)
    moment: datetime | None = connection.execute(query).scalar()
    return moment


def _remember(connection: Connection, hypertable: Hypertable, before: datetime) -> None:
    statement = insert(storage_horizons).values(
        kind=hypertable.kind.value, granularity=hypertable.granularity, dropped_before=before
    )
    later = func.greatest(storage_horizons.c.dropped_before, statement.excluded.dropped_before)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "granularity"], set_={"dropped_before": later})
    )
