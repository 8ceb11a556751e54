"""Slots settle in any order; the broker is told in the order of arrival."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rencheng.messaging.inbox import Receipt


@dataclass(slots=True)
class Ticket:
    """What came together, and in how many shares it is still being settled."""

    receipts: Sequence[Receipt]
    size_bytes: int
    shares: int


class Line:
    """Holds receipts until everything that came before is settled too.

    Args:
        acknowledge: tells the broker; called by whoever settled the last share, one at a time.
        messages_max: how many messages may be on their way through the slots.
        bytes_max: how much payload. One ticket is always let in, however large.
    """

    def __init__(
        self,
        acknowledge: Callable[[Sequence[Receipt]], None],
        *,
        messages_max: int = 20_000,
        bytes_max: int = 32 * 2**20,
    ) -> None:
        self._acknowledge = acknowledge
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages = self._bytes = 0
        self._tickets: deque[Ticket] = deque()
        self._moved = threading.Condition()

    def enter(self, ticket: Ticket, *, wait_s: float) -> bool:
        """Stand in line. False if there was no room for so long."""
        with self._moved:
            if not self._moved.wait_for(self._has_room, wait_s):
                return False
            self._tickets.append(ticket)
            self._messages += len(ticket.receipts)
            self._bytes += ticket.size_bytes
        return True

    def settled(self, ticket: Ticket) -> None:
        """One share of it is committed."""
        with self._moved:
            ticket.shares -= 1
            while self._tickets and not self._tickets[0].shares:
                done = self._tickets.popleft()
                self._messages -= len(done.receipts)
                self._bytes -= done.size_bytes
                self._acknowledge(done.receipts)
            self._moved.notify_all()

    def wait_until_empty(self, *, wait_s: float) -> bool:
        """Is everything settled, now or within so long?"""
        with self._moved:
            return self._moved.wait_for(lambda: not self._tickets, wait_s)

    def _has_room(self) -> bool:
        return not self._tickets or (self._messages < self._messages_max and self._bytes < self._bytes_max)
