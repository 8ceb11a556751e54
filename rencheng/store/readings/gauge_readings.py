"""Stored readings of the gauges that sites are bound to, for an engine that comes back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Column, Connection, DateTime, Text, func, select, values

from rencheng.domain.quality import UNUSABLE, Quality
from rencheng.domain.reading import WaterReading
from rencheng.store.schema.account_tables import ingest_progress
from rencheng.store.schema.tables import waterlogging_readings

ROWS_AT_ONCE = 10_000
"""A year of a minute's readings is not held in memory."""

WRITER_ALIVE_S = 10
"""A worker that has not been seen for so long holds nothing back."""


def readings_since(
    connection: Connection, since: Mapping[str, datetime], *, received_after: datetime | None = None
) -> list[tuple[WaterReading, datetime]]:
    """(reading, received_at) of each device from its own time on, in order of sample time.

    With `received_after`, only what reached ingest later.
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
    """The readings of some devices with a sample time in [begin, end), in order of sample time, device and channel."""
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
    """Everything that the living ingest workers had received by then is committed; None if none lives."""
    oldest_sight = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, WRITER_ALIVE_S)
    query = select(func.min(ingest_progress.c.committed_through)).where(ingest_progress.c.seen_at > oldest_sight)
    through: datetime | None = connection.execute(query).scalar_one()
    return through


def first_reached(
    connection: Connection, device_ids: Sequence[str], depth_mm: float, *, since: datetime, until: datetime
) -> datetime | None:
    """When a usable sample of one of these gauges first stood at a depth, within [since, until]; None if never."""
    table = waterlogging_readings
    query = select(func.min(table.c.time)).where(
        table.c.device_id.in_(device_ids),
        table.c.time.between(since, until),
        table.c.depth_mm >= depth_mm,
        table.c.quality.op("&")(int(UNUSABLE)) == 0,
    )
    at: datetime | None = connection.execute(query).scalar_one()
    return at
