"""Check the sample time: could a working clock and a buffering device have sent it?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.quality import Quality
from rencheng.domain.timing import ALLOWED_LATENESS


class ClockWindow(NamedTuple):
    """`ClockLimits` at one moment. A sample outside the outer two times is rejected, outside the inner two flagged."""

    oldest: datetime
    late_before: datetime
    now: datetime
    ahead_after: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """How far a sample time may lie from the wall clock.

    Beyond `past` and `future` a reading goes to quarantine, because one wrong clock must not create chunks for a
    century. Within them it is stored. It is flagged beyond `late`, because no warning waits longer for it, and beyond
    `ahead`, because synchronised clocks differ by less.
    """

    past: timedelta = timedelta(days=30)
    future: timedelta = timedelta(minutes=5)
    late: timedelta = ALLOWED_LATENESS
    ahead: timedelta = timedelta(seconds=30)

    def window_at(self, now: datetime) -> ClockWindow:
        """Return the limits for a message received now, computed once, because it may hold a thousand readings."""
        oldest, newest = now - self.past, now + self.future
        return ClockWindow(oldest, max(now - self.late, oldest), now, min(now + self.ahead, newest), newest)


def check_clock(time: datetime, window: ClockWindow) -> Quality:
    """Return `LATE`, `CLOCK_AHEAD` or nothing for a sample time within the limits.

    Raises:
        Rejected: it is outside the limits, with reason `clock_past` or `clock_future`.
    """
    oldest, late_before, now, ahead_after, newest = window
    if time < late_before:
        if time < oldest:
            raise Rejected(RejectionReason.CLOCK_PAST, f"sampled {now - time} ago; at most {now - oldest}")
        return Quality.LATE
    if time > ahead_after:
        if time > newest:
            raise Rejected(
                RejectionReason.CLOCK_FUTURE,
                f"sampled {time - now} ahead of the platform's clock; at most {newest - now}",
            )
        return Quality.CLOCK_AHEAD
    return Quality.NOTHING_FOUND
