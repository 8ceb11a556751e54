"""Ingest as its supervisor sees it: a process with children, killed now and then, and started again at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.throughput.ingest_run import children
from rencheng.store.accounting.writer_count import set_writer_count
from rencheng.store.core.database import Engine

STOP_S = 60.0
START_S = 60.0


class IngestProcesses:
    """Ingest's processes.

    Args:
        environment: what ingest is told.
        log: where it writes.
        number: how many slots it has to begin with.
    """

    def __init__(self, environment: dict[str, str], log: Path, number: int) -> None:
        self._environment = environment | {"RENCHENG_INGEST_WRITERS": f"{number}"}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.receivers_killed = self.writers_killed = 0

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Leave none behind."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start, and wait for the subscription: before a first one stands, the broker keeps nothing for ingest."""
        seen = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.ingest"], env=self._environment, stderr=log
            )
        await_that(lambda: b"connected and subscribed" in self._log.read_bytes()[seen:], within_s=START_S)

    def kill_one(self, lot: int) -> None:
        """Kill -9 the receiving process or one of those that write, by lot. What died is started again."""
        assert self._process  # noqa: S101 - started before
        pids = [self._process.pid, *sorted(_writers(self._process.pid))]
        pid = pids[lot % len(pids)]
        os.kill(pid, signal.SIGKILL)
        if pid == self._process.pid:
            self.receivers_killed += 1
            self._process.wait()
            self._start_again()
        else:
            self.writers_killed += 1

    def set_writers(self, number: int, engine: Engine) -> None:
        """Have it work with so many, as `rencheng writers` does, and wait until they are there."""
        with engine.begin() as connection:
            set_writer_count(connection, number)
        assert self._process  # noqa: S101 - started before
        pid = self._process.pid
        await_that(lambda: len(_writers(pid)) == (number if number > 1 else 0), within_s=START_S)

    def stop(self) -> int:
        """Ask it to end in order; its exit code."""
        assert self._process  # noqa: S101 - started before
        self._process.terminate()
        return self._process.wait(STOP_S)

    def _start_again(self) -> None:
        """As a supervisor does: without waiting for anything."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.ingest"], env=self._environment, stderr=log
            )


def _writers(pid: int) -> list[int]:
    """Those of its children that write; the other one is Python's own, which minds shared resources."""
    found = []
    for child in children(pid):
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
        except OSError:
            continue  # it ended a moment ago
    return found


def await_that(holds: Callable[[], bool], *, within_s: float) -> None:
    """Wait until it does.

    Raises:
        TimeoutError: it did not in time.
    """
    until = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("ingest did not come to what was asked of it")
        time.sleep(0.1)
