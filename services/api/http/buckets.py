"""How time may be cut, and how finely: limits that protect the server, each with the question to ask instead."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from rencheng.store.history.plan import NotKept
from rencheng.store.history.raw import Buckets, TimeRange
from services.api.http.errors import InvalidParameter, ResolutionNotKept, TooMuch

BUCKETS_MAX = 5_000
"""The most buckets between `from` and `to`."""

BUCKETS_CHOSEN = 1_000
"""As fine as this, when the asker leaves the choice to us: more than a screen shows."""

ROWS_MAX = 20_000
"""The most rows in an answer: a bucket holds a row for each channel, measurand or event number."""


class Width(StrEnum):
    """The width of a bucket."""

    S10 = "10s"
    S30 = "30s"
    M1 = "1m"
    M5 = "5m"
    M10 = "10m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H3 = "3h"
    H6 = "6h"
    H12 = "12h"
    D1 = "1d"
    D7 = "7d"

    @property
    def span(self) -> timedelta:
        """How long it is."""
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[self.value[-1]]
        return timedelta(**{unit: int(self.value[:-1])})

    @property
    def coarser(self) -> "Width | None":
        """The next one up."""
        return dict(pairwise(Width)).get(self)

    def buckets(self, zone: ZoneInfo) -> Buckets:
        """For the store. Days begin at the zone's midnight; what is shorter counts in UTC.

        In the zone, the hour that the clocks repeat in autumn would be two hours in one bucket.
        """
        return Buckets(self.span, str(zone) if self.span >= timedelta(days=1) else None)


def choose(start: datetime, end: datetime, wanted: Width | None) -> tuple[TimeRange, Width]:
    """The span, and the width that was asked for or the finest that suits it.

    Raises:
        Unacceptable: the span ends before it begins.
        TooMuch: there would be too many buckets.
    """
    if start >= end:
        raise InvalidParameter("`from` must lie before `to`.")
    if wanted is None:
        return TimeRange(start, end), _finest(end - start, BUCKETS_CHOSEN) or Width.D7
    if (end - start) / wanted.span > BUCKETS_MAX:
        raise too_much(f"more than {BUCKETS_MAX} buckets of {wanted}", _finest(end - start, BUCKETS_MAX))
    return TimeRange(start, end), wanted


def too_much(what: str, instead: Width | None) -> TooMuch:
    """The refusal of a question, with the one to ask instead."""
    if instead is None:
        return TooMuch(f"That would be {what}. Ask for a shorter time.")
    return TooMuch(f"That would be {what}. Ask for bucket={instead}, or for a shorter time.", suggested_bucket=instead)


def kept(gone: NotKept) -> Width:
    """The finest width that what is kept makes up."""
    return next(width for width in Width if width.span >= gone.granularity.width)


def resolution_not_kept(gone: NotKept) -> ResolutionNotKept:
    """The refusal of a question about what was dropped, with the one to ask instead."""
    width = kept(gone)
    return ResolutionNotKept(
        f"Before {gone.until.isoformat()} buckets of {width} are the finest that are kept. Ask for bucket={width}"
        " (days begin at midnight in Asia/Shanghai), or for a later time.",
        suggested_bucket=width,
    )


def _finest(length: timedelta, count_max: int) -> Width | None:
    return next((width for width in Width if length / width.span <= count_max), None)
