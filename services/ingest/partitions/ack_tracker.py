"""Slots settle in any order; the broker is told in the order of arrival."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rencheng.messaging.inbox import AckHandle


@dataclass(slots=True)
class PendingAck:
    """What came together, and in how many shares it is still being settled."""

    acks: Sequence[AckHandle]
    size_bytes: int
    open_items: int


class AckTracker:
    """Holds receipts until everything that came before is settled too.

    Args:
        acknowledge: tells the broker; called by whoever settled the last share, one at a time.
        messages_max: how many messages may be on their way through the slots.
        bytes_max: how much payload. One ticket is always let in, however large.
    """

    def __init__(
        self,
        acknowledge: Callable[[Sequence[AckHandle]], None],
        *,
        messages_max: int = 20_000,
        bytes_max: int = 32 * 2**20,
    ) -> None:
        self._acknowledge = acknowledge
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages = self._bytes = 0
        self._pending: deque[PendingAck] = deque()
        self._moved = threading.Condition()

    def track(self, ticket: PendingAck, *, wait_s: float) -> bool:
        """Stand in line. False if there was no room for so long."""
        with self._moved:
            if not self._moved.wait_for(self._has_room, wait_s):
                return False
            self._pending.append(ticket)
            self._messages += len(ticket.acks)
            self._bytes += ticket.size_bytes
        return True

    def complete(self, ticket: PendingAck) -> None:
        """One share of it is committed."""
        with self._moved:
            ticket.open_items -= 1
            while self._pending and not self._pending[0].open_items:
                done = self._pending.popleft()
                self._messages -= len(done.acks)
                self._bytes -= done.size_bytes
                self._acknowledge(done.acks)
            self._moved.notify_all()

    def wait_until_empty(self, *, wait_s: float) -> bool:
        """Is everything settled, now or within so long?"""
        with self._moved:
            return self._moved.wait_for(lambda: not self._pending, wait_s)

    def _has_room(self) -> bool:
        return not self._pending or (self._messages < self._messages_max and self._bytes < self._bytes_max)
