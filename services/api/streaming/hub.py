"""The state that all live streams share: subscriptions, the newest messages, and the wake-up when there are more.

All methods run on the event loop. The listener runs in a thread; `_LoopBridge` forwards its calls to the loop. A stream
that is behind the messages in memory reads the older ones from the database, page by page.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import dropwhile

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from rencheng.domain.compact_json import compact_json
from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.metrics.api import LIMITED_REQUESTS, STREAM_CLIENTS, STREAM_LAG
from rencheng.store.core.sessions import Database
from rencheng.store.warnings import stream
from rencheng.store.warnings.stream import StreamEvent
from services.api.auth.principal import Principal
from services.api.http.errors import TooManyStreams, TooManyStreamsOfKey
from services.api.streaming.listener import StreamListener
from services.api.streaming.options import StreamOptions
from services.api.streaming.wakeup import WakeUp


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """A message and its Server-Sent Event, rendered once for all streams."""

    event: StreamEvent
    text: bytes

    @classmethod
    def of(cls, event: StreamEvent) -> "StreamMessage":
        """Render an event."""
        head = f"id: {event.event_id}\nevent: warning\ndata: ".encode()
        return cls(event, head + compact_json(event.document) + b"\n\n")


class Subscription:
    """One open stream and who opened it."""

    def __init__(self, caller: Principal, clock: Clock = SYSTEM_CLOCK) -> None:
        self.caller = caller
        self._clock = clock
        self._end_reason: str | None = None

    @property
    def end_reason(self) -> str | None:
        """Why the stream must end; None while it may go on. A key expires also while the database is away."""
        if self.caller.expires_at and self.caller.expires_at <= self._clock.now():
            return "the key has expired"
        return self._end_reason

    def end(self, reason: str) -> None:
        """Ask the stream to end. The first reason counts."""
        self._end_reason = self._end_reason or reason


class StreamHub:
    """Subscriptions and messages of all live streams."""

    def __init__(
        self,
        database_url: str,
        database: Database,
        options: StreamOptions,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.options = options
        self.clock = clock
        self.wake_up = WakeUp()
        self.key_ids: frozenset[str] = frozenset()
        self.high_water_mark: int | None = None
        self.is_away = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self._listener = StreamListener(database_url, _LoopBridge(self), options, clock)
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self._cached: deque[StreamMessage] = deque()
        self._complete_after = 0
        self._is_closing = False
        self._readers: CapacityLimiter | None = None  # it belongs to the event loop

    def start(self) -> None:
        """Start the listener."""
        self.loop = asyncio.get_running_loop()
        self._readers = CapacityLimiter(self.options.catch_up_readers)
        self._listener.start()

    def end_streams(self) -> None:
        """Ask all streams to end, and accept no new ones."""
        self._is_closing = True
        self._end(lambda _subscription: True, "the server is stopping; reconnect in a moment")

    async def stop(self) -> None:
        """Stop the listener."""
        await run_in_threadpool(self._listener.stop)

    @contextmanager
    def subscribe(self, caller: Principal) -> Iterator[Subscription]:
        """Register a stream for the length of the block.

        Raises:
            TooManyStreams: the limit is reached, or the server is stopping.
            TooManyStreamsOfKey: the limit of the key is reached.
        """
        self._check_limits(caller)
        subscription = Subscription(caller, self.clock)
        self._subscriptions.add(subscription)
        self._note_subscriptions()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self._note_subscriptions()

    def _check_limits(self, caller: Principal) -> None:
        options = self.options
        of_key = sum(each.caller.credential_id == caller.credential_id for each in self._subscriptions)
        if of_key >= options.streams_per_key:
            LIMITED_REQUESTS.labels("streams").inc()
            raise TooManyStreamsOfKey(
                f"This key has {of_key} open streams, which is the limit. Close one, or share one among your clients."
            )
        available = options.streams_max - (int(options.streams_max * options.reserved) if of_key else 0)
        if self._is_closing or len(self._subscriptions) >= available:
            LIMITED_REQUESTS.labels("streams").inc()
            raise TooManyStreams(f"The limit of {available} open streams is reached. Try again later.")

    async def newest_settled(self) -> int:
        """Return the id up to which the record is settled.

        Raises:
            StoreUnavailable: the database was away since the start.
        """
        until_s = self.clock.monotonic_s() + self.options.first_poll_wait_s
        while self.high_water_mark is None:
            version, left_s = self.wake_up.version, until_s - self.clock.monotonic_s()
            if left_s <= 0:
                raise StoreUnavailable("the database has not been polled yet")
            await self.wake_up.wait_for_change(version, left_s)
        return self.high_water_mark

    async def newest_drawn(self) -> int:
        """Return the highest id that was ever given out."""

        def query() -> int:
            with self._database.read() as connection:
                return stream.newest_drawn(connection)

        return await run_in_threadpool(query)

    async def read_after(self, position: int) -> tuple[Sequence[StreamMessage], int]:
        """Return the next messages after an id, and the id to continue from.

        Raises:
            StoreUnavailable: the messages are not in memory, and the database is away.
        """
        settled = self.high_water_mark
        if settled is None or position >= settled:
            return (), position
        if position >= self._complete_after:
            return tuple(dropwhile(lambda message: message.event.event_id <= position, self._cached)), settled
        read_page = partial(self._read_page, position, settled)
        events = await to_thread.run_sync(read_page, limiter=self._readers)
        is_full = len(events) == self.options.catch_up_messages
        return tuple(map(StreamMessage.of, events)), events[-1].event_id if is_full else settled

    def publish(self, events: Sequence[StreamEvent], settled: int) -> None:
        """Add the settled messages up to an id, and wake all streams."""
        if self.high_water_mark is None:
            self._complete_after = settled
        now = self.clock.now()
        for event in events:
            STREAM_LAG.observe(max(0.0, (now - event.recorded_at).total_seconds()))
        self._cached.extend(map(StreamMessage.of, events))
        while len(self._cached) > self.options.cached_messages:
            self._complete_after = self._cached.popleft().event.event_id
        self.high_water_mark, self.is_away = settled, False
        self.wake_up.notify()

    def report_outage(self) -> None:
        """Note that the database is away, and wake all streams."""
        if not self.is_away:
            self.is_away = True
            self.wake_up.notify()

    def end_streams_of(self, key_ids: frozenset[str]) -> None:
        """End the streams of keys that are no longer in force."""
        self._end(lambda subscription: subscription.caller.credential_id in key_ids, "the key is no longer in force")

    def _read_page(self, position: int, settled: int) -> Sequence[StreamEvent]:
        with self._database.read() as connection:
            return stream.read(connection, after=position, through=settled, limit=self.options.catch_up_messages)

    def _end(self, is_meant: Callable[[Subscription], bool], reason: str) -> None:
        for subscription in filter(is_meant, self._subscriptions):
            subscription.end(reason)
        self.wake_up.notify()

    def _note_subscriptions(self) -> None:
        self.key_ids = frozenset(subscription.caller.credential_id for subscription in self._subscriptions)
        STREAM_CLIENTS.set(len(self._subscriptions))


class _LoopBridge:
    """Forwards the calls of the listener's thread to the event loop."""

    def __init__(self, hub: StreamHub) -> None:
        self._hub = hub

    def publish(self, events: Sequence[StreamEvent], settled: int) -> None:
        self._call(lambda: self._hub.publish(events, settled))

    def report_outage(self) -> None:
        self._call(self._hub.report_outage)

    def end_streams_of(self, key_ids: frozenset[str]) -> None:
        self._call(lambda: self._hub.end_streams_of(key_ids))

    def key_ids(self) -> frozenset[str]:
        return self._hub.key_ids  # safe across threads: the set is replaced, never changed

    def _call(self, function: Callable[[], None]) -> None:
        assert self._hub.loop is not None  # noqa: S101 - set before the listener starts
        with suppress(RuntimeError):  # the loop has ended, and with it all streams
            self._hub.loop.call_soon_threadsafe(function)
