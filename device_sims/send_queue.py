"""Which message goes out next: an alarm before yesterday's readings, and again what nobody confirmed.

It is forgotten when the device restarts; then all that is in the spool is backlog.
"""

import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

FRESH_S = 120.0
"""What was measured so lately can still raise a warning, and goes first, the newest before all."""


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How a device sends.

    Attributes:
        per_s: messages a second, at most. Fresh ones go first; the backlog takes what they leave.
        window: how many may wait for a receipt before the backlog waits too; a receipt names a thousand at most.
        resend_after_s: how long a receipt may take before a message is sent again; twice as long each time, with some
            chance in it, so that a city's devices do not come back in step.
        resend_after_max_s: the longest of these.
    """

    per_s: float = 20.0
    window: int = 500
    resend_after_s: float = 30.0
    resend_after_max_s: float = 3600.0

    def resend_s(self, sends: int) -> float:
        """How long the receipt may take of a message that went out so many times before, seconds."""
        longest = min(self.resend_after_s * 2.0 ** min(sends, 30), self.resend_after_max_s)
        return longest * random.uniform(1.0, 1.5)  # noqa: S311 - to be out of step is all that is asked


class SendQueue:
    """What is fresh, what waits for its receipt, and how far the backlog has gone out. Numbers are the spool's.

    Args:
        pace: how the device sends.
        backlog: the first few numbers in the spool after one and before another.
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
        """A message was taken into the spool."""
        self._fresh.append((number, now_s))

    def remove(self, numbers: Iterable[int]) -> None:
        """Messages have left the spool."""
        for number in numbers:
            self._waiting.pop(number, None)

    def hold_backlog(self, until_s: float) -> None:
        """The platform has no room for backlog until then. What is fresh goes on."""
        self._backlog_from_s = until_s

    def next(self, now_s: float, at_most: int) -> list[int]:
        """The numbers to send now. From now on they wait for their receipts."""
        while self._fresh and self._fresh[0][1] < now_s - FRESH_S:
            self._fresh.popleft()  # backlog by now
        chosen = self._start_waiting([self._fresh.pop()[0] for _ in range(min(at_most, len(self._fresh)))], now_s)
        if now_s >= self._backlog_from_s:
            chosen += self._start_waiting(self._overdue(now_s, at_most - len(chosen)), now_s)
            room = min(at_most - len(chosen), self._policy.window - len(self._waiting))
            chosen += self._start_waiting(self._from_backlog(room), now_s)
        return chosen

    def _start_waiting(self, numbers: list[int], now_s: float) -> list[int]:
        for number in numbers:
            sends = self._waiting.get(number, (0, 0.0))[0]
            due_s = now_s + self._policy.resend_s(sends)
            self._waiting[number] = (sends + 1, due_s)
            heapq.heappush(self._due, (due_s, number))
        return numbers

    def _overdue(self, now_s: float, at_most: int) -> list[int]:
        """What waited for its receipt for too long."""
        chosen: list[int] = []
        while self._due and self._due[0][0] <= now_s and len(chosen) < at_most:
            due_s, number = heapq.heappop(self._due)
            if self._waiting.get(number, (0, 0.0))[1] == due_s:  # neither settled nor sent again since
                chosen.append(number)
        return chosen

    def _from_backlog(self, at_most: int) -> list[int]:
        """The oldest that have not gone out. What is fresh is left out: it goes its own way, or turns backlog."""
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
