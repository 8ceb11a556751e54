"""Is the sample time one that a working clock and a buffering device could have sent?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.errors import Reason, Refused
from rencheng.domain.quality import Quality


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


def check_clock(time: datetime, now: datetime, limits: ClockLimits) -> None:
    """Refuse a sample time outside the limits.

    Raises:
        Refused: with reason `clock_past` or `clock_future`.
    """
    if time < now - limits.past:
        raise Refused(Reason.CLOCK_PAST, f"sampled {now - time} ago; at most {limits.past}")
    if time > now + limits.future:
        raise Refused(Reason.CLOCK_FUTURE, f"sampled {time - now} ahead of us; at most {limits.future}")


def flag_clock(time: datetime, now: datetime, limits: ClockLimits) -> Quality:
    """`LATE`, `CLOCK_AHEAD` or nothing for a sample time within the limits."""
    if time < now - limits.late:
        return Quality.LATE
    return Quality.CLOCK_AHEAD if time > now + limits.ahead else Quality.NOTHING_FOUND
