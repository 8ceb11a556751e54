"""Ingest as a real process, and what it stored."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from tests.support.polling import eventually

GAUGES = tuple(f"G{number}" for number in range(1, 6))


@dataclass
class IngestProcess:
    """A receiver in a process of its own."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start, and wait for the subscription: before the first one the broker keeps nothing for ingest."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "services.ingest"], env=self.environment, stderr=log)
        eventually(lambda: b"subscribed" in self.log.read_bytes())

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=20)


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
