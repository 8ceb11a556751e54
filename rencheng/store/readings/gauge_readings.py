"""Stored readings of gauges, for an engine that restarts and for back-tests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Column, Connection, DateTime, Text, func, select, values

from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.domain.reading import WaterReading
from rencheng.store.schema.account_tables import ingest_progress
from rencheng.store.schema.tables import waterlogging_readings

ROWS_AT_ONCE = 10_000
"""Rows fetched at a time, because a year of readings does not fit into memory."""

WRITER_ALIVE_S = 10
"""A writer without progress for this many seconds is taken as stopped."""


def readings_since(
    connection: Connection, since: Mapping[str, datetime], *, received_after: datetime | None = None
) -> list[tuple[WaterReading, datetime]]:
    """Return (reading, received_at) of each device from its own time on, in order of sample time.

    With `received_after`, only readings that ingest received later.
    """
    if not since:
        return []
    wanted = values(Column("device_id", Text), Column("since", DateTime(timezone=True)), name="wanted").data(
        list(since.items())
    )
    table = waterlogging_readings
    names = [field.name for field in fields(WaterReading)]
    query = select(*(table.c[name] for name in names), table.c.received_at).join(
        wanted, (table.c.device_id == wanted.c.device_id) & (table.c.time >= wanted.c.since)
    )
    if received_after is not None:
        query = query.where(table.c.received_at > received_after)
    rows = connection.execute(query.order_by(table.c.time, table.c.device_id))
    return [
        (
            WaterReading(**{name: getattr(row, name) for name in names} | {"quality": Quality(row.quality)}),
            row.received_at,
        )
        for row in rows
    ]


def readings_between(
    connection: Connection, device_ids: Sequence[str], begin: datetime, end: datetime
) -> Iterator[WaterReading]:
    """Yield the readings of devices with a sample time in [begin, end), in order of sample time, device and channel."""
    table = waterlogging_readings
    names = [field.name for field in fields(WaterReading)]
    query = (
        select(*(table.c[name] for name in names))
        .where(table.c.device_id.in_(device_ids), table.c.time >= begin, table.c.time < end)
        .order_by(table.c.time, table.c.device_id, table.c.channel)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    for row in connection.execute(query):
        yield WaterReading(**row._asdict() | {"quality": Quality(row.quality)})


def committed_through(connection: Connection) -> datetime | None:
    """Return the time up to which all running writers have committed what they received; None without a writer."""
    oldest_progress = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, WRITER_ALIVE_S)
    query = select(func.min(ingest_progress.c.committed_through)).where(ingest_progress.c.seen_at > oldest_progress)
    through: datetime | None = connection.execute(query).scalar_one()
    return through


def first_reached(
    connection: Connection, device_ids: Sequence[str], depth_mm: float, *, since: datetime, until: datetime
) -> datetime | None:
    """Return when a usable sample of these gauges first reached a depth within [since, until]; None if never."""
    table = waterlogging_readings
    query = select(func.min(table.c.time)).where(
        table.c.device_id.in_(device_ids),
        table.c.time.between(since, until),
        table.c.depth_mm >= depth_mm,
        table.c.quality.op("&")(int(UNUSABLE)) == 0,
    )
    at: datetime | None = connection.execute(query).scalar_one()
    return at
