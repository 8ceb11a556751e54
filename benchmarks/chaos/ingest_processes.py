"""Ingest as a supervisor runs it: killed at times, and started again at once."""

import os
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.load.process_tree import children
from benchmarks.load.waiting import wait_until
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.accounting.writer_count import set_writer_count
from rencheng.store.core.database import Engine

STOP_TIMEOUT_S = 60.0
START_TIMEOUT_S = 60.0


class IngestProcesses:
    """Ingest's receiver and writers.

    Args:
        environment: ingest's environment.
        log: its log file.
        writers: how many writers it starts with.
    """

    def __init__(self, environment: dict[str, str], log: Path, writers: int) -> None:
        self._service = ServiceProcess("services.ingest", log, environment | {"RENCHENG_INGEST_WRITERS": f"{writers}"})
        self.receivers_killed = self.writers_killed = 0

    def __enter__(self) -> Self:
        """Start, and wait for the subscription, because before the first one the broker queues nothing for ingest."""
        self._service.start(until="connected and subscribed", within_s=START_TIMEOUT_S)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Kill what still runs."""
        if self._service.is_running:
            self._service.kill()

    def kill_one(self, draw: int) -> None:
        """Kill the receiver or a writer (SIGKILL), chosen by a random number. A killed receiver is started again."""
        pids = [self._service.pid, *sorted(_writers(self._service.pid))]
        pid = pids[draw % len(pids)]
        if pid == self._service.pid:
            self.receivers_killed += 1
            self._service.kill()
            self._service.start()
        else:
            self.writers_killed += 1
            os.kill(pid, signal.SIGKILL)

    def set_writers(self, number: int, engine: Engine) -> None:
        """Set the number of writers, as `rencheng writers` does, and wait until they run."""
        with engine.begin() as connection:
            set_writer_count(connection, number)
        pid, expected = self._service.pid, number if number > 1 else 0
        wait_until(lambda: len(_writers(pid)) == expected, within_s=START_TIMEOUT_S)

    def stop(self) -> int:
        """Stop ingest. Return its exit status."""
        return self._service.stop(within_s=STOP_TIMEOUT_S)


def _writers(pid: int) -> list[int]:
    """Return the children that write. The other child is Python's own resource tracker."""
    found = []
    for child in children(pid):
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue  # it ended a moment ago
    return found
