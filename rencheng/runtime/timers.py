"""Timers for loops: act at an interval, wait longer after each failure, poll for a result."""

import time
from collections.abc import Callable
from typing import TypeVar

from rencheng.runtime.clock import SYSTEM_CLOCK, Clock

T = TypeVar("T")


class Every:
    """A timer that is due once per interval.

    Args:
        interval_s: seconds between two times at which it is due.
        clock: where the time comes from.
        at_once: whether it is due the first time it is asked, or only after one interval.
    """

    def __init__(self, interval_s: float, clock: Clock = SYSTEM_CLOCK, *, at_once: bool = True) -> None:
        self.interval_s = interval_s
        self._clock = clock
        self._due_s = float("-inf") if at_once else clock.monotonic_s() + interval_s

    def is_due(self) -> bool:
        """Return whether the interval has passed. Leaves the timer as it is."""
        return self._clock.monotonic_s() >= self._due_s

    def restart(self) -> None:
        """Begin a new interval now."""
        self._due_s = self._clock.monotonic_s() + self.interval_s

    def take(self) -> bool:
        """Return whether the interval has passed, and begin a new one if so."""
        if not self.is_due():
            return False
        self.restart()
        return True


class Backoff:
    """How long to leave a failing peer alone: each failure doubles the wait, a success ends it.

    Args:
        first_s: seconds to wait after the first failure.
        max_s: the longest wait, seconds.
        clock: where the time comes from.
    """

    def __init__(self, first_s: float = 1.0, max_s: float = 1.0, clock: Clock = SYSTEM_CLOCK) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._clock = clock
        self._wait_s = 0.0
        self._until_s = float("-inf")

    def may_try(self) -> bool:
        """Return whether the wait is over."""
        return self._clock.monotonic_s() >= self._until_s

    def record_failure(self) -> None:
        """Wait, twice as long as after the failure before."""
        self._wait_s = min(self._wait_s * 2, self._max_s) if self._wait_s else self._first_s
        self._until_s = self._clock.monotonic_s() + self._wait_s

    def record_success(self) -> None:
        """End the wait."""
        self._wait_s = 0.0
        self._until_s = float("-inf")


def poll(
    check: Callable[[], T | None],
    *,
    every_s: float,
    within_s: float,
    clock: Clock = SYSTEM_CLOCK,
    sleep: Callable[[float], object] = time.sleep,
) -> T | None:
    """Call `check` until it returns a value, and return the value; None if the time is over first.

    Args:
        check: returns None as long as there is no result. It is called at least once.
        every_s: seconds between two calls.
        within_s: seconds after which the wait ends.
        clock: where the time comes from.
        sleep: waits for a number of seconds.
    """
    until_s = clock.monotonic_s() + within_s
    while (result := check()) is None and clock.monotonic_s() < until_s:
        sleep(every_s)
    return result
