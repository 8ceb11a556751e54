"""The account: stored, duplicate and quarantined readings, counted in the transaction that writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from rencheng.store.schema.account_tables import ingest_counts, ingest_progress
from rencheng.store.schema.tables import devices, meter_values, signal_events, waterlogging_readings


@dataclass(slots=True)
class ReadingCounts:
    """Numbers of readings by result: received + unpacked = stored + duplicate + quarantined + in flight.

    `unpacked` is the number that replays added: an undecodable message counts as one reading on receipt, and its replay
    may find more, or none in a device state. A replay moves readings, so its `quarantined` is negative.
    """

    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    unpacked: int = 0

    @property
    def total(self) -> int:
        """The number of readings with a result."""
        return self.stored + self.duplicate + self.quarantined

    def __add__(self, other: "ReadingCounts") -> "ReadingCounts":
        """Return the sum of both."""
        return ReadingCounts(
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            self.unpacked + other.unpacked,
        )


# Literal SQL, because ingest executes it with every batch, and building it would take as long as executing it.
_COUNT = """
INSERT INTO ingest_counts (day, writer, world, kind, stored, duplicate, quarantined, unpacked)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (day, writer, world, kind) DO UPDATE SET
    stored = ingest_counts.stored + excluded.stored,
    duplicate = ingest_counts.duplicate + excluded.duplicate,
    quarantined = ingest_counts.quarantined + excluded.quarantined,
    unpacked = ingest_counts.unpacked + excluded.unpacked
"""
_PROGRESS = """
INSERT INTO ingest_progress (writer, started_at, seen_at, committed_through, last_row_at)
VALUES (%s, %s, clock_timestamp(), %s, CASE WHEN %s THEN clock_timestamp() END) ON CONFLICT (writer) DO UPDATE SET
    started_at = excluded.started_at,
    seen_at = excluded.seen_at,
    committed_through = excluded.committed_through,
    last_row_at = coalesce(excluded.last_row_at, ingest_progress.last_row_at)
"""


def count(connection: Connection, writer: str, at: datetime, counts: Mapping[tuple[str, str], ReadingCounts]) -> None:
    """Add to a writer's account, by (world, kind)."""
    if not counts:
        return
    day = at.astimezone(UTC).date()
    for (world, kind), added in sorted(counts.items()):
        values = (added.stored, added.duplicate, added.quarantined, added.unpacked)
        connection.exec_driver_sql(_COUNT, (day, writer, world, kind, *values))


def totals(connection: Connection, world: str) -> ReadingCounts:
    """Return the sums of one world since its beginning."""
    columns = [ingest_counts.c[name] for name in ("stored", "duplicate", "quarantined", "unpacked")]
    row = connection.execute(
        select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(ingest_counts.c.world == world)
    ).one()
    return ReadingCounts(*(int(value) for value in row))


def record_progress(
    connection: Connection, writer: str, *, started_at: datetime, committed_through: datetime, rows: bool
) -> None:
    """Record that the writer is running and has committed everything received up to `committed_through`.

    The health check reads this: it requires recent commits, not only a running process.
    """
    connection.exec_driver_sql(_PROGRESS, (writer, started_at, committed_through, rows))


def lock_writer(connection: Connection, writer: str) -> None:
    """Wait for other transactions of this writer, and lock them out until this one ends.

    There may be one of a former process, or one of this process whose commit got no response.
    """
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"ingest {writer}",))


def has_progressed(connection: Connection, writer: str, *, started_at: datetime, committed_through: datetime) -> bool:
    """Return whether the writer's progress is exactly this, so that the transaction that recorded it is committed.

    `pg_xact_status` cannot be used, because PostgreSQL may reuse the id of a lost transaction after a crash.
    """
    query = select(ingest_progress.c.writer).where(
        ingest_progress.c.writer == writer,
        ingest_progress.c.started_at == started_at,
        ingest_progress.c.committed_through == committed_through,
    )
    return connection.execute(query).first() is not None


def stored_rows(connection: Connection, world: str) -> int:
    """Return the number of readings of one world's devices in the three tables, as an independent check of `totals`."""
    of_world = select(devices.c.device_id).where(devices.c.world == world)
    counts = [
        select(func.count()).select_from(table).where(table.c.device_id.in_(of_world)).scalar_subquery()
        for table in (waterlogging_readings, signal_events, meter_values)
    ]
    return sum(connection.execute(select(*counts)).one())
