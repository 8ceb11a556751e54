"""The clock of a process, passed to whatever needs the time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time. Tests pass a clock that they move themselves."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary start. The value never decreases."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary start. The value never decreases."""
        return time.monotonic()


SYSTEM_CLOCK = SystemClock()
"""The default where a caller passes no clock."""
