"""Write the heartbeat of a process from a thread with a connection of its own.

The main loop is never delayed by it, and a main loop that stands still is seen. Figures:

| figure | of | meaning |
| --- | --- | --- |
| `turn_age_s` | all | seconds since the main loop last turned |
| `lag_s` | ingest, alerts | the age of the oldest message that is received and not committed or evaluated |
| `waiting` | ingest, alerts | messages in the inbox |
| `waiting_bytes` | ingest | payload received and not committed, bytes |
| `disconnected_s` | ingest, alerts | seconds without a connection to the broker |
| `unloaded_s` | alerts | seconds without devices and sites |
| `undelivered`, `undelivered_s` | alerts | due messages that the broker has not acknowledged; the age of the oldest |
| `committed_through` | ingest | everything received until then is committed, Unix time |
| `fault_…` | watch | faults that exist, by kind |
| `no_alarm_s` | watch | seconds for which the outside alarm could not be reached |
| `evaluated_through` | alerts | everything received until then is evaluated, Unix time |
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.heartbeat import HEARTBEAT_EVERY_S, Part
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.store.accounting.heartbeats import record_heartbeat
from rencheng.store.core.database import open_database, translate_errors

log = get_logger("heartbeat")

Figures = Mapping[str, float | None]

STOP_WITHIN_S = 3.0
"""The longest wait for the last heartbeat at the end."""


class TurnClock:
    """When a loop last turned; its thread writes it, the heartbeat's thread reads it."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._turned_s = clock.monotonic_s()

    def turned(self) -> None:
        """Note one more turn."""
        self._turned_s = self._clock.monotonic_s()

    @property
    def age_s(self) -> float:
        """Seconds since the last turn."""
        return self._clock.monotonic_s() - self._turned_s


class HeartbeatWriter(AbstractContextManager["HeartbeatWriter"]):
    """Writes heartbeats while the block runs, and a last one at its end. While the database is away it waits.

    Args:
        database_url: the database.
        part: of the platform.
        instance: of several processes of this part; stable across restarts.
        figures: what the process says of its work; called from the thread.
        every_s: the interval.
    """

    def __init__(
        self,
        database_url: str,
        part: Part,
        instance: str = "0",
        figures: Callable[[], Figures] = dict,
        *,
        every_s: float = HEARTBEAT_EVERY_S,
    ) -> None:
        self._engine = open_database(database_url, name=f"rencheng-{part}-heartbeat", connections_max=1)
        self._part = part
        self._instance = instance
        self._figures = figures
        self._every_s = every_s
        self._started_at = SYSTEM_CLOCK.now()
        self._stop = threading.Event()
        self._has_failed = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Write the last heartbeat, unless the database does not answer."""
        self._stop.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._write(has_stopped=False)
            self._stop.wait(self._every_s)
        self._write(has_stopped=True)
        self._engine.dispose()

    def _write(self, *, has_stopped: bool) -> None:
        try:
            with translate_errors(), self._engine.begin() as connection:
                record_heartbeat(
                    connection,
                    self._part,
                    self._instance,
                    started_at=self._started_at,
                    version=software_version(),
                    figures=self._figures(),
                    has_stopped=has_stopped,
                )
            self._has_failed = False
        except StoreUnavailable as error:
            if not self._has_failed:
                log.warning("database away", consequence="no heartbeat is written", why=str(error))
            self._has_failed = True
        except Exception:
            if not self._has_failed:
                log.exception("no heartbeat is written")
            self._has_failed = True


def software_version() -> str:
    """Return the version of the installed software; `unknown` if it is not installed as a package."""
    try:
        return version("rencheng")
    except PackageNotFoundError:
        return "unknown"
