"""Choose rollups and readings for a history request. Deterministic: no I/O, no clock.

The coarsest usable rollup covers all whole buckets within the span. The partial buckets at its ends, and stale buckets,
come from finer rollups and at last from the readings. So the result equals that of the readings alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rencheng.domain.place import CITY_ZONE
from rencheng.store.rollups.refresh_plan import merge_spans
from rencheng.store.schema.granularity import Granularity

GAPS_MAX = 20
"""With more gaps in a rollup, finer ones cover all from the first to the last, because each gap costs two queries."""

TimeSpan = tuple[datetime, datetime]
"""A half-open span: [first, second)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the span, and the rollup that covers it; None: the readings."""

    granularity: Granularity | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class RollupCoverage:
    """The stored rollups and readings of one kind.

    Attributes:
        stale: by granularity, the spans whose buckets are not refreshed yet (entries of the log).
        kept_from: by granularity (None: readings), the moment before which data was dropped; absent: none was.
    """

    stale: Mapping[Granularity, Sequence[TimeSpan]] = field(default_factory=dict)
    kept_from: Mapping[Granularity | None, datetime] = field(default_factory=dict)

    def finest_at(self, moment: datetime) -> Granularity | None:
        """Return the finest granularity that is kept for a moment; None: the readings."""
        candidates: list[Granularity | None] = [None, *Granularity]
        return next((each for each in candidates if self.kept_from.get(each, moment) <= moment), Granularity.DAY)


class NotKept(Exception):
    """The requested resolution is not kept for that time.

    Attributes:
        granularity: the finest granularity that is kept.
        until: the moment from which finer data is kept.
    """

    def __init__(self, granularity: Granularity, until: datetime) -> None:
        super().__init__(f"before {until} only {granularity} is kept")
        self.granularity = granularity
        self.until = until


def usable_granularities(width: timedelta, zone: str | None, span: TimeSpan) -> list[Granularity]:
    """Return the granularities whose buckets add up to buckets of this width, the coarsest first.

    `zone` is as in `Buckets`.
    """
    if zone is None:
        return [
            each for each in reversed(Granularity) if each is not Granularity.DAY and width % each.width == timedelta(0)
        ]
    within_days = [
        each for each in (Granularity.HOUR, Granularity.MINUTE) if _midnights_align(each, ZoneInfo(zone), span)
    ]
    return [Granularity.DAY, *within_days] if zone == CITY_ZONE.key else within_days


def plan_segments(span: TimeSpan, granularities: Sequence[Granularity], coverage: RollupCoverage) -> list[Segment]:
    """Divide the span into segments, in order, without gaps. It is widened where only coarse buckets are kept.

    Args:
        span: the requested span.
        granularities: the usable rollups, the coarsest first.
        coverage: what is stored.

    Raises:
        NotKept: the beginning of the span is kept only at a granularity coarser than the usable ones.
    """
    begins, ends = (
        _widened(moment, granularities, coverage, up=up) for moment, up in zip(span, (False, True), strict=True)
    )
    parts = _cover(begins, ends, tuple(granularities), coverage)
    return [part for part in parts if part.begins < part.ends]


def _widened(moment: datetime, granularities: Sequence[Granularity], coverage: RollupCoverage, *, up: bool) -> datetime:
    finest = coverage.finest_at(moment)
    if finest is None:
        return moment
    if finest not in granularities:
        raise NotKept(
            finest, min(coverage.kept_from[each] for each in (None, *granularities) if each in coverage.kept_from)
        )
    return finest.ceil(moment) if up else finest.floor(moment)


def _cover(
    begins: datetime, ends: datetime, granularities: tuple[Granularity, ...], coverage: RollupCoverage
) -> Iterator[Segment]:
    if not granularities:
        yield Segment(None, begins, ends)
        return
    granularity, *finer = granularities
    reached = begins
    for start, end in _whole(begins, ends, granularity, coverage):
        yield from _cover(reached, start, tuple(finer), coverage)
        yield Segment(granularity, start, end)
        reached = end
    yield from _cover(reached, ends, tuple(finer), coverage)


def _whole(begins: datetime, ends: datetime, granularity: Granularity, coverage: RollupCoverage) -> Iterator[TimeSpan]:
    """Yield the spans of whole buckets that this rollup has and that are not stale."""
    start, end = granularity.ceil(begins), granularity.floor(ends)
    gaps = list(
        merge_spans(
            (granularity.floor(since), granularity.ceil(until)) for since, until in _stale(granularity, coverage)
        )
    )
    if len(gaps) > GAPS_MAX:
        gaps = [(gaps[0][0], gaps[-1][1])]
    for stale_from, stale_until in gaps:
        if start < min(stale_from, end):
            yield start, min(stale_from, end)
        start = max(start, stale_until)
    if start < end:
        yield start, end


def _stale(granularity: Granularity, coverage: RollupCoverage) -> Iterator[TimeSpan]:
    """Yield the stale spans of this rollup and of the finer ones that it is computed from."""
    source: Granularity | None = None
    for each in Granularity:
        dropped_before = coverage.kept_from.get(source)
        for begins, ends in coverage.stale.get(each, ()):
            if dropped_before is None or ends > dropped_before:  # without its source a bucket stays as it is
                yield (begins if dropped_before is None else max(begins, dropped_before)), ends
        if each is granularity:
            return
        source = each


def _midnights_align(granularity: Granularity, zone: ZoneInfo, span: TimeSpan) -> bool:
    """Return whether the zone's offset is a multiple of the width, throughout the span and one day around it."""
    day = timedelta(days=1)
    moment, last = span[0] - day, span[1] + day
    while moment < last + day:
        offset = moment.astimezone(zone).utcoffset() or timedelta(0)
        if offset % granularity.width != timedelta(0):
            return False
        moment += day
    return True
