"""Acknowledges messages in the order of arrival, although partition workers commit them in any order."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rencheng.messaging.source import AckHandle


@dataclass(slots=True)
class PendingAck:
    """The messages of one dispatch, which are acknowledged together.

    Attributes:
        handles: of its messages, in the order of arrival.
        size_bytes: the payload of its messages.
        open_items: how many of its work items are not committed yet.
        received_at: when the first of its messages was received.
    """

    handles: Sequence[AckHandle]
    size_bytes: int
    open_items: int
    received_at: datetime | None = None


class AckTracker:
    """A queue of pending acknowledgements. One is released after it and all before it are committed.

    Args:
        ack: acknowledges messages to the broker. The worker that completes the oldest one calls it, one at a time.
        messages_max: how many messages may be under way in the workers.
        bytes_max: how much payload may be under way. An empty tracker accepts any size.
    """

    def __init__(
        self,
        ack: Callable[[Sequence[AckHandle]], None],
        *,
        messages_max: int = 20_000,
        bytes_max: int = 32 * 2**20,
    ) -> None:
        self._ack = ack
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages = self._bytes = 0
        self._pending: deque[PendingAck] = deque()
        self._changed = threading.Condition()

    def track(self, pending: PendingAck, *, wait_s: float) -> bool:
        """Add a pending acknowledgement, and return whether there was space for it within `wait_s` seconds."""
        with self._changed:
            if not self._changed.wait_for(self._has_space, wait_s):
                return False
            self._pending.append(pending)
            self._messages += len(pending.handles)
            self._bytes += pending.size_bytes
        return True

    def complete(self, pending: PendingAck) -> None:
        """Note that one work item is committed, and acknowledge what is complete up to the first open one."""
        with self._changed:
            pending.open_items -= 1
            while self._pending and not self._pending[0].open_items:
                done = self._pending.popleft()
                self._messages -= len(done.handles)
                self._bytes -= done.size_bytes
                self._ack(done.handles)
            self._changed.notify_all()

    def wait_until_empty(self, *, wait_s: float) -> bool:
        """Return whether everything is committed, now or within `wait_s` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, wait_s)

    @property
    def bytes_under_way(self) -> int:
        """Return the payload that is dispatched and not acknowledged."""
        return self._bytes

    @property
    def oldest_received_at(self) -> datetime | None:
        """Return when the oldest message that is not acknowledged was received; None without one."""
        with self._changed:
            return self._pending[0].received_at if self._pending else None

    def _has_space(self) -> bool:
        return not self._pending or (self._messages < self._messages_max and self._bytes < self._bytes_max)
