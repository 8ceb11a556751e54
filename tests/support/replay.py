"""Messages processed as by ingest, and the account that they leave."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.message import ReceivedMessage
from rencheng.intake import admit
from rencheng.store.registry.devices import load_directory, register
from services.ingest.processing.writer import Writer

REGION = "370102"
NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)
LIMITS = ClockLimits()
TABLES = (
    "waterlogging_readings",
    "quarantine",
    "quarantine_drops",
    "ingest_counts",
    "ingest_progress",
    "devices",
    "audit",
)


def add_device(database: Engine, *devices: Device) -> None:
    with database.begin() as connection:
        register(connection, [(device, None) for device in devices])


def message(payload: bytes, device: str = "G1", *, region: str = REGION, second: int = 0) -> ReceivedMessage:
    topic = f"rencheng/v1/{region}/waterlogging/{device}/telemetry"
    return ReceivedMessage(topic, payload, NOON + timedelta(seconds=second))


def sample(second: int = 0, depth_mm: float = 5.0) -> bytes:
    time = (NOON - timedelta(seconds=second)).isoformat()
    return b'{"time": "%s", "depth_mm": %s}' % (time.encode(), str(depth_mm).encode())


def ingest(database: Engine, *messages: ReceivedMessage) -> int:
    """Process messages as a writer does, and return the number of readings that it counts as received."""
    with database.connect() as connection:
        directory = load_directory(connection)
    batch = [admit(message, directory, LIMITS) for message in messages]
    Writer(database, name="rencheng-ingest-0", stop=threading.Event()).write(batch, received_through=NOON)
    return sum(admitted.count for admitted in batch)


def rows(database: Engine, query: str) -> Sequence[Any]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def check_account(database: Engine, received: int) -> tuple[int, int, int]:
    """Check that the account adds up and equals the rows. Return (stored, duplicate, quarantined)."""
    [(stored, duplicate, quarantined, unpacked)] = rows(
        database,
        "SELECT coalesce(sum(stored), 0)::int, coalesce(sum(duplicate), 0)::int, coalesce(sum(quarantined), 0)::int,"
        " coalesce(sum(unpacked), 0)::int FROM ingest_counts",
    )
    [(found,)] = rows(database, "SELECT count(*) FROM waterlogging_readings")
    [(waiting,)] = rows(database, "SELECT coalesce(sum(times), 0)::int FROM quarantine WHERE replayed_at IS NULL")
    [(dropped,)] = rows(database, "SELECT coalesce(sum(readings), 0)::int FROM quarantine_drops")

    assert received + unpacked == stored + duplicate + quarantined
    assert stored == found
    assert quarantined == waiting + dropped
    return stored, duplicate, quarantined


def open_ids(database: Engine) -> list[int]:
    query = "SELECT quarantine_id FROM quarantine WHERE replayed_at IS NULL ORDER BY quarantine_id"
    return [row[0] for row in rows(database, query)]
