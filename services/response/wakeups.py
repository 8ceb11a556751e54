"""The thread that wakes the main loop when something was decided or enqueued."""

from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.response.wakeups import wait_for_wakeup

if TYPE_CHECKING:
    from queue import SimpleQueue

log = get_logger("response")

RETRY_S = 1.0


class WakeUps:
    """Puts None into a queue at each notification. Without the database the main loop still turns each second."""

    def __init__(self, database_url: str, queue: "SimpleQueue[Any]") -> None:
        self._engine = open_database(database_url, name="rencheng-response-wakeups", connections_max=1)
        self._queue = queue
        self._stop = Event()
        self._thread = Thread(target=self._run, name="wakeups", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with translate_errors():
                    wait_for_wakeup(self._engine, lambda: self._queue.put(None), self._stop)
            except StoreUnavailable:
                self._stop.wait(RETRY_S)
            except Exception:
                log.exception("listening failed, starting again")
                self._stop.wait(RETRY_S)
