"""Ingest as a real process, and what it stored."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from rencheng.runtime.service_process import READY_TIMEOUT_S, ServiceProcess
from tests.support.roles import for_module

GAUGES = tuple(f"G{number}" for number in range(1, 6))


class IngestProcess(ServiceProcess):
    """A receiver in a process of its own."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__("services.ingest", log, for_module(environment, "services.ingest"))

    def start(self, *, until: str | None = "subscribed", within_s: float = READY_TIMEOUT_S) -> None:
        """Start, and wait for the subscription: before the first one the broker keeps nothing for ingest."""
        super().start(until=until, within_s=within_s)


def sample(seconds_ago: float = 0, depth_mm: float | None = 12.5) -> dict[str, object]:
    """Return a gauge's payload."""
    time = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"time": time.isoformat(), "depth_mm": depth_mm}


def scalar(database: Engine, query: str) -> Any:
    with database.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def counts(database: Engine) -> tuple[int, int, int]:
    """Return (stored, duplicate, quarantined) by the counts table."""
    query = (
        "SELECT coalesce(sum(stored), 0), coalesce(sum(duplicate), 0), coalesce(sum(quarantined), 0) FROM ingest_counts"
    )
    with database.connect() as connection:
        stored, duplicate, quarantined = connection.execute(text(query)).one()
    return int(stored), int(duplicate), int(quarantined)
