"""What the network thread hands to the worker: messages in arrival order, within bounds."""

import threading
from collections import deque
from dataclasses import dataclass

from rencheng.intake import Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker still waits for: a packet of one connection. After a reconnect it is void."""

    epoch: int
    packet_id: int
    qos: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message, and the receipt that it is owed once it is settled."""

    message: Message
    receipt: Receipt


class Inbox:
    """A queue with bounds. What does not fit is left to the broker, which has not been told that it arrived.

    Args:
        messages_max: how many messages it holds. Above a broker's in-flight window, it never fills.
        bytes_max: how much payload it holds.
    """

    def __init__(self, *, messages_max: int = 20_000, bytes_max: int = 64 * 2**20) -> None:
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._arrived = threading.Condition()

    def put(self, delivery: Delivery) -> bool:
        """Take a delivery in. False if it does not fit."""
        with self._arrived:
            if len(self._waiting) >= self._messages_max or self._bytes > self._bytes_max:
                return False
            self._waiting.append(delivery)
            self._bytes += len(delivery.message.payload)
            self._arrived.notify()
        return True

    def take(self, *, messages_max: int, wait_s: float) -> list[Delivery]:
        """Everything that is there, in arrival order, up to a number; waits for a first one so long.

        While a batch is being written the next one gathers here: a quiet night has batches of one and low
        latency, a storm has large ones, and a broker with a small window is never waited for in vain.
        """
        with self._arrived:
            if not self._waiting:
                self._arrived.wait(wait_s)
            taken = [self._waiting.popleft() for _ in range(min(messages_max, len(self._waiting)))]
            self._bytes -= sum(len(delivery.message.payload) for delivery in taken)
        return taken

    def clear(self) -> None:
        """Forget what waits; the broker will send it again."""
        with self._arrived:
            self._waiting.clear()
            self._bytes = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)
