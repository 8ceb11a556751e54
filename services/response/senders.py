"""The thread that sends: an event loop with all channels, fed by the main loop and answering it through a queue."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from rencheng.response.delivery.outbound import OutboundMessage
from rencheng.response.delivery.outcome import Outcome, SendResult
from rencheng.runtime.logs import get_logger
from services.response.channels.channel import Channels

log = get_logger("response")

Results = SimpleQueue[tuple[str, OutboundMessage, SendResult] | None]
"""(lease, message, result) of ended attempts; None wakes the main loop."""

ENDS_WITHIN_S = 5.0
"""How long the end waits for attempts. What is cut short is doubtful."""


class Senders:
    """Sends messages at the same time, each in a task of its own.

    Args:
        channels: how each kind is sent.
        results: takes (lease, message, result) of each ended attempt.
        close: closes what the channels keep open, at the end.
    """

    def __init__(
        self,
        channels: Channels,
        results: Results,
        close: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        self._channels = channels
        self._results = results
        self._close = close
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="senders", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Wait for attempts that are under way, and end the thread."""
        self.finish()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(ENDS_WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ENDS_WITHIN_S)

    def send(self, messages: list[tuple[str, OutboundMessage]], results: Results | None = None) -> None:
        """Begin to send messages, each under the name of its lease. The results go to a queue of the caller, if any."""
        self._loop.call_soon_threadsafe(self._begin, messages, results or self._results)

    def finish(self) -> None:
        """Wait for attempts that are under way, for a bounded time."""
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(ENDS_WITHIN_S + 1)

    def _begin(self, messages: list[tuple[str, OutboundMessage]], results: Results) -> None:
        for lease, message in messages:
            task = self._loop.create_task(self._attempt(lease, message, results))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, lease: str, message: OutboundMessage, results: Results) -> None:
        try:
            result = await self._channels.send(message)
        except Exception as error:
            log.exception("channel failed", kind=message.kind.value, method=message.method_id)
            result = SendResult(Outcome.DOUBTFUL, detail=f"the channel failed: {type(error).__name__}")
        results.put((lease, message, result))

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=ENDS_WITHIN_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()
