"""Retention of readings and rollups, by chunk, and never before the next coarser rollup is refreshed."""

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
    """The result of `drop_old_chunks` or `preview_drop`.

    Attributes:
        chunks: old chunks that are dropped.
        withheld: old chunks that stay, because a rollup still needs them.
    """

    chunks: list[Chunk]
    withheld: list[Chunk]


def old_chunks(connection: Connection, hypertable: Hypertable, keep: timedelta) -> list[Chunk]:
    """Return the chunks that end at least `keep` ago, by the database's clock."""
    before = connection.execute(select(func.now() - keep)).scalar_one()
    return [chunk for chunk in chunks(connection, hypertable) if chunk.ends <= before]


def preview_drop(connection: Connection, hypertable: Hypertable, keep: timedelta) -> DroppedChunks:
    """Return what `drop_old_chunks` would do now. Drops nothing."""
    return _split_droppable(connection, hypertable, old_chunks(connection, hypertable, keep))


def drop_old_chunks(connection: Connection, hypertable: Hypertable, keep: timedelta) -> DroppedChunks:
    """Drop chunks older than `keep`, up to the first one that is not rolled up yet.

    Call it in a transaction of its own, because it locks the chunks until the transaction ends. It waits for concurrent
    inserts, and reads the log after locking, so that it sees their entries.
    """
    old = old_chunks(connection, hypertable, keep)
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))  # later lock requests queue behind this one
    for chunk in old:
        connection.execute(text(f"LOCK TABLE {chunk.name} IN ACCESS EXCLUSIVE MODE"))
    dropped = _split_droppable(connection, hypertable, old)
    for chunk in dropped.chunks:  # by its own span, so that a chunk created meanwhile stays
        connection.execute(
            text(
                "SELECT drop_chunks(CAST(:name AS regclass), older_than => CAST(:ends AS timestamptz),"
                " newer_than => CAST(:begins AS timestamptz))"
            ),
            {"name": hypertable.qualified_name, "ends": chunk.ends, "begins": chunk.begins},
        )
    if dropped.chunks:
        _record_horizon(connection, hypertable, max(chunk.ends for chunk in dropped.chunks))
    return dropped


def _split_droppable(connection: Connection, hypertable: Hypertable, old: list[Chunk]) -> DroppedChunks:
    """Split old chunks at the first one that a rollup still needs. Those after it stay too, so that no gap appears."""
    needed_from = _needed_from(connection, hypertable) if old else None
    droppable = [chunk for chunk in old if needed_from is None or chunk.ends <= needed_from]
    return DroppedChunks(droppable, old[len(droppable) :])


def _needed_from(connection: Connection, hypertable: Hypertable) -> datetime | None:
    """Return the time from which coarser rollups need this hypertable, also through finer ones; None: not at all."""
    granularities = list(Granularity)
    upto = 1 if hypertable.granularity == RAW else granularities.index(Granularity(hypertable.granularity)) + 2
    needed = [_first_entry(connection, Rollup(hypertable.kind, each)) for each in granularities[:upto]]
    return min((moment for moment in needed if moment is not None), default=None)


def _first_entry(connection: Connection, rollup: Rollup) -> datetime | None:
    """Return the start of the log of a rollup. Entries about dropped sources are ignored."""
    columns = rollup_log.c
    query = select(func.min(columns.begins)).where(
        columns.kind == rollup.kind.value, columns.granularity == rollup.granularity.value
    )
    if (dropped := dropped_before(connection, rollup.kind, rollup.granularity.finer or RAW)) is not None:
        query = query.where(columns.ends > dropped)
    moment: datetime | None = connection.execute(query).scalar()
    return moment


def _record_horizon(connection: Connection, hypertable: Hypertable, before: datetime) -> None:
    statement = insert(storage_horizons).values(
        kind=hypertable.kind.value, granularity=hypertable.granularity, dropped_before=before
    )
    later = func.greatest(storage_horizons.c.dropped_before, statement.excluded.dropped_before)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "granularity"], set_={"dropped_before": later})
    )
