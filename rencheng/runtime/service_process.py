"""A service of the platform in a process of its own: start it, wait for a line of its log, stop it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rencheng.domain.errors import RenchengError

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
POLL_S = 0.02
SHOWN_LINES = 8


class ServiceNotReady(RenchengError):
    """A service ended or did not log an expected line in time. The message has the end of its log."""


class ServiceProcess:
    """One service, run as `python -m MODULE`. As a context it is started at the beginning and stopped at the end.

    Args:
        module: the module to run, such as `services.ingest`.
        log: the file that takes what it prints; None leaves its output where ours goes.
        environment: its environment variables; ours if not given.
        own_session: whether Ctrl-C on the terminal does not reach it, so that only `stop` ends it.
    """

    def __init__(
        self,
        module: str,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        own_session: bool = False,
    ) -> None:
        self.module = module
        self.log = log
        self._environment = dict(os.environ if environment is None else environment)
        self._own_session = own_session
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def __enter__(self) -> Self:
        """Start the service."""
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the service, or kill it if it does not stop in time."""
        if not self.is_running:
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def pid(self) -> int:
        """The process id of the last start."""
        return self._started.pid

    @property
    def is_running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._started.poll()

    def start(self, *, until: str | None = None, within_s: float = READY_TIMEOUT_S) -> None:
        """Start the process. With `until`, wait until its log has this text.

        Raises:
            ServiceNotReady: the text did not come. The process is killed.
        """
        self._log_start = self.log.stat().st_size if self.log is not None and self.log.exists() else 0
        sink: nullcontext[None] | IO[bytes] = nullcontext() if self.log is None else self.log.open("ab")
        with sink as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                env=self._environment,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                start_new_session=self._own_session,
            )
        if until is not None:
            try:
                self.wait_for(until, within_s=within_s)
            except ServiceNotReady:
                self.kill()
                raise

    def wait_for(self, text: str, *, within_s: float = READY_TIMEOUT_S) -> None:
        """Wait until the log has a text since the last start.

        Raises:
            ServiceNotReady: the service ended, or the time is over.
        """
        until_s = time.monotonic() + within_s
        while text not in self.output():
            if not self.is_running or time.monotonic() > until_s:
                raise ServiceNotReady(
                    f"{self.module} did not log {text!r} within {within_s:g} s. "
                    f"The end of {self.log}:\n{self.last_lines()}"
                )
            time.sleep(POLL_S)

    def output(self) -> str:
        """Return what the service has logged since its last start."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode("utf-8", errors="replace")

    def last_lines(self, count: int = SHOWN_LINES) -> str:
        """Return the end of the log."""
        return "\n".join(self.output().splitlines()[-count:])

    def request_stop(self) -> None:
        """Ask the service to end (SIGTERM), without waiting."""
        self._started.terminate()

    def stop(self, *, within_s: float = STOP_TIMEOUT_S) -> int:
        """Ask the service to end and wait. Return its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        self.request_stop()
        return self.wait(within_s=within_s)

    def wait(self, *, within_s: float = STOP_TIMEOUT_S) -> int:
        """Wait until the process has ended. Return its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        return self._started.wait(within_s)

    def kill(self) -> None:
        """Kill the process (SIGKILL) and wait until it is gone."""
        self._started.kill()
        self._started.wait()

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.module} was not started")
        return self._process


def stop_all(services: Sequence[ServiceProcess], *, within_s: float = STOP_TIMEOUT_S) -> None:
    """Ask all services to end at once, wait, and kill those that do not end in time."""
    running = [service for service in services if service.is_running]
    for service in running:
        service.request_stop()
    until_s = time.monotonic() + within_s
    for service in running:
        try:
            service.wait(within_s=max(0.1, until_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            service.kill()
