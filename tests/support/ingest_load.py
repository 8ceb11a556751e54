"""Devices that publish until told to stop, and the audit afterwards: by key, not by count alone."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from tests.support.device_client import DeviceClient
from tests.support.ingest import IngestProcess, counts
from tests.support.polling import eventually

Key = tuple[str, datetime]
PER_SECOND = 1000


class Load:
    """Readings with QoS 1: at most a thousand a second, or `per_second` on average, made up for after a pause."""

    def __init__(self, senders: Sequence[DeviceClient], *, per_second: float | None = None) -> None:
        self._per_second = per_second
        self.published: set[Key] = set()
        self._waiting: list[Any] = []
        self._senders = senders
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the broker has everything."""
        self._stop.set()
        self._thread.join()
        # not `is_published`: what was posted while the broker was away is an error to it, and is sent all the same
        eventually(lambda: all(sent._published for sent in self._waiting), expected=True, within_s=40)

    def wait_for(self, more: int) -> None:
        """Until so many more are published."""
        goal = len(self.published) + more
        eventually(lambda: len(self.published) >= goal, expected=True)

    def _run(self) -> None:
        first = datetime.now(UTC) - timedelta(hours=3)
        begins_s = time.monotonic()
        for number in itertools.count():
            pause_s = 1 / PER_SECOND
            if self._per_second is not None:
                pause_s = max(begins_s + number / self._per_second - time.monotonic(), 0)
            if self._stop.wait(pause_s):
                return
            sender, at = self._senders[number % len(self._senders)], first + timedelta(milliseconds=number)
            self._waiting.append(sender.post({"time": at.isoformat(), "depth_mm": float(number % 50)}))
            self.published.add((sender.name, at))


@contextmanager
def under_load(senders: Sequence[DeviceClient]) -> Iterator[Load]:
    load = Load(senders)
    load.start()
    try:
        load.wait_for(300)
        yield load
    finally:
        load.stop()


def stored(database: Engine) -> set[Key]:
    with database.connect() as connection:
        rows = connection.execute(text("SELECT device_id, time FROM waterlogging_readings"))
        return {(row.device_id, row.time) for row in rows}


def audit(database: Engine, published: set[Key], *, within_s: float = 40, quarantined: int = 0) -> None:
    """All that was published is stored, nothing else is, and the account agrees with the rows."""
    database.dispose()  # its connections may be to a server that was restarted
    until = time.monotonic() + within_s
    while (found := stored(database)) != published and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.5)  # what comes twice may still come
    by_account = counts(database)

    assert published - found == set()
    assert found - published == set()
    assert by_account[0] == len(published)
    assert by_account[2] == quarantined


def memory_mb(ingest: IngestProcess) -> float:
    status = Path(f"/proc/{ingest.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def disconnects(ingest: IngestProcess) -> int:
    """Return how often the receiver lost its connection to the broker."""
    return ingest.output().count('"connected": false')
