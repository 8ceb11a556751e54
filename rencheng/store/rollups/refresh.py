"""Refresh rollups: aggregate the buckets that the log lists as stale, and nothing else."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from psycopg import sql
from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, func, insert, literal, select, text

from rencheng.domain.kind import Kind
from rencheng.store.core.driver import driver_of
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
"""Time after its end at which a bucket counts as complete. A later reading makes the bucket stale again."""

ENTRIES_MAX = 20_000
"""Log entries that are planned together."""


def roll_up(
    engine: Engine,
    *,
    budget_s: float,
    ahead: timedelta = timedelta(0),
    monotonic_s: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Refresh stale buckets, the newest first, until the time budget is used up.

    Takes an engine, because each refresh is committed separately and TimescaleDB's own refresh requires it.

    Args:
        engine: the database.
        budget_s: seconds after which no further refresh begins.
        ahead: treat buckets as complete that end this much later, such as the current day.
        monotonic_s: the clock of the time budget, seconds.

    Returns:
        `refreshes` done, `entries` taken from the log, `stale` entries that are due and remain for the next run,
        `beyond_retention` entries whose readings are too old to be rolled up.
    """
    until = monotonic_s() + budget_s
    figures = {"refreshes": 0, "entries": 0, "stale": 0, "beyond_retention": 0}
    with engine.connect() as connection:
        now = connection.execute(select(func.clock_timestamp())).scalar_one() + ahead
        continuous = rollups_are_continuous(connection)
    for rollup in every_rollup():
        ready = now - COMPLETE_AFTER[rollup.granularity]
        while monotonic_s() < until and (entries := _due(engine, rollup, ready)):
            _refresh_entries(
                engine,
                rollup,
                entries,
                ready=ready,
                has_time=lambda: monotonic_s() < until,
                continuous=continuous,
                figures=figures,
            )
    with engine.connect() as connection:
        figures["stale"] = sum(
            count_stale(connection, rollup, before=now - COMPLETE_AFTER[rollup.granularity])
            for rollup in every_rollup()
        )
    return figures


def count_stale(connection: Connection, rollup: Rollup, *, before: datetime | None = None) -> int:
    """Return the number of log entries about whole buckets of a rollup, of all times or before a moment."""
    query = select(func.count()).select_from(rollup_log).where(*_of(rollup))
    if before is not None:
        query = query.where(rollup_log.c.begins < rollup.granularity.floor(before))
    return int(connection.execute(query).scalar_one())


def mark_stale(connection: Connection, kind: Kind, begins: datetime, ends: datetime) -> None:
    """Mark all rollups between two moments as stale, for example after readings were changed by hand."""
    _log(connection, Rollup(kind, Granularity.MINUTE), [Refresh(None, begins, ends)])


def mark_devices_stale(connection: Connection, device_ids: Select[tuple[str]]) -> None:
    """Mark all rollups of these devices as stale, because their readings are deleted in the same transaction.

    A trigger does this for inserted readings. TimescaleDB has no such trigger for deleted ones.
    """
    columns = ["kind", "granularity", "device_id", "begins", "ends"]
    for kind, table in RAW_TABLES.items():
        hour = func.time_bucket(timedelta(hours=1), table.c.time)
        hours_with_readings = (
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
        connection.execute(insert(rollup_log).from_select(columns, hours_with_readings))


def dropped_before(connection: Connection, kind: Kind, granularity: str) -> datetime | None:
    """Return the moment before which readings (`RAW`) or rollups of a kind were dropped; None if none were."""
    query = select(storage_horizons.c.dropped_before).where(
        storage_horizons.c.kind == kind.value, storage_horizons.c.granularity == granularity
    )
    moment: datetime | None = connection.execute(query).scalar()
    return moment


def _refresh_entries(
    engine: Engine,
    rollup: Rollup,
    entries: Sequence[StaleBuckets],
    *,
    ready: datetime,
    has_time: Callable[[], bool],
    continuous: bool,
    figures: dict[str, int],
) -> None:
    with engine.connect() as connection:
        horizon = dropped_before(connection, rollup.kind, rollup.granularity.finer or RAW)
    planned = plan_refreshes(entries, rollup.granularity, ready=ready, dropped_before=horizon, by_device=not continuous)
    done = 0
    for refresh in planned.refreshes:
        if not has_time():
            break
        if continuous:
            _refresh_aggregate(engine, rollup, refresh)
        else:
            with engine.begin() as connection:
                _refresh_table(connection, rollup, refresh)
        done += 1
    with engine.begin() as connection:
        # after the refreshes, because until then readers must not trust these buckets. Deleted before the rest is
        # logged again, because `_log` skips what the log contains already
        taken = [entry.entry_id for entry in entries]
        connection.execute(delete(rollup_log).where(rollup_log.c.entry_id == func.any(taken)))
        if (coarser := rollup.granularity.coarser) is not None:
            above = (
                Refresh(r.devices, coarser.floor(r.begins), coarser.ceil(r.ends)) for r in planned.refreshes[:done]
            )
            _log(connection, Rollup(rollup.kind, coarser), above)
        _log(connection, rollup, [*planned.incomplete, *planned.refreshes[done:]])
    figures["refreshes"] += done
    figures["entries"] += len(entries)
    figures["beyond_retention"] += planned.beyond_retention


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


def _log(connection: Connection, rollup: Rollup, refreshes: Iterable[Refresh]) -> None:
    """Add entries that the log does not contain. No other writer adds such entries, so none is added twice."""
    rows = [
        (name, refresh.begins, refresh.ends)
        for refresh in dict.fromkeys(refreshes)
        for name in (sorted(refresh.devices) if refresh.devices is not None else [None])
    ]
    if not rows:
        return
    columns = rollup_log.c
    first, last = min(begins for _, begins, _ in rows), max(begins for _, begins, _ in rows)
    logged = select(columns.device_id, columns.begins, columns.ends).where(
        *_of(rollup), columns.begins.between(first, last)
    )
    known = {tuple(row) for row in connection.execute(logged)}
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


def _refresh_table(connection: Connection, rollup: Rollup, refresh: Refresh) -> None:
    """Delete the old buckets and insert the result of the rollup's query, in one transaction.

    The values are literals, because TimescaleDB excludes chunks only by literals.
    """
    driver = driver_of(connection)
    table = sql.Identifier("rollup", rollup.name)
    within = sql.SQL("bucket >= {} AND bucket < {}").format(sql.Literal(refresh.begins), sql.Literal(refresh.ends))
    if refresh.devices is not None:
        within += sql.SQL(" AND device_id = ANY({})").format(sql.Literal(sorted(refresh.devices)))
    query = sql.Identifier("rollup", f"{rollup.name}_query")
    for statement in ("DELETE FROM {table} WHERE {within}", "INSERT INTO {table} SELECT * FROM {query} WHERE {within}"):
        driver.execute(sql.SQL(statement).format(table=table, query=query, within=within))


def _refresh_aggregate(engine: Engine, rollup: Rollup, refresh: Refresh) -> None:
    """Refresh buckets of a continuous aggregate. TimescaleDB refuses this within a transaction.

    TimescaleDB records the oldest and the newest touched time of each transaction and treats everything between as
    stale: with its own policy one reading that is a month late would refresh a month. This call refreshes the given
    buckets only. It uses `force`, because TimescaleDB 2.29.2 records nothing for rows copied into a table with a
    trigger.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text(
                "CALL refresh_continuous_aggregate("
                ":name, CAST(:begins AS timestamptz), CAST(:ends AS timestamptz), force => true)"
            ),
            {"name": rollup.name, "begins": refresh.begins, "ends": refresh.ends},
        )
