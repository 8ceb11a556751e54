"""Bounded queues between the network thread of a source and the thread that takes its messages."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from rencheng.messaging.source import InboundMessage

BATCH_BYTES_MAX = 4 * 2**20
"""The most payload of one batch, bytes. Buffered uploads are large, and a batch must be committed within seconds."""

DEVICE_MESSAGES_MAX = 1000
"""The most messages of a device that wait: ten seconds of the usual quota. They take 0.2 s to evaluate."""

DEVICE_BYTES_MAX = 128 * 2**10
"""The most payload of a device that waits, bytes: 2,000 readings. One message of any size may wait."""

_DEVICE_LEVEL = 4


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


class SheddingInbox(Inbox):
    """An inbox in which the messages of each device have bounds. Beyond them only its newest message waits.

    The messages before it are shed. They are no loss of data, because ingest has a session of its own.

    Args:
        device_messages_max: the most messages of a device that wait.
        device_bytes_max: the most payload of a device that waits, bytes.
        messages_max, bytes_max: the bounds of all messages, as of `Inbox`.
        on_shed: called with the number of messages that were shed.
    """

    def __init__(
        self,
        *,
        device_messages_max: int = DEVICE_MESSAGES_MAX,
        device_bytes_max: int = DEVICE_BYTES_MAX,
        messages_max: int = 20_000,
        bytes_max: int = 32 * 2**20,
        on_shed: Callable[[int], None] = lambda _messages: None,
    ) -> None:
        super().__init__(messages_max=messages_max, bytes_max=bytes_max)
        self._device_messages_max = device_messages_max
        self._device_bytes_max = device_bytes_max
        self._shares: dict[str, list[int]] = {}  # by device: messages and bytes that wait in the queue
        self._newest: dict[str, InboundMessage] = {}  # by device: the message beyond the bounds, later than those
        self._shares_lock = threading.Lock()
        self._on_shed = on_shed

    def put(self, messages: Sequence[InboundMessage], *, wait_s: float = 0) -> bool:
        """Add messages, and return whether all fitted. Shed those before the newest of a device that floods."""
        with self._shares_lock:
            beyond = len(self._newest)
            kept = [one for one in messages if self._has_share(one)]
            shed = len(messages) - len(kept) - (len(self._newest) - beyond)
        if shed:
            self._on_shed(shed)
        if super().put(kept, wait_s=wait_s):
            return True
        with self._shares_lock, self._lock:
            self._shares = {}
            for one in self._messages:
                self._add(one)
        return False

    def take(self, batch_max: int, wait_s: float, *, bytes_max: int = BATCH_BYTES_MAX) -> list[InboundMessage]:
        """Take messages in the order of arrival, as `Inbox.take` does; the newest of a device after its others."""
        taken = super().take(batch_max, wait_s, bytes_max=bytes_max)
        if not taken:
            return taken
        with self._shares_lock:
            for device in dict.fromkeys(self._release(one) for one in taken):
                if device not in self._shares and (newest := self._newest.pop(device, None)):
                    taken.append(newest)
        return taken

    def clear(self) -> None:
        """Discard all messages. The broker sends them again."""
        with self._shares_lock:
            self._shares, self._newest = {}, {}
        super().clear()

    def _has_share(self, one: InboundMessage) -> bool:
        """Return whether a message may wait in the queue; otherwise keep it as the device's newest."""
        device = _device_of(one)
        share = self._shares.get(device)
        if share is not None:
            is_full = share[0] >= self._device_messages_max
            is_full = is_full or share[1] + len(one.message.payload) > self._device_bytes_max
            if is_full or device in self._newest:
                self._newest[device] = one
                return False
        self._add(one)
        return True

    def _add(self, one: InboundMessage) -> None:
        share = self._shares.setdefault(_device_of(one), [0, 0])
        share[0] += 1
        share[1] += len(one.message.payload)

    def _release(self, one: InboundMessage) -> str:
        device = _device_of(one)
        if share := self._shares.get(device):
            share[0] -= 1
            share[1] -= len(one.message.payload)
            if share[0] <= 0:
                del self._shares[device]
        return device


def _device_of(one: InboundMessage) -> str:
    """Return the device that a topic names, whatever region or kind it claims; of another topic, the topic."""
    levels = one.message.topic.split("/", _DEVICE_LEVEL + 1)
    return levels[_DEVICE_LEVEL] if len(levels) > _DEVICE_LEVEL else one.message.topic
