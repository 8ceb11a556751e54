"""Quality flags of series: the gauges to test, their flags, and the progress of the tests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Text, delete, select, tuple_, values
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.store.schema.quality_tables import series_flags, series_states
from rencheng.store.schema.tables import devices, waterlogging_readings

ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class SeriesProgress:
    """The progress of a gauge's tests: its limits profile, the time evaluated (None: not begun), the tests' state."""

    device_id: str
    gauge: str
    evaluated_through: datetime | None
    channels: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeriesFlag:
    """The flags of one reading, with the key of the reading. Empty flags withdraw earlier ones."""

    device_id: str
    channel: int
    time: datetime
    flags: Quality


def gauges_in_service(connection: Connection) -> list[SeriesProgress]:
    """Return the gauges in service with the progress of their tests."""
    query = (
        select(devices.c.device_id, devices.c.gauge, series_states.c.evaluated_through, series_states.c.channels)
        .outerjoin(series_states, series_states.c.device_id == devices.c.device_id)
        .where(devices.c.kind == Kind.WATERLOGGING.value, devices.c.retired_at.is_(None))
        .order_by(devices.c.device_id)
    )
    return [
        SeriesProgress(row.device_id, row.gauge, row.evaluated_through, row.channels or {})
        for row in connection.execute(query)
    ]


def samples(
    connection: Connection, after: Mapping[str, datetime], until: datetime
) -> Iterator[tuple[str, int, datetime, float | None, int]]:
    """Yield (device, channel, time, depth_mm, quality) of each gauge after its own time, up to `until`, by time.

    Readings without a depth (rain only) are left out.
    """
    wanted = values(Column("device_id", Text), Column("after", DateTime(timezone=True)), name="wanted").data(
        list(after.items())
    )
    table = waterlogging_readings
    missing = table.c.quality.op("&")(int(Quality.MISSING)) != 0
    query = (
        select(table.c.device_id, table.c.channel, table.c.time, table.c.depth_mm, table.c.quality)
        .join(wanted, (table.c.device_id == wanted.c.device_id) & (table.c.time > wanted.c.after))
        .where(table.c.time <= until, table.c.depth_mm.is_not(None) | missing)
        .order_by(table.c.time, table.c.device_id, table.c.channel)
    )
    for row in connection.execute(query):
        yield row.device_id, row.channel, row.time, row.depth_mm, row.quality


def save_flags(connection: Connection, found: Sequence[SeriesFlag]) -> None:
    """Save the flags of readings. The last entry for a reading counts."""
    newest = {(flag.device_id, flag.time, flag.channel): flag.flags for flag in found}
    flagged = [
        {"device_id": device_id, "time": time, "channel": channel, "flags": int(flags)}
        for (device_id, time, channel), flags in sorted(newest.items())
        if flags
    ]
    cleared = sorted(key for key, flags in newest.items() if not flags)
    key = tuple_(series_flags.c.device_id, series_flags.c.time, series_flags.c.channel)
    for start in range(0, len(cleared), ROWS_AT_ONCE):
        connection.execute(delete(series_flags).where(key.in_(cleared[start : start + ROWS_AT_ONCE])))
    if flagged:
        statement = insert(series_flags)
        changed = {name: statement.excluded[name] for name in ("flags", "evaluated_at")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["device_id", "time", "channel"], set_=changed), flagged
        )


def save_progress(
    connection: Connection, evaluated_through: datetime, channels: Mapping[str, Mapping[str, Any]]
) -> None:
    """Save the time evaluated and the tests' state of each channel."""
    if not channels:
        return
    statement = insert(series_states)
    changed = {name: statement.excluded[name] for name in ("evaluated_through", "channels")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["device_id"], set_=changed),
        [
            {"device_id": device_id, "evaluated_through": evaluated_through, "channels": dict(states)}
            for device_id, states in sorted(channels.items())
        ],
    )


def flags_of(connection: Connection, device_id: str, *, start: datetime, end: datetime) -> list[SeriesFlag]:
    """Return the flags of a gauge's readings in [start, end), in order of time."""
    table = series_flags
    query = (
        select(table.c.device_id, table.c.channel, table.c.time, table.c.flags)
        .where(table.c.device_id == device_id, table.c.time >= start, table.c.time < end)
        .order_by(table.c.time, table.c.channel)
    )
    return [SeriesFlag(row.device_id, row.channel, row.time, Quality(row.flags)) for row in connection.execute(query)]


def delete_flags(connection: Connection, *, before: datetime) -> int:
    """Delete the flags of readings before a time, and return their number."""
    return connection.execute(delete(series_flags).where(series_flags.c.time < before)).rowcount
