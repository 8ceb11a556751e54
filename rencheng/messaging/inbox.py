"""A bounded queue between the network thread of a source and the thread that takes its messages."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from rencheng.messaging.source import InboundMessage

BATCH_BYTES_MAX = 4 * 2**20
"""The most payload of one batch, bytes. Buffered uploads are large, and a batch must be committed within seconds."""


class Inbox:
    """A queue with bounds. A message that does not fit stays with the broker, because it is not acknowledged.

    Args:
        messages_max: the most messages held. Above a broker's in-flight window the queue never fills.
        bytes_max: the most payload held, bytes. An empty queue accepts one message of any size.
    """

    def __init__(self, *, messages_max: int = 20_000, bytes_max: int = 32 * 2**20) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages: deque[InboundMessage] = deque()
        self._bytes = 0
        self._times_cleared = 0
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._removed = threading.Condition(self._lock)

    def put(self, messages: Sequence[InboundMessage], *, wait_s: float = 0) -> bool:
        """Add messages in order, and return whether all fitted.

        The first message that does not fit within `wait_s` is left out, and so are all after it. The same holds if the
        queue is cleared meanwhile.

        Args:
            messages: in the order of arrival.
            wait_s: how long to wait for space, in all, seconds.
        """
        until: float | None = None
        with self._lock:
            times_cleared = self._times_cleared
            for one in messages:
                size = len(one.message.payload)
                while not self._fits(size):
                    until = until or time.monotonic() + wait_s
                    self._arrived.notify()
                    if not self._removed.wait(until - time.monotonic()) and time.monotonic() >= until:
                        return False
                    if self._times_cleared != times_cleared:
                        return False
                self._messages.append(one)
                self._bytes += size
            self._arrived.notify()
        return True

    def take(self, batch_max: int, wait_s: float, *, bytes_max: int = BATCH_BYTES_MAX) -> list[InboundMessage]:
        """Take messages in the order of arrival, up to a number and a size.

        The next batch gathers here while one is being written. Batches are therefore small and prompt under low load,
        and large under high load.

        Args:
            batch_max: the most messages.
            wait_s: how long to wait for a first message, seconds.
            bytes_max: the payload at which a batch ends, bytes.
        """
        taken: list[InboundMessage] = []
        size = 0
        with self._lock:
            self._arrived.wait_for(lambda: self._messages, wait_s)
            while self._messages and len(taken) < batch_max and size < bytes_max:
                taken.append(self._messages.popleft())
                size += len(taken[-1].message.payload)
            self._bytes -= size
            self._removed.notify()
        return taken

    def clear(self) -> None:
        """Discard all messages. The broker sends them again."""
        with self._lock:
            self._messages.clear()
            self._bytes = 0
            self._times_cleared += 1
            self._removed.notify()

    def __len__(self) -> int:
        """Return how many messages are held."""
        return len(self._messages)

    @property
    def oldest_received_at(self) -> datetime | None:
        """Return when the oldest message that is held was received; None if the queue is empty."""
        with self._lock:
            return self._messages[0].message.received_at if self._messages else None

    def _fits(self, size: int) -> bool:
        if not self._messages:
            return True
        return len(self._messages) < self._messages_max and self._bytes + size <= self._bytes_max
