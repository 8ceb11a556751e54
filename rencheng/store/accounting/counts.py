"""The account: stored, duplicate and quarantined readings, counted in the transaction that settles them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from rencheng.store.schema.account_tables import ingest_counts, ingest_progress
from rencheng.store.schema.tables import devices, meter_values, signal_events, waterlogging_readings


@dataclass(slots=True)
class ReadingCounts:
    """Readings by what became of them: received + unpacked = stored + duplicate + quarantined + in flight.

    `unpacked` is by how much replays raised the number: a message that could not be read counted one when it was
    received; read at last, it held more (or, a device's state, none). A replay moves: its `quarantined` is below 0.
    """

    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    unpacked: int = 0

    @property
    def total(self) -> int:
        """All that were settled."""
        return self.stored + self.duplicate + self.quarantined

    def __add__(self, other: "ReadingCounts") -> "ReadingCounts":
        """Both together."""
        return ReadingCounts(
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            self.unpacked + other.unpacked,
        )


# Written out, because ingest says them with every batch, and to put them together anew takes as long as they do.
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
    """Add to a worker's account, by (world, kind)."""
    if not counts:
        return
    day = at.astimezone(UTC).date()
    for (world, kind), tally in sorted(counts.items()):
        of_them = (tally.stored, tally.duplicate, tally.quarantined, tally.unpacked)
        connection.exec_driver_sql(_COUNT, (day, writer, world, kind, *of_them))


def totals(connection: Connection, world: str) -> ReadingCounts:
    """What was settled in one world since it began."""
    columns = [ingest_counts.c[name] for name in ("stored", "duplicate", "quarantined", "unpacked")]
    row = connection.execute(
        select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(ingest_counts.c.world == world)
    ).one()
    return ReadingCounts(*(int(value) for value in row))


def record_progress(
    connection: Connection, writer: str, *, started_at: datetime, committed_through: datetime, rows: bool
) -> None:
    """Say that all that this worker had received by `committed_through` is committed, and that it lives.

    Whoever asks whether the platform works asks for this: rows committed lately, not a process that is up.
    """
    connection.exec_driver_sql(_PROGRESS, (writer, started_at, committed_through, rows))


def lock_writer(connection: Connection, writer: str) -> None:
    """Wait until no other transaction of this worker is under way, and keep others out until this one ends.

    One may be: of a process before us, or our own whose commit got no answer.
    """
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"ingest {writer}",))


def has_progressed(connection: Connection, writer: str, *, started_at: datetime, committed_through: datetime) -> bool:
    """Does the worker's progress stand exactly here: is the transaction that recorded it committed?

    The server's own answer (pg_xact_status) would not do: after a crash it gives a lost transaction's
    number away again.
    """
    query = select(ingest_progress.c.writer).where(
        ingest_progress.c.writer == writer,
        ingest_progress.c.started_at == started_at,
        ingest_progress.c.committed_through == committed_through,
    )
    return connection.execute(query).first() is not None


def stored_rows(connection: Connection, world: str) -> int:
    """How many readings of one world's devices the three tables hold: the independent check of `totals`."""
    of_world = select(devices.c.device_id).where(devices.c.world == world)
    counts = [
        select(func.count()).select_from(table).where(table.c.device_id.in_(of_world)).scalar_subquery()
        for table in (waterlogging_readings, signal_events, meter_values)
    ]
    return sum(connection.execute(select(*counts)).one())
