"""The order of sending: fresh readings before the backlog, and unconfirmed messages again.

The queue is not stored. After a restart everything in the spool is backlog.
"""

import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

FRESH_S = 120.0
"""Younger readings can still raise a warning and are sent first, the newest before the others."""


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """The rate and the timeouts of sending.

    Attributes:
        per_s: maximum messages per second. Fresh messages go first; the backlog uses the rest.
        window: how many messages may wait for a receipt before the backlog pauses; a receipt names a thousand at most.
        resend_after_s: time before an unconfirmed message is sent again. It doubles each time, with a random part, so
            that the devices of a city do not send in step.
        resend_after_max_s: the longest of these times.
    """

    per_s: float = 20.0
    window: int = 500
    resend_after_s: float = 30.0
    resend_after_max_s: float = 3600.0

    def resend_s(self, sends: int) -> float:
        """Return how long to wait for the receipt of a message that was sent this many times, seconds."""
        longest = min(self.resend_after_s * 2.0 ** min(sends, 30), self.resend_after_max_s)
        return longest * random.uniform(1.0, 1.5)  # noqa: S311 - only to be out of step


class SendQueue:
    """A queue of message numbers: the fresh ones, those that wait for a receipt, and the position in the backlog.

    Args:
        policy: how the device sends.
        backlog: returns the first numbers in the spool after one and before another, up to a limit.
    """

    def __init__(self, pace: SendPolicy, backlog: Callable[[int, int, int], list[int]]) -> None:
        self._policy = pace
        self._read_backlog = backlog
        self._fresh: deque[tuple[int, float]] = deque()
        self._waiting: dict[int, tuple[int, float]] = {}
        self._due: list[tuple[float, int]] = []
        self._backlog_sent_through = 0
        self._backlog_from_s = float("-inf")

    def add(self, number: int, now_s: float) -> None:
        """Add a message that is in the spool."""
        self._fresh.append((number, now_s))

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove messages that have left the spool."""
        for number in numbers:
            self._waiting.pop(number, None)

    def hold_backlog(self, until_s: float) -> None:
        """Send no backlog until this time, as the platform asks. Fresh messages are still sent."""
        self._backlog_from_s = until_s

    def next(self, now_s: float, at_most: int) -> list[int]:
        """Return the numbers to send now. From now on they wait for their receipts."""
        while self._fresh and self._fresh[0][1] < now_s - FRESH_S:
            self._fresh.popleft()  # now backlog
        chosen = self._start_waiting([self._fresh.pop()[0] for _ in range(min(at_most, len(self._fresh)))], now_s)
        if now_s >= self._backlog_from_s:
            chosen += self._start_waiting(self._overdue(now_s, at_most - len(chosen)), now_s)
            free = min(at_most - len(chosen), self._policy.window - len(self._waiting))
            chosen += self._start_waiting(self._from_backlog(free), now_s)
        return chosen

    def _start_waiting(self, numbers: list[int], now_s: float) -> list[int]:
        for number in numbers:
            sends = self._waiting.get(number, (0, 0.0))[0]
            due_s = now_s + self._policy.resend_s(sends)
            self._waiting[number] = (sends + 1, due_s)
            heapq.heappush(self._due, (due_s, number))
        return numbers

    def _overdue(self, now_s: float, at_most: int) -> list[int]:
        """Return messages whose receipt is overdue."""
        chosen: list[int] = []
        while self._due and self._due[0][0] <= now_s and len(chosen) < at_most:
            due_s, number = heapq.heappop(self._due)
            if self._waiting.get(number, (0, 0.0))[1] == due_s:  # neither settled nor sent again since
                chosen.append(number)
        return chosen

    def _from_backlog(self, at_most: int) -> list[int]:
        """Return the oldest messages that were not sent yet. Fresh messages are left out."""
        chosen: list[int] = []
        before = self._fresh[0][0] if self._fresh else sys.maxsize
        while len(chosen) < at_most:
            found = self._read_backlog(self._backlog_sent_through, before, at_most)
            if not found:
                break
            for number in found[: at_most - len(chosen)]:
                self._backlog_sent_through = number
                if number not in self._waiting:
                    chosen.append(number)
        return chosen
