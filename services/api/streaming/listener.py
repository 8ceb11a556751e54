"""The thread that listens to the database for all streams, and hands on what is settled, in order."""

import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import Protocol

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.warnings import stream
from rencheng.store.warnings.stream import StreamEvent, StreamTail

log = get_logger("api")

LOOK_S = 1.0
"""How long a lost word of the database (NOTIFY) can delay a message: without it we look as often as this."""

SETTLING_S = 0.2
"""How often to look while somebody is in the middle of writing a message."""

KEYS_S = 2.0
"""How often the keys of open streams are looked at: a revoked one ends its streams within this time."""

RETRY_S = 1.0
"""How long to leave a database alone that was away."""

PAGE = 200
"""How many messages are read at once."""


class StreamReceiver(Protocol):
    """Who is told. Calls come from the thread, in order."""

    def take(self, told: Sequence[StreamEvent], settled: int) -> None:
        """Here are the messages up to this id; at first, and when the database is back, there may be none."""

    def miss(self) -> None:
        """The database is away."""

    def refuse(self, key_ids: frozenset[str]) -> None:
        """These keys are no longer in force."""

    def key_ids(self) -> frozenset[str]:
        """Which keys to look at."""


class StreamListener:
    """Listens from `start` until `stop`, whatever happens to the database meanwhile."""

    def __init__(self, database_url: str, listener: StreamReceiver) -> None:
        self._engine = open_database(database_url, name="rencheng-api-stream", connections_max=1)
        self._listener = listener
        self._position: int | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="ear", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer."""
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
                    log.warning("database away, streams wait", why=str(away))
            except Exception:
                log.exception("the ear of the streams failed, and begins anew")
            if not self._stop.is_set():
                was_away = True
                self._listener.miss()
                self._stop.wait(RETRY_S)

    def _follow(self, tail: StreamTail) -> None:
        is_first, keys_at = True, 0.0
        while not self._stop.is_set():
            settled = tail.poll()
            if settled is not None:
                self._hand_on(tail, settled, is_first=is_first)
                is_first = False
            if time.monotonic() >= keys_at:
                keys_at = time.monotonic() + KEYS_S
                self._look_at_keys(tail)
            tail.wait(SETTLING_S if tail.is_waiting else LOOK_S)

    def _hand_on(self, tail: StreamTail, settled: int, *, is_first: bool) -> None:
        """What is settled and was not handed on yet, page by page. The very first time: where the record ends."""
        if self._position is None:
            self._position = settled
        while self._position < settled:
            told = tail.read(after=self._position, through=settled, limit=PAGE)
            self._position = told[-1].event_id if len(told) == PAGE else settled
            self._listener.take(told, self._position)
            is_first = False
        if is_first:
            self._listener.take((), self._position)

    def _look_at_keys(self, tail: StreamTail) -> None:
        if asked := self._listener.key_ids():
            refused = asked - tail.keys_in_force(asked)
            if refused:
                self._listener.refuse(refused)
