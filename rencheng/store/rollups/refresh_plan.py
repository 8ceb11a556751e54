"""From the log of touched buckets to what is to be rolled up anew. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rencheng.store.schema.granularity import CITY_ZONE, Granularity

DEVICES_MAX = 500
"""With more late devices in one stretch of time it is cheaper to take all."""


@dataclass(frozen=True, slots=True)
class StaleBuckets:
    """A row of the log: from `begins` on, before `ends`, something changed; of one device, or of any (None)."""

    entry_id: int
    device_id: str | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """Whole buckets, to be rolled up in one statement: of these devices, or of all (None)."""

    devices: frozenset[str] | None
    begins: datetime
    ends: datetime


@dataclass(slots=True)
class RefreshPlan:
    """What to do about some entries.

    Attributes:
        pieces: what to roll up, the newest first: what people look at is right soon, whatever came late.
        left: what is not over yet and goes back into the log.
        gone: entries about buckets whose source was dropped. Nothing can be done about them.
    """

    refreshes: list[Refresh] = field(default_factory=list)
    incomplete: list[Refresh] = field(default_factory=list)
    beyond_retention: int = 0


def batch_span(level: Granularity, moment: datetime) -> tuple[datetime, datetime]:
    """The stretch of time around a moment that one statement may span: a bucket of the next level, or thirty days."""
    if (coarser := level.coarser) is not None:
        begins = coarser.floor(moment)
        return begins, begins + coarser.width
    days = timedelta(days=30)
    begins = moment - (moment - datetime(2000, 1, 1, tzinfo=CITY_ZONE)) % days
    return begins, begins + days


def plan_refreshes(
    entries: Sequence[StaleBuckets],
    granularity: Granularity,
    *,
    ready: datetime,
    dropped_before: datetime | None,
    by_device: bool,
) -> RefreshPlan:
    """Put entries together: what overlaps is done once, what is of one device costs that device alone.

    Args:
        entries: rows of the log for one kind and this level.
        granularity: of the rollup.
        ready: buckets that end by then are over.
        dropped_before: before it the source was dropped; None if nothing was.
        by_device: whether the rollup can be made anew for single devices. If not, all share the fate of one.
    """
    made = RefreshPlan()
    edge = granularity.floor(ready)
    of_all: dict[datetime, list[tuple[datetime, datetime]]] = defaultdict(list)
    of_devices: dict[datetime, set[str]] = defaultdict(set)
    for entry in entries:
        begins, ends = granularity.floor(entry.begins), granularity.ceil(entry.ends)
        devices = None if entry.device_id is None else frozenset({entry.device_id})
        if ends > edge:
            made.incomplete.append(Refresh(devices, max(begins, edge), ends))
        if dropped_before is not None and begins < dropped_before:
            made.beyond_retention += 1
            begins = granularity.ceil(dropped_before)
        for stretch, start, end in _cut(granularity, begins, min(ends, edge)):
            if entry.device_id is not None and by_device:
                of_devices[stretch].add(entry.device_id)
            else:
                of_all[stretch].append((start, end))
    for stretch, names in of_devices.items():
        start, end = (
            max(stretch, granularity.ceil(dropped_before) if dropped_before else stretch),
            min(_end(granularity, stretch), edge),
        )
        if len(names) > DEVICES_MAX:
            of_all[stretch].append((start, end))
        else:
            made.refreshes.append(Refresh(frozenset(names), start, end))
    made.refreshes += [Refresh(None, start, end) for spans in of_all.values() for start, end in merge_spans(spans)]
    made.refreshes.sort(key=lambda piece: piece.begins, reverse=True)
    made.incomplete = list(dict.fromkeys(made.incomplete))
    return made


def merge_spans(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """The same moments with nothing twice, in order."""
    open_span: tuple[datetime, datetime] | None = None
    for begins, ends in sorted(spans):
        if open_span is not None and begins <= open_span[1]:
            open_span = open_span[0], max(open_span[1], ends)
            continue
        if open_span is not None:
            yield open_span
        open_span = begins, ends
    if open_span is not None:
        yield open_span


def _cut(level: Granularity, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    """(stretch, begins, ends) for each stretch of time that the span reaches into."""
    while begins < ends:
        stretch, stretch_ends = batch_span(level, begins)
        yield stretch, begins, min(ends, stretch_ends)
        begins = stretch_ends


def _end(level: Granularity, stretch: datetime) -> datetime:
    return batch_span(level, stretch)[1]
