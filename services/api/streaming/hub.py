"""What all streams share: their seats, the newest messages, and the word that there are more.

Everything here happens on the event loop, but for the four words that the ear's thread says, which are handed over to
it. A stream that is further behind than what is at hand reads page by page from the database.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import dropwhile

from starlette.concurrency import run_in_threadpool

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.access.api_keys import Key
from rencheng.store.core.sessions import Database
from rencheng.store.warnings import stream
from rencheng.store.warnings.stream import StreamEvent
from services.api.http.errors import TooManyStreams
from services.api.streaming.listener import PAGE, StreamListener

AT_HAND = 500
"""How many of the newest messages are kept in memory."""

PATIENCE_S = 10.0
"""How long a new stream waits for the first look at the database."""


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """A message, and its text in a stream, put together once for all streams."""

    told: StreamEvent
    text: bytes

    @classmethod
    def of(cls, told: StreamEvent) -> "StreamMessage":
        """Dress it."""
        data = json.dumps(told.document, ensure_ascii=False, separators=(",", ":"))
        return cls(told, f"id: {told.event_id}\nevent: warning\ndata: {data}\n\n".encode())


class Subscription:
    """A stream's place, held as long as it is open."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._ended: str | None = None

    @property
    def ended(self) -> str | None:
        """Why the stream must end, once it must. An expiry counts also while the database is away."""
        if self.key.expires_at and self.key.expires_at <= datetime.now(UTC):
            return "the key has expired"
        return self._ended

    def end(self, why: str) -> None:
        """Ask the stream to end."""
        self._ended = self._ended or why


class StreamHub:
    """The streams' common ground."""

    def __init__(self, database_url: str, database: Database, *, streams_max: int) -> None:
        self._listener = StreamListener(database_url, _LoopBridge(self))
        self._database = database
        self._streams_max = streams_max
        self._subscriptions: set[Subscription] = set()
        self._at_hand: deque[StreamMessage] = deque()
        self._complete_after = 0
        self._closing = False
        self.key_ids: frozenset[str] = frozenset()
        self.high_water_mark: int | None = None
        self.is_away = False
        self.changed = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to listen."""
        self.loop = asyncio.get_running_loop()
        self._listener.start()

    def end_streams(self) -> None:
        """Ask all streams to end, and let no new one begin."""
        self._closing = True
        self._end(lambda _seat: True, "the server is stopping; come back in a moment")

    async def stop(self) -> None:
        """Listen no longer."""
        await run_in_threadpool(self._listener.stop)

    @contextmanager
    def subscribe(self, key: Key) -> Iterator[Subscription]:
        """A place for a stream.

        Raises:
            TooManyStreams: all are taken.
        """
        if self._closing or len(self._subscriptions) >= self._streams_max:
            raise TooManyStreams(f"{self._streams_max} streams are open, and there may be no more. Try again later.")
        seat = Subscription(key)
        self._subscriptions.add(seat)
        self._note_keys()
        try:
            yield seat
        finally:
            self._subscriptions.discard(seat)
            self._note_keys()

    async def now(self) -> int:
        """The id after which everything is still to come.

        Raises:
            StoreUnavailable: nobody knows, because the database is away.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.high_water_mark is None:
                    await self.changed.wait()
        if self.high_water_mark is None:
            raise StoreUnavailable("the end of the record has not been seen yet")
        return self.high_water_mark

    async def newest_drawn(self) -> int:
        """The highest id that was ever given out."""

        def ask() -> int:
            with self._database.read() as connection:
                return stream.newest_drawn(connection)

        return await run_in_threadpool(ask)

    async def after(self, position: int) -> tuple[Sequence[StreamMessage], int]:
        """The next messages after an id, and the id to go on from.

        Raises:
            StoreUnavailable: they are to be read from the database, and it is away.
        """
        settled = self.high_water_mark
        if settled is None or position >= settled:
            return (), position
        if position >= self._complete_after:
            return tuple(dropwhile(lambda message: message.told.event_id <= position, self._at_hand)), settled
        told = await run_in_threadpool(self._read_page, position, settled)
        return tuple(map(StreamMessage.of, told)), told[-1].event_id if len(told) == PAGE else settled

    def take(self, told: Sequence[StreamEvent], settled: int) -> None:
        """The ear has heard more."""
        if self.high_water_mark is None:
            self._complete_after = settled
        self._at_hand.extend(map(StreamMessage.of, told))
        while len(self._at_hand) > AT_HAND:
            self._complete_after = self._at_hand.popleft().told.event_id
        self.high_water_mark, self.is_away = settled, False
        self._wake()

    def miss(self) -> None:
        """The ear hears nothing, for the database is away."""
        if not self.is_away:
            self.is_away = True
            self._wake()

    def refuse(self, key_ids: frozenset[str]) -> None:
        """These keys are no longer in force."""
        self._end(lambda seat: seat.key.key_id in key_ids, "the key is no longer in force")

    def _read_page(self, position: int, settled: int) -> Sequence[StreamEvent]:
        with self._database.read() as connection:
            return stream.read(connection, after=position, through=settled, limit=PAGE)

    def _end(self, whose: Callable[[Subscription], bool], why: str) -> None:
        for seat in filter(whose, self._subscriptions):
            seat.end(why)
        self._wake()

    def _note_keys(self) -> None:
        self.key_ids = frozenset(seat.key.key_id for seat in self._subscriptions)

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class _LoopBridge:
    """Carries the ear's words from its thread to the event loop."""

    def __init__(self, live: StreamHub) -> None:
        self._live = live

    def take(self, told: Sequence[StreamEvent], settled: int) -> None:
        self._post(lambda: self._live.take(told, settled))

    def miss(self) -> None:
        self._post(self._live.miss)

    def refuse(self, key_ids: frozenset[str]) -> None:
        self._post(lambda: self._live.refuse(key_ids))

    def key_ids(self) -> frozenset[str]:
        return self._live.key_ids  # replaced as a whole, never changed

    def _post(self, word: Callable[[], None]) -> None:
        assert self._live.loop is not None  # noqa: S101 - the ear is started with it
        with suppress(RuntimeError):  # the loop ended first: there are no streams any more
            self._live.loop.call_soon_threadsafe(word)
