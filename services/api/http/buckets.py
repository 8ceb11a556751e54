"""Bucket widths, and the limits on buckets and rows that protect the server."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from rencheng.store.history.plan import NotKept
from rencheng.store.history.raw import Buckets, TimeRange
from services.api.http.errors import InvalidParameter, ResolutionNotKept, ResponseTooLarge

BUCKETS_MAX = 5_000
"""The most buckets in a request."""

BUCKETS_CHOSEN = 1_000
"""The most buckets if the client does not choose a width. It exceeds the pixels of a chart."""

ROWS_MAX = 20_000
"""The most rows in a response. A bucket has one row per channel, measurand or event number."""


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
        """The width as a time span."""
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[self.value[-1]]
        return timedelta(**{unit: int(self.value[:-1])})

    @property
    def coarser(self) -> "Width | None":
        """The next larger width; None for the largest."""
        return dict(pairwise(Width)).get(self)

    def buckets(self, zone: ZoneInfo) -> Buckets:
        """Return the buckets for the store. Days begin at the zone's midnight; shorter buckets are aligned to UTC.

        In local time, the hour that clocks repeat in autumn would put two hours into one bucket.
        """
        return Buckets(self.span, str(zone) if self.span >= timedelta(days=1) else None)


def choose(start: datetime, end: datetime, wanted: Width | None) -> tuple[TimeRange, Width]:
    """Return the span, and the width: the requested one, or the finest that suits the span.

    Raises:
        InvalidParameter: the span ends before it begins.
        ResponseTooLarge: there would be too many buckets.
    """
    if start >= end:
        raise InvalidParameter("`from` must be before `to`.")
    if wanted is None:
        return TimeRange(start, end), _finest(end - start, BUCKETS_CHOSEN) or Width.D7
    if (end - start) / wanted.span > BUCKETS_MAX:
        raise response_too_large(f"more than {BUCKETS_MAX} buckets of {wanted}", _finest(end - start, BUCKETS_MAX))
    return TimeRange(start, end), wanted


def response_too_large(what: str, instead: Width | None) -> ResponseTooLarge:
    """Return the error for a response that would be too large, with a request that works."""
    if instead is None:
        return ResponseTooLarge(f"The response would hold {what}. Request a shorter time span.")
    return ResponseTooLarge(
        f"The response would hold {what}. Request bucket={instead}, or a shorter time span.", suggested_bucket=instead
    )


def finest_kept(gone: NotKept) -> Width:
    """Return the finest width for which data is kept."""
    return next(width for width in Width if width.span >= gone.granularity.width)


def resolution_not_kept(gone: NotKept) -> ResolutionNotKept:
    """Return the error for a width whose data was deleted, with a request that works."""
    width = finest_kept(gone)
    return ResolutionNotKept(
        f"Before {gone.until.isoformat()} the finest buckets kept are {width}. Request bucket={width}"
        " (days begin at midnight in Asia/Shanghai), or a later time span.",
        suggested_bucket=width,
    )


def _finest(length: timedelta, count_max: int) -> Width | None:
    return next((width for width in Width if length / width.span <= count_max), None)
