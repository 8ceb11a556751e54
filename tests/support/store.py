"""Constants and helpers for tests of the store."""

from datetime import UTC, datetime

from sqlalchemy import Engine, text

from rencheng.domain.reading import WaterReading
from rencheng.store.readings.merge import ReceivedReading

REGION = "370102"
NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)
TABLES = ("waterlogging_readings", "signal_events", "meter_values")


def arrivals(readings: list[WaterReading], at: datetime = NOON) -> list[ReceivedReading]:
    return [ReceivedReading(reading, at) for reading in readings]


def rows(database: Engine, table: str) -> int:
    with database.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
