"""Rollups made right: what the log says was touched is aggregated anew, and nothing else."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, func, insert, literal, select, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.catalog import RAW, RAW_TABLES
from rencheng.store.hypertables.edition import rollups_are_continuous
from rencheng.store.rollups.refresh_plan import Refresh, StaleBuckets, plan_refreshes
from rencheng.store.schema.granularity import Granularity, Rollup, every_rollup
from rencheng.store.schema.rollup_tables import rollup_log, storage_horizons

COMPLETE_AFTER = {
    Granularity.MINUTE: timedelta(seconds=20),
    Granularity.HOUR: timedelta(minutes=2),
    Granularity.DAY: timedelta(minutes=10),
}
"""So long after its end a bucket is taken to be complete. A reading that comes later costs its bucket a second time."""

ENTRIES_MAX = 20_000
"""So many rows of the log are looked at together."""


def roll_up(engine: Engine, *, budget_s: float, ahead: timedelta = timedelta(0)) -> dict[str, int]:
    """Work the log off, the newest first, as far as the time suffices.

    Takes an engine, unlike its neighbours: each piece is committed by itself, and an aggregate's refresh must be.

    Args:
        engine: the database.
        budget_s: no piece is begun later than this.
        ahead: take buckets for over that will be so much later, such as the day that is not.

    Returns:
        `pieces` made anew, `entries` taken from the log, `waiting` entries that are due and were left for the next
        time, `beyond_retention` entries whose readings are too old to be rolled up.
    """
    until = time.monotonic() + budget_s
    figures = {"pieces": 0, "entries": 0, "waiting": 0, "beyond_retention": 0}
    with engine.connect() as connection:
        now = connection.execute(select(func.clock_timestamp())).scalar_one() + ahead
        continuous = rollups_are_continuous(connection)
    for rollup in every_rollup():
        ready = now - COMPLETE_AFTER[rollup.granularity]
        while time.monotonic() < until and (entries := _due(engine, rollup, ready)):
            _work_off(engine, rollup, entries, ready=ready, until=until, continuous=continuous, figures=figures)
    with engine.connect() as connection:
        figures["waiting"] = sum(
            count_stale(connection, rollup, before=now - COMPLETE_AFTER[rollup.granularity])
            for rollup in every_rollup()
        )
    return figures


def count_stale(connection: Connection, rollup: Rollup, *, before: datetime | None = None) -> int:
    """How many entries of the log concern whole buckets of a rollup, of all times or before a moment."""
    query = select(func.count()).select_from(rollup_log).where(*_of(rollup))
    if before is not None:
        query = query.where(rollup_log.c.begins < rollup.granularity.floor(before))
    return int(connection.execute(query).scalar_one())


def mark_stale(connection: Connection, kind: Kind, begins: datetime, ends: datetime) -> None:
    """Have everything between two moments rolled up anew: what was changed by hand, say."""
    _log(connection, Rollup(kind, Granularity.MINUTE), [Refresh(None, begins, ends)])


def mark_devices_stale(connection: Connection, device_ids: Select[tuple[str]]) -> None:
    """Have all that these devices ever said rolled up anew: it is about to be deleted, in this transaction.

    Stored readings see to this by themselves, by a trigger; TimescaleDB allows none like it for deleted ones.
    """
    columns = ["kind", "granularity", "device_id", "begins", "ends"]
    for kind, table in RAW_TABLES.items():
        hour = func.time_bucket(timedelta(hours=1), table.c.time)
        held = (
            select(
                literal(kind.value),
                literal(Granularity.MINUTE.value),
                table.c.device_id,
                hour,
                hour + timedelta(hours=1),
            )
            .where(table.c.device_id.in_(device_ids))
            .distinct()
        )
        connection.execute(insert(rollup_log).from_select(columns, held))


def dropped_before(connection: Connection, kind: Kind, level: str) -> datetime | None:
    """Before which moment a kind's readings (`RAW`) or rollups were dropped; None: nothing was."""
    query = select(storage_horizons.c.dropped_before).where(
        storage_horizons.c.kind == kind.value, storage_horizons.c.granularity == level
    )
    moment: datetime | None = connection.execute(query).scalar()
    return moment


def _work_off(
    engine: Engine,
    rollup: Rollup,
    entries: Sequence[StaleBuckets],
    *,
    ready: datetime,
    until: float,
    continuous: bool,
    figures: dict[str, int],
) -> None:
    with engine.connect() as connection:
        dropped = dropped_before(connection, rollup.kind, rollup.granularity.finer or RAW)
    made = plan_refreshes(entries, rollup.granularity, ready=ready, dropped_before=dropped, by_device=not continuous)
    done = 0
    for piece in made.refreshes:
        if time.monotonic() >= until:
            break
        if continuous:
            _refresh_aggregate(engine, rollup, piece)
        else:
            with engine.begin() as connection:
                _refresh_table(connection, rollup, piece)
        done += 1
    with engine.begin() as connection:
        # after the pieces: until then the log says that they are not to be relied on. What goes back into it comes
        # last, or it would be taken for standing there already
        taken = [entry.entry_id for entry in entries]
        connection.execute(delete(rollup_log).where(rollup_log.c.entry_id == func.any(taken)))
        if (coarser := rollup.granularity.coarser) is not None:
            above = (Refresh(p.devices, coarser.floor(p.begins), coarser.ceil(p.ends)) for p in made.refreshes[:done])
            _log(connection, Rollup(rollup.kind, coarser), above)
        _log(connection, rollup, [*made.incomplete, *made.refreshes[done:]])
    figures["pieces"] += done
    figures["entries"] += len(entries)
    figures["beyond_retention"] += made.beyond_retention


def _due(engine: Engine, rollup: Rollup, ready: datetime) -> list[StaleBuckets]:
    columns = rollup_log.c
    query = (
        select(columns.entry_id, columns.device_id, columns.begins, columns.ends)
        .where(*_of(rollup), columns.begins < rollup.granularity.floor(ready))
        .order_by(columns.begins.desc())
        .limit(ENTRIES_MAX)
    )
    with engine.connect() as connection:
        return [StaleBuckets(*row) for row in connection.execute(query)]


def _of(rollup: Rollup) -> tuple[ColumnElement[bool], ...]:
    return rollup_log.c.kind == rollup.kind.value, rollup_log.c.granularity == rollup.granularity.value


def _log(connection: Connection, rollup: Rollup, pieces: Iterable[Refresh]) -> None:
    """Add to the log what does not stand in it. Nobody else writes to it what this writes, so nothing comes twice."""
    rows = [
        (name, piece.begins, piece.ends)
        for piece in dict.fromkeys(pieces)
        for name in (sorted(piece.devices) if piece.devices is not None else [None])
    ]
    if not rows:
        return
    columns = rollup_log.c
    first, last = min(begins for _, begins, _ in rows), max(begins for _, begins, _ in rows)
    standing = select(columns.device_id, columns.begins, columns.ends).where(
        *_of(rollup), columns.begins.between(first, last)
    )
    known = {tuple(row) for row in connection.execute(standing)}
    new = [
        {
            "kind": rollup.kind.value,
            "granularity": rollup.granularity.value,
            "device_id": name,
            "begins": begins,
            "ends": ends,
        }
        for name, begins, ends in rows
        if (name, begins, ends) not in known
    ]
    if new:
        connection.execute(insert(rollup_log), new)


def _refresh_table(connection: Connection, rollup: Rollup, piece: Refresh) -> None:
    """Out with what stood there, in with what the query says now. In one transaction, so nobody sees less.

    The values stand in the text, because only then does TimescaleDB see which chunks are meant.
    """
    driver = cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)
    table = sql.Identifier("rollup", rollup.name)
    within = sql.SQL("bucket >= {} AND bucket < {}").format(sql.Literal(piece.begins), sql.Literal(piece.ends))
    if piece.devices is not None:
        within += sql.SQL(" AND device_id = ANY({})").format(sql.Literal(sorted(piece.devices)))
    query = sql.Identifier("rollup", f"{rollup.name}_query")
    for statement in ("DELETE FROM {table} WHERE {within}", "INSERT INTO {table} SELECT * FROM {query} WHERE {within}"):
        driver.execute(sql.SQL(statement).format(table=table, query=query, within=within))


def _refresh_aggregate(engine: Engine, rollup: Rollup, piece: Refresh) -> None:
    """The same by TimescaleDB's own means, which refuse to work within a transaction.

    TimescaleDB notes of each transaction the oldest and the newest touched time, and takes all between for touched:
    left to its own policy, one reading that is a month late has a month done again. Our pieces ask for no more; and by
    force, because of what is copied into a table with a trigger like ours it notes nothing at all (2.29.2).
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "CALL refresh_continuous_aggregate("
                ":name, CAST(:begins AS timestamptz), CAST(:ends AS timestamptz), force => true)"
            ),
            {"name": rollup.name, "begins": piece.begins, "ends": piece.ends},
        )
