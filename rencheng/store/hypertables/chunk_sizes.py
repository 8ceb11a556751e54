"""The chunk interval of readings, by the measured rate of each kind."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.catalog import RAW, chunk_interval, hypertables
from rencheng.store.schema.account_tables import ingest_counts
from rencheng.store.schema.granularity import Granularity

ROWS_MAX = 5_000_000
"""Readings in a chunk, about 1 GB with indexes: the newest chunks of all kinds should fit into a quarter of the memory.

Source: TimescaleDB's documentation on sizing hypertable chunks; bytes a row as measured by benchmarks/storage.
"""

INTERVALS = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 6, 12, 24, 7 * 24))
"""Each divides the next, so that chunks of different lengths meet without gaps."""

MEASURED_OVER = timedelta(days=7)


def suitable_interval(rows_per_day: float) -> timedelta:
    """Return the longest interval that keeps a chunk below `ROWS_MAX` at this rate; an hour if none does."""
    fitting = [length for length in INTERVALS if rows_per_day * (length / timedelta(days=1)) <= ROWS_MAX]
    return max(fitting, default=INTERVALS[0])


def measured_rows_per_day(connection: Connection, today: datetime) -> dict[Kind, int]:
    """Return readings per day by kind: the maximum of the last seven days, today included."""
    columns = ingest_counts.c
    daily = (
        select(columns.kind, columns.day, func.sum(columns.stored).label("stored"))
        .where(columns.day > (today - MEASURED_OVER).date())
        .group_by(columns.kind, columns.day)
        .subquery()
    )
    rows = connection.execute(select(daily.c.kind, func.max(daily.c.stored)).group_by(daily.c.kind))
    known = {kind.value for kind in Kind}
    return {Kind(kind): int(stored) for kind, stored in rows if kind in known}


def fit_chunk_intervals(connection: Connection, rows_per_day: Mapping[Kind, float]) -> dict[str, timedelta]:
    """Set the interval of future chunks to suit the rates. Existing chunks keep theirs.

    Minute rollups get the same interval: they have no more rows than the readings, and of a slow device as many.

    Returns:
        The hypertables whose interval changed. A kind without readings keeps its interval.
    """
    changed = {}
    for hypertable in hypertables(connection):
        rate = rows_per_day.get(hypertable.kind, 0)
        if hypertable.granularity not in {RAW, Granularity.MINUTE} or rate <= 0:
            continue
        length = suitable_interval(rate)
        if length != chunk_interval(connection, hypertable):
            connection.execute(
                text("SELECT set_chunk_time_interval(CAST(:name AS regclass), CAST(:length AS interval))"),
                {"name": hypertable.qualified_name, "length": length},
            )
            changed[hypertable.qualified_name] = length
    return changed
