"""Ask the database for the platform's health, within a deadline and without the shared pool of threads and connections.

One question at a time: who asks meanwhile gets the answer of the one under way. So a database that hangs costs one
thread and one connection, however many ask.
"""

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.heartbeat import PartCondition, PartState
from rencheng.domain.part_rules import without_database
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics.api import PART_STATE
from rencheng.store.accounting.health import PlatformCondition, platform_condition
from rencheng.store.core.sessions import Database

log = get_logger("api")

ANSWER_WITHIN_S = 1.5
"""The longest wait for the database, so that `/health` answers within two seconds."""

HANGS_AFTER_S = 5.0
"""A database that has not answered a small question for this long hangs: other requests are rejected at once."""

WATCH_EVERY_S = 2.0

CLOSE_WITHIN_S = 1.0
"""The longest wait for a question that is under way at the end."""


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """The platform's health; `condition` is None if the database did not answer."""

    condition: PlatformCondition | None
    waited_s: float | None = None

    @property
    def parts(self) -> list[PartCondition]:
        """The state of each part."""
        return without_database(self.waited_s) if self.condition is None else list(self.condition.parts)


class HealthProbe:
    """Asks for the platform's health.

    Args:
        url: the database.
        shared: the pools of the other requests; told whether the server hangs.
        clock: the time.
    """

    def __init__(self, url: str, *shared: Database, clock: Clock = SYSTEM_CLOCK) -> None:
        self._database = Database(url, name="rencheng-health", connections_max=1, answer_within_s=float("inf"))
        self._shared = shared
        self._clock = clock
        self._lock = threading.Lock()
        self._running: Future[PlatformCondition | None] | None = None
        self._since_s = 0.0

    async def ask(self, within_s: float = ANSWER_WITHIN_S) -> ProbeAnswer:
        """Return the platform's health, at the latest after `within_s` seconds."""
        running, since_s = self._current()
        left_s = max(0.05, within_s - (self._clock.monotonic_s() - since_s))
        try:
            condition = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(running)), left_s)
        except TimeoutError:
            return ProbeAnswer(None, self._clock.monotonic_s() - since_s)
        return ProbeAnswer(condition)

    async def watch(self) -> None:
        """Ask again and again; note whether the database hangs, and the state of each part for the metrics."""
        before: dict[str, str] = {}
        while True:
            answer = await self.ask(HANGS_AFTER_S)
            for pool in self._shared:
                pool.is_hanging = answer.waited_s is not None and answer.waited_s >= HANGS_AFTER_S
            for one in answer.parts:
                PART_STATE.labels(one.part.value).set(list(PartState).index(one.state))
                if one.state is not PartState.OK and before.get(one.part) != one.state:
                    log.warning("part of the platform", part=one.part, state=one.state, reason=one.reason)
            before = {one.part: one.state for one in answer.parts}
            await asyncio.sleep(WATCH_EVERY_S)

    def close(self) -> None:
        """Close the connection. A thread that still waits for the database ends with the process."""
        self._database.is_hanging = True
        if self._running is not None:
            with suppress(TimeoutError):
                self._running.result(CLOSE_WITHIN_S)
        self._database.close()

    def _current(self) -> tuple[Future[PlatformCondition | None], float]:
        with self._lock:
            if self._running is None or self._running.done():
                self._running, self._since_s = Future(), self._clock.monotonic_s()
                threading.Thread(target=self._read, args=(self._running,), name="health", daemon=True).start()
            return self._running, self._since_s

    def _read(self, result: Future[PlatformCondition | None]) -> None:
        condition = None
        try:
            with suppress(StoreUnavailable), self._database.read() as connection:
                condition = platform_condition(connection)
        except Exception:
            log.exception("health is unknown")
        result.set_result(condition)
