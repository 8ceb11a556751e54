"""The thread that listens to the database for all streams, and publishes settled messages in order."""

from collections.abc import Sequence
from threading import Event, Thread
from typing import Protocol

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.warnings import stream
from rencheng.store.warnings.stream import StreamEvent, StreamTail
from services.api.streaming.options import StreamOptions

log = get_logger("api")


class StreamReceiver(Protocol):
    """The receiver of the listener's calls. They come from its thread, in order."""

    def publish(self, events: Sequence[StreamEvent], settled: int) -> None:
        """Receive the messages up to a settled id. The first call, and one after an outage, may carry none."""

    def report_outage(self) -> None:
        """Receive the fact that the database is away."""

    def end_streams_of(self, key_ids: frozenset[str]) -> None:
        """Receive the keys that are no longer in force."""

    def key_ids(self) -> frozenset[str]:
        """Return the keys to check."""


class StreamListener:
    """Listens from `start` until `stop`, and reconnects after each outage of the database."""

    def __init__(
        self, database_url: str, receiver: StreamReceiver, options: StreamOptions, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._engine = open_database(database_url, name="rencheng-api-stream", connections_max=1)
        self._receiver = receiver
        self._options = options
        self._clock = clock
        self._position: int | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="stream-listener", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and close the connection."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        was_away = False
        while not self._stop.is_set():
            try:
                with translate_errors(), stream.listening(self._engine) as tail:
                    was_away = False
                    self._follow(tail)
            except StoreUnavailable as away:
                if not was_away:
                    log.warning("database away", consequence="live streams wait", why=str(away))
            except Exception:
                log.exception("stream listener failed, restarting")
            if not self._stop.is_set():
                was_away = True
                self._receiver.report_outage()
                self._stop.wait(self._options.retry_s)

    def _follow(self, tail: StreamTail) -> None:
        is_first, key_check = True, Every(self._options.key_check_s, self._clock)
        while not self._stop.is_set():
            settled = tail.poll()
            if settled is not None:
                self._publish_through(tail, settled, is_first=is_first)
                is_first = False
            if key_check.take():
                self._check_keys(tail)
            tail.wait(self._options.settling_poll_s if tail.is_waiting else self._options.poll_s)

    def _publish_through(self, tail: StreamTail, settled: int, *, is_first: bool) -> None:
        """Publish, page by page, the settled messages that were not published yet. At the start there are none."""
        if self._position is None:
            self._position = settled
        while self._position < settled:
            events = tail.read(after=self._position, through=settled, limit=self._options.page_messages)
            is_full = len(events) == self._options.page_messages
            self._position = events[-1].event_id if is_full else settled
            self._receiver.publish(events, self._position)
            is_first = False
        if is_first:
            self._receiver.publish((), self._position)

    def _check_keys(self, tail: StreamTail) -> None:
        if key_ids := self._receiver.key_ids():
            revoked = key_ids - tail.keys_in_force(key_ids)
            if revoked:
                self._receiver.end_streams_of(revoked)
