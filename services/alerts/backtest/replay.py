"""Readings in order of event time, through the same book, step and lifecycle as live."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rencheng.checks.gauge import flag_gauge
from rencheng.checks.limits import GAUGES
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading, flag
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from services.alerts.backtest.rows import Row
from services.alerts.book import Book

_UNSURVEYED = Device("", Kind.WATERLOGGING, "")
_LIMITS = GAUGES[_UNSURVEYED.gauge].sample


@dataclass(frozen=True, slots=True)
class Judged:
    """A message, and the greatest event time that had been taken in when it was decided.

    The message's own time is cut to the second, as its outer forms want it; this one is not, so that what is said
    before a moment follows from what was measured until then.
    """

    message: WarningMessage
    issued_at: datetime


def judge(sites: Mapping[str, Site], depths: Iterable[Row], rain: Iterable[Row] = ()) -> Iterator[Judged]:
    """What the engine says to two tables, in order; of one moment, the rain is known first.

    Args:
        sites: all in one world, an exercise; a reading is late by the greatest event time seen in it.
        depths: in order of event time. Those of devices that no site lists are passed over.
        rain: likewise, of gauges.
    """
    gauges = {device_id for site in sites.values() for device_id in site.device_ids}
    rain_gauges = {gauge_id for site in sites.values() for gauge_id in site.gauge_ids}
    measured = (as_reading(row) for row in depths if row.source in gauges)
    fallen = (as_rain(row) for row in rain if row.source in rain_gauges and row.value is not None)
    return judge_readings(sites, rain_first(measured, fallen))


def judge_readings(sites: Mapping[str, Site], readings: Iterable[WaterReading]) -> Iterator[Judged]:
    """The same, from readings. Nothing is added at the end: a warning that stands then, stands."""
    book = Book()
    book.set_sites(sites)
    now: datetime | None = None
    for reading in readings:
        now = reading.time if now is None or reading.time > now else now
        if message := book.take(reading, reading.time):
            yield Judged(message, now)


def rain_first(depths: Iterable[WaterReading], rain: Iterable[WaterReading]) -> Iterator[WaterReading]:
    """Both in order of event time, if each is; of one moment, the rain first."""
    drops = iter(rain)
    drop = next(drops, None)
    for reading in depths:
        while drop is not None and drop.time <= reading.time:
            yield drop
            drop = next(drops, None)
        yield reading
    if drop is not None:
        yield drop
        yield from drops


def as_reading(row: Row) -> WaterReading:
    """A row of depth as ingest would have let it in: flagged if no gauge can have measured it, never mended."""
    if row.value is None:
        return WaterReading(row.source, 0, row.time, quality=Quality.MISSING)
    reading = WaterReading(row.source, 0, row.time, row.value)
    if flags := flag_gauge(reading, _UNSURVEYED, _LIMITS):
        flag(reading, flags)
    return reading


def as_rain(row: Row) -> WaterReading:
    """A row of rain as the report of a gauge that measures nothing else."""
    return WaterReading(row.source, 0, row.time, rain_mm=row.value)
