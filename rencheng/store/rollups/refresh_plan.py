"""Plan refreshes from the log of stale buckets. Deterministic: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rencheng.domain.place import CITY_ZONE
from rencheng.store.schema.granularity import Granularity

DEVICES_MAX = 500
"""With more late devices in one batch span, a refresh of all devices is cheaper."""


@dataclass(frozen=True, slots=True)
class StaleBuckets:
    """A log entry: readings changed in [begins, ends), of one device or of any (None)."""

    entry_id: int
    device_id: str | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """Whole buckets that one statement refreshes, of these devices or of all (None)."""

    devices: frozenset[str] | None
    begins: datetime
    ends: datetime


@dataclass(slots=True)
class RefreshPlan:
    """The work that follows from some log entries.

    Attributes:
        refreshes: what to refresh, the newest first, because people look at the newest buckets.
        incomplete: buckets that have not ended yet and go back into the log.
        beyond_retention: the number of entries about buckets whose source was dropped. They cannot be refreshed.
    """

    refreshes: list[Refresh] = field(default_factory=list)
    incomplete: list[Refresh] = field(default_factory=list)
    beyond_retention: int = 0


def batch_span(granularity: Granularity, moment: datetime) -> tuple[datetime, datetime]:
    """Return the time span around a moment that one statement may cover: the next coarser bucket, or thirty days."""
    if (coarser := granularity.coarser) is not None:
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
    """Combine entries: overlapping spans are refreshed once, and an entry of one device refreshes that device alone.

    Args:
        entries: log entries of one kind and this granularity.
        granularity: the granularity of the rollup.
        ready: buckets that end by then are complete.
        dropped_before: the moment before which the source was dropped; None if nothing was.
        by_device: whether the rollup can be refreshed for single devices.
    """
    planned = RefreshPlan()
    edge = granularity.floor(ready)
    of_all: dict[datetime, list[tuple[datetime, datetime]]] = defaultdict(list)
    of_devices: dict[datetime, set[str]] = defaultdict(set)
    for entry in entries:
        begins, ends = granularity.floor(entry.begins), granularity.ceil(entry.ends)
        devices = None if entry.device_id is None else frozenset({entry.device_id})
        if ends > edge:
            planned.incomplete.append(Refresh(devices, max(begins, edge), ends))
        if dropped_before is not None and begins < dropped_before:
            planned.beyond_retention += 1
            begins = granularity.ceil(dropped_before)
        for span, start, end in _cut(granularity, begins, min(ends, edge)):
            if entry.device_id is not None and by_device:
                of_devices[span].add(entry.device_id)
            else:
                of_all[span].append((start, end))
    for span, names in of_devices.items():
        start = max(span, granularity.ceil(dropped_before) if dropped_before else span)
        end = min(_end(granularity, span), edge)
        if len(names) > DEVICES_MAX:
            of_all[span].append((start, end))
        else:
            planned.refreshes.append(Refresh(frozenset(names), start, end))
    planned.refreshes += [Refresh(None, start, end) for spans in of_all.values() for start, end in merge_spans(spans)]
    planned.refreshes.sort(key=lambda refresh: refresh.begins, reverse=True)
    planned.incomplete = list(dict.fromkeys(planned.incomplete))
    return planned


def merge_spans(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the union of the spans as disjoint spans, in order."""
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


def _cut(granularity: Granularity, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Yield (start of the batch span, begins, ends) for each batch span that the given span touches."""
    while begins < ends:
        span, span_ends = batch_span(granularity, begins)
        yield span, begins, min(ends, span_ends)
        begins = span_ends


def _end(granularity: Granularity, span: datetime) -> datetime:
    return batch_span(granularity, span)[1]
