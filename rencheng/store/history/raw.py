"""Read stored readings: rows by keyset, the latest values, and figures by time bucket.

The bucket query of gauges reads as follows; the other kinds differ in their columns
(`docs/reference/sql/` holds the statements that combine rollups):

    SELECT time_bucket(:width, time, :zone) AS bucket, device_id, channel, min(depth_mm) FILTER (WHERE usable), ...
    FROM waterlogging_readings WHERE device_id IN (...) AND time >= :start AND time < :end
    GROUP BY bucket, device_id, channel ORDER BY bucket, device_id, channel LIMIT :limit
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    Select,
    SmallInteger,
    Table,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on

from rencheng.domain.kind import Kind
from rencheng.domain.quality import UNUSABLE
from rencheng.store.core.sessions import Row
from rencheng.store.schema.tables import meter_values, signal_events, waterlogging_readings

TABLES: dict[Kind, Table] = {
    Kind.WATERLOGGING: waterlogging_readings,
    Kind.SIGNAL: signal_events,
    Kind.CHARGING: meter_values,
}

LATEST_BY: dict[Kind, Sequence[Column[Any]]] = {
    Kind.WATERLOGGING: (waterlogging_readings.c.channel,),
    Kind.CHARGING: (meter_values.c.connector_id, meter_values.c.measurand),
}
"""A device has one latest value for each combination of these columns."""

LATEST_WITHIN = timedelta(days=7)
"""A channel or measurand without a reading for this long before the device's newest one has no latest value."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range of time, [start, end); None leaves an end open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Buckets:
    """The time buckets. With a `zone` they begin at its midnights, otherwise they are aligned to UTC."""

    width: timedelta
    zone: str | None = None


def key_columns(kind: Kind) -> list[Column[Any]]:
    """Return the columns that order the readings of one device: time, then the rest of the natural key."""
    table = TABLES[kind]
    rest = [column for column in table.primary_key if column.name not in {"device_id", "time"}]
    return [table.c.time, *rest]


def readings(
    connection: Connection,
    kind: Kind,
    device_id: str,
    *,
    span: TimeRange,
    after: Sequence[Any] | None = None,
    limit: int = 1000,
) -> list[Row]:
    """Return raw rows in order of time, after the position `after` (values of `key_columns`)."""
    table, key = TABLES[kind], key_columns(kind)
    query = select(table).where(table.c.device_id == device_id, *_within(table, span)).order_by(*key).limit(limit)
    if after is not None:
        position = [literal(value, column.type) for value, column in zip(after, key, strict=True)]
        # the first condition follows from the second, but TimescaleDB excludes chunks only by a plain comparison
        query = query.where(table.c.time >= position[0], tuple_(*key) > tuple_(*position))
    return list(connection.execute(query).mappings())


def newest_time(connection: Connection, kind: Kind, device_id: str) -> datetime | None:
    """Return the sample time of a device's newest reading; None without readings."""
    time = TABLES[kind].c.time
    query = select(time).where(TABLES[kind].c.device_id == device_id).order_by(time.desc()).limit(1)
    newest: datetime | None = connection.execute(query).scalar()
    return newest


def latest(connection: Connection, kind: Kind, device_id: str, *, events_max: int = 20) -> list[Row]:
    """Return a gauge's newest row per channel, a charger's per connector and measurand, or a signal's last events."""
    newest = newest_time(connection, kind, device_id)
    if newest is None:
        return []
    table = TABLES[kind]
    query = select(table).where(table.c.device_id == device_id, table.c.time > newest - LATEST_WITHIN)
    if kind is Kind.SIGNAL:
        query = query.order_by(*(column.desc() for column in key_columns(kind))).limit(events_max)
    else:
        columns = LATEST_BY[kind]
        query = query.ext(distinct_on(*columns)).order_by(*columns, table.c.time.desc())
    return list(connection.execute(query).mappings())


def water_history(
    connection: Connection, device_ids: Sequence[str], *, span: TimeRange, buckets: Buckets, limit: int
) -> list[Row]:
    """Return depth and rain of gauges by bucket, device and channel. A bucket without readings is absent, never 0."""
    table = waterlogging_readings
    depth, usable = table.c.depth_mm, is_usable(table.c.depth_mm, table.c.quality)
    query = _by_bucket(table, device_ids, span, buckets, by=(table.c.device_id, table.c.channel)).add_columns(
        func.min(depth).filter(usable).label("depth_mm_min"),
        func.avg(depth).filter(usable).label("depth_mm_avg"),
        func.max(depth).filter(usable).label("depth_mm_max"),
        func.sum(table.c.rain_mm).label("rain_mm"),
        func.count().label("count"),
        func.count().filter(usable).label("usable"),
        func.count().filter(is_unusable(table.c.quality)).label("unusable"),
        func.bit_or(table.c.quality).label("quality"),
    )
    return list(connection.execute(query.limit(limit)).mappings())


def charging_history(
    connection: Connection,
    device_ids: Sequence[str],
    *,
    span: TimeRange,
    buckets: Buckets,
    limit: int,
    names: Sequence[str] | None = None,
) -> list[Row]:
    """Return meter values by bucket, device, connector and sampled name, all or these; of connector states the last."""
    table = meter_values
    value, usable = table.c.value, is_usable(table.c.value, table.c.quality)
    by = (table.c.device_id, table.c.connector_id, table.c.measurand)
    query = _by_bucket(table, device_ids, span, buckets, by=by).add_columns(
        func.avg(value).filter(usable).label("avg"),
        func.min(value).filter(usable).label("min"),
        func.max(value).filter(usable).label("max"),
        func.last(value, table.c.time).filter(usable).label("last"),
        func.last(table.c.status, table.c.time).label("last_status"),
        func.last(table.c.error_code, table.c.time).label("last_error_code"),
        func.count().label("count"),
        func.bit_or(table.c.quality).label("quality"),
    )
    if names is not None:
        query = query.where(table.c.measurand.in_(names))
    return list(connection.execute(query.limit(limit)).mappings())


def signal_history(
    connection: Connection, device_ids: Sequence[str], *, span: TimeRange, buckets: Buckets, limit: int
) -> list[Row]:
    """Return the number of events of each type that a controller logged, by bucket."""
    table = signal_events
    query = _by_bucket(table, device_ids, span, buckets, by=(table.c.device_id, table.c.event_id))
    return list(connection.execute(query.add_columns(func.count().label("count")).limit(limit)).mappings())


HISTORIES = {
    Kind.WATERLOGGING: water_history,
    Kind.CHARGING: charging_history,
    Kind.SIGNAL: signal_history,
}
"""The history function of each kind; all take the same arguments."""


def is_usable(value: Column[Any], quality: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a value was measured and is usable. Other values are excluded, never counted as 0."""
    return value.is_not(None) & (_flags(quality) == 0)


def is_unusable(quality: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a reading carries a flag of `UNUSABLE`."""
    return _flags(quality) != 0


def _by_bucket(
    table: Table, device_ids: Sequence[str], span: TimeRange, buckets: Buckets, *, by: Sequence[Column[Any]]
) -> Select[Any]:
    arguments: list[ColumnElement[Any]] = [literal(buckets.width, Interval), table.c.time]
    if buckets.zone is not None:
        arguments.append(cast(buckets.zone, Text))
    bucket = func.time_bucket(*arguments, type_=DateTime(timezone=True)).label("bucket")
    # by name, because PostgreSQL treats two bound parameters of equal value as different expressions
    grouping = (literal_column("bucket"), *by)
    within = (table.c.device_id.in_(device_ids), *_within(table, span))
    return select(bucket, *by).where(*within).group_by(*grouping).order_by(*grouping)


def _within(table: Table, span: TimeRange) -> list[ColumnElement[bool]]:
    conditions = []
    if span.start is not None:
        conditions.append(table.c.time >= span.start)
    if span.end is not None:
        conditions.append(table.c.time < span.end)
    return conditions


def _flags(quality: Column[Any]) -> ColumnElement[int]:
    """Return the flags of a reading that make its depth unusable."""
    return quality.bitwise_and(cast(int(UNUSABLE), SmallInteger))
