"""Readings in order of event time, through the same book, step and lifecycle as live."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rencheng.checks.gauge import flag_gauge
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from services.alerts.backtest.rows import Row
from services.alerts.book import Book


@dataclass(frozen=True, slots=True)
class Judged:
    """A message, and the greatest event time that had been taken in when it was decided.

    The message's own time is cut to the second, as its outer forms want it; this one is not, so that what is said
    before a moment follows from what was measured until then.
    """

    message: WarningMessage
    issued_at: datetime


def judge(sites: Mapping[str, Site], readings: Iterable[Row]) -> Iterator[Judged]:
    """What the engine says, in order. Nothing is added at the end: a warning that stands then, stands.

    Args:
        sites: all in one world, an exercise; a reading is late by the greatest event time seen in it.
        readings: in order of event time. Those of devices that no site lists are passed over.
    """
    book = Book()
    book.set_sites(sites)
    bound = {device_id for site in sites.values() for device_id in site.device_ids}
    now: datetime | None = None
    for row in readings:
        now = row.time if now is None else max(now, row.time)
        if row.source in bound and (message := book.take(as_reading(row), row.time)):
            yield Judged(message, now)


def as_reading(row: Row) -> WaterReading:
    """A row as ingest would have let it in: flagged if no gauge can have measured it, never mended."""
    if row.value is None:
        return WaterReading(row.source, 0, row.time, quality=Quality.MISSING)
    reading = WaterReading(row.source, 0, row.time, row.value)
    flags = flag_gauge(reading, None)
    return replace(reading, quality=flags) if flags else reading
