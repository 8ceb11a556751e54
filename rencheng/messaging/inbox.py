"""What the network thread hands to the worker: messages in arrival order, within bounds."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rencheng.intake import InboundPayload

BATCH_BYTES_MAX = 4 * 2**20
"""How much payload is taken out at once: buffered uploads are large, and a batch must be committed within seconds."""


@dataclass(frozen=True, slots=True)
class AckHandle:
    """What the broker still waits for: a packet of one connection, void after a reconnect; 0 if for nothing."""

    connection_id: int
    packet_id: int


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message, and the receipt that it is owed once it is settled."""

    message: InboundPayload
    ack: AckHandle


class Inbox:
    """A queue with bounds. What does not fit is left to the broker, which has not been told that it arrived.

    Args:
        messages_max: how many messages it holds. Above a broker's in-flight window, it never fills.
        bytes_max: how much payload it holds. One message is always taken, however large.
    """

    def __init__(self, *, messages_max: int = 20_000, bytes_max: int = 32 * 2**20) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._waiting: deque[InboundMessage] = deque()
        self._bytes = 0
        self._times_cleared = 0
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._left = threading.Condition(self._lock)

    def put(self, deliveries: Sequence[InboundMessage], *, wait_s: float = 0) -> bool:
        """Take deliveries in, in order. False if one does not fit after so long in all: it and the rest are left.

        Whoever waits here while the inbox is cleared leaves the rest as well.
        """
        until: float | None = None
        with self._lock:
            times_cleared = self._times_cleared
            for delivery in deliveries:
                size = len(delivery.message.payload)
                while not self._has_room(size):
                    until = until or time.monotonic() + wait_s
                    self._arrived.notify()
                    if not self._left.wait(until - time.monotonic()) and time.monotonic() >= until:
                        return False
                    if self._times_cleared != times_cleared:
                        return False
                self._waiting.append(delivery)
                self._bytes += size
            self._arrived.notify()
        return True

    def take(self, *, messages_max: int, wait_s: float, bytes_max: int = BATCH_BYTES_MAX) -> list[InboundMessage]:
        """What is there, in arrival order, up to a number and a size; waits for a first one so long.

        While a batch is being written the next one gathers here: a quiet night has batches of one and low
        latency, a storm has large ones, and a broker with a small window is never waited for in vain.
        """
        taken: list[InboundMessage] = []
        size = 0
        with self._lock:
            self._arrived.wait_for(lambda: self._waiting, wait_s)
            while self._waiting and len(taken) < messages_max and size < bytes_max:
                taken.append(self._waiting.popleft())
                size += len(taken[-1].message.payload)
            self._bytes -= size
            self._left.notify()
        return taken

    def clear(self) -> None:
        """Forget what waits; the broker will send it again."""
        with self._lock:
            self._waiting.clear()
            self._bytes = 0
            self._times_cleared += 1
            self._left.notify()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def _has_room(self, size: int) -> bool:
        if not self._waiting:
            return True
        return len(self._waiting) < self._messages_max and self._bytes + size <= self._bytes_max
