"""From which rollups, and from which readings, a question about the past is answered. Pure.

The coarsest rollup that fits answers for all whole buckets within the span; what is cut by its ends, and what the
rollup still owes, comes from finer ones, and at last from the readings. So the answer is what these alone would give.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rencheng.store.rollups.refresh_plan import merge_spans
from rencheng.store.schema.granularity import CITY_ZONE, Granularity

GAPS_MAX = 20
"""With more gaps in a rollup, all from the first to the last is left to finer ones: each gap costs two more queries."""

TimeSpan = tuple[datetime, datetime]
"""From the first on, before the second."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the span, and which rollup answers for it; None: the readings do."""

    granularity: Granularity | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class RollupCoverage:
    """What there is of one kind.

    Attributes:
        owed: by level, what its rollup still owes to its source (rows of the log).
        kept_from: by level (None: readings), before which moment nothing is kept any more; absent: everything is.
    """

    stale: Mapping[Granularity, Sequence[TimeSpan]] = field(default_factory=dict)
    kept_from: Mapping[Granularity | None, datetime] = field(default_factory=dict)

    def finest_at(self, moment: datetime) -> Granularity | None:
        """The finest level that is still kept for a moment; None: the readings are."""
        levels: list[Granularity | None] = [None, *Granularity]
        return next((level for level in levels if self.kept_from.get(level, moment) <= moment), Granularity.DAY)


class NotKept(Exception):
    """Nothing so fine is kept of that time any more.

    Attributes:
        level: what is kept.
        until: from then on finer questions can be answered.
    """

    def __init__(self, level: Granularity, until: datetime) -> None:
        super().__init__(f"before {until} only {level} is kept")
        self.granularity = level
        self.until = until


def usable_granularities(width: timedelta, zone: str | None, span: TimeSpan) -> list[Granularity]:
    """The rollups whose buckets make up buckets of this width, the coarsest first; `zone` as in `Buckets`."""
    if zone is None:
        return [
            level
            for level in reversed(Granularity)
            if level is not Granularity.DAY and width % level.width == timedelta(0)
        ]
    levels = [
        level for level in (Granularity.HOUR, Granularity.MINUTE) if _midnights_lie_on(level, ZoneInfo(zone), span)
    ]
    return [Granularity.DAY, *levels] if zone == CITY_ZONE.key else levels


def plan_segments(span: TimeSpan, granularities: Sequence[Granularity], coverage: RollupCoverage) -> list[Segment]:
    """The span in parts, in order, without gaps. Where only coarse buckets are kept it is widened to whole ones.

    Args:
        span: what is asked for.
        granularities: the rollups that fit, the coarsest first.
        coverage: what there is.

    Raises:
        NotKept: the beginning of the span is kept by coarser buckets alone than those that fit.
    """
    begins, ends = (
        _widened(moment, granularities, coverage, up=up) for moment, up in zip(span, (False, True), strict=True)
    )
    parts = _cover(begins, ends, tuple(granularities), coverage)
    return [part for part in parts if part.begins < part.ends]


def _widened(moment: datetime, levels: Sequence[Granularity], stock: RollupCoverage, *, up: bool) -> datetime:
    finest = stock.finest_at(moment)
    if finest is None:
        return moment
    if finest not in levels:
        raise NotKept(finest, min(stock.kept_from[level] for level in (None, *levels) if level in stock.kept_from))
    return finest.ceil(moment) if up else finest.floor(moment)


def _cover(
    begins: datetime, ends: datetime, levels: tuple[Granularity, ...], stock: RollupCoverage
) -> Iterator[Segment]:
    if not levels:
        yield Segment(None, begins, ends)
        return
    level, *finer = levels
    reached = begins
    for start, end in _whole(begins, ends, level, stock):
        yield from _cover(reached, start, tuple(finer), stock)
        yield Segment(level, start, end)
        reached = end
    yield from _cover(reached, ends, tuple(finer), stock)


def _whole(begins: datetime, ends: datetime, level: Granularity, stock: RollupCoverage) -> Iterator[TimeSpan]:
    """Stretches of whole buckets that the rollup of this level has right."""
    start, end = level.ceil(begins), level.floor(ends)
    gaps = list(merge_spans((level.floor(since), level.ceil(until)) for since, until in _stale(level, stock)))
    if len(gaps) > GAPS_MAX:
        gaps = [(gaps[0][0], gaps[-1][1])]
    for owed_from, owed_until in gaps:
        if start < min(owed_from, end):
            yield start, min(owed_from, end)
        start = max(start, owed_until)
    if start < end:
        yield start, end


def _stale(level: Granularity, stock: RollupCoverage) -> Iterator[TimeSpan]:
    """What this level owes: also what a finer one does, from which it will be made."""
    source: Granularity | None = None
    for each in Granularity:
        gone_before = stock.kept_from.get(source)
        for begins, ends in stock.stale.get(each, ()):
            if gone_before is None or ends > gone_before:  # what cannot be made anew stands as it is
                yield (begins if gone_before is None else max(begins, gone_before)), ends
        if each is level:
            return
        source = each


def _midnights_lie_on(level: Granularity, zone: ZoneInfo, span: TimeSpan) -> bool:
    """Is the zone's offset a multiple of the level's width, all through the span and a day around it?"""
    day = timedelta(days=1)
    moment, last = span[0] - day, span[1] + day
    while moment < last + day:
        offset = moment.astimezone(zone).utcoffset() or timedelta(0)
        if offset % level.width != timedelta(0):
            return False
        moment += day
    return True
