"""Is the sample time one that a working clock and a buffering device could have sent?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.quality import Quality


class ClockWindow(NamedTuple):
    """`ClockLimits` at one moment: what is sampled outside the outer two is refused, outside the inner two flagged."""

    oldest: datetime
    late_before: datetime
    now: datetime
    ahead_after: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """How far a sample time may lie from the wall clock.

    Beyond `past` and `future` a reading goes to quarantine: one bad clock must not create chunks for a century. Within
    them it is stored, and flagged beyond `late` (no warning waits longer for it) and `ahead` (clocks that are kept in
    step do not differ so much).
    """

    past: timedelta = timedelta(days=30)
    future: timedelta = timedelta(minutes=5)
    late: timedelta = timedelta(seconds=120)
    ahead: timedelta = timedelta(seconds=30)

    def around(self, now: datetime) -> ClockWindow:
        """The limits for what is received now: worked out once a message, which may hold a thousand readings."""
        oldest, newest = now - self.past, now + self.future
        return ClockWindow(oldest, max(now - self.late, oldest), now, min(now + self.ahead, newest), newest)


def check_clock(time: datetime, window: ClockWindow) -> Quality:
    """`LATE`, `CLOCK_AHEAD` or nothing for a sample time within the limits.

    Raises:
        Refused: it is outside, with reason `clock_past` or `clock_future`.
    """
    oldest, late_before, now, ahead_after, newest = window
    if time < late_before:
        if time < oldest:
            raise Rejected(RejectionReason.CLOCK_PAST, f"sampled {now - time} ago; at most {now - oldest}")
        return Quality.LATE
    if time > ahead_after:
        if time > newest:
            raise Rejected(RejectionReason.CLOCK_FUTURE, f"sampled {time - now} ahead of us; at most {newest - now}")
        return Quality.CLOCK_AHEAD
    return Quality.NOTHING_FOUND
