"""Readings in order of event time, through the same book, step and lifecycle as live."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.backtest.input_rows import Row
from rencheng.checks.gauge import flag_gauge
from rencheng.checks.limits import GAUGES
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading, flag
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.model import Model

AT_ONCE = timedelta(0)

_UNSURVEYED = Device("", Kind.WATERLOGGING, "")
_LIMITS = GAUGES[_UNSURVEYED.gauge].sample


@dataclass(frozen=True, slots=True)
class IssuedMessage:
    """A message, and the greatest event time that had been taken in when it was decided.

    The message's own time is cut to the second, as its outer forms want it; this one is not, so that what is said
    before a moment follows from what was measured until then.
    """

    message: WarningMessage
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedNotice:
    """That a site cannot be seen, or can again; and the greatest event time that had been taken in then."""

    notice: SiteNotice
    issued_at: datetime


def judge(
    sites: Mapping[str, Site],
    depths: Iterable[Row],
    rain: Iterable[Row] = (),
    *,
    model: Model | None = None,
    wait: timedelta = AT_ONCE,
) -> Iterator[IssuedMessage]:
    """What the engine warns of in two tables, in order; of one moment, the rain is known first.

    Args:
        sites: all in one world, an exercise; a reading is late by the greatest event time seen in it.
        depths: in order of event time. Those of devices that no site lists are passed over.
        rain: likewise, of gauges.
        model: what foretells; None: the rate of rise alone.
        wait: how long a reading waits for others, as live (`Book`). What still waits at the end is not judged.
    """
    return (
        said
        for said in judge_and_notice(sites, depths, rain, model=model, wait=wait)
        if isinstance(said, IssuedMessage)
    )


def judge_and_notice(
    sites: Mapping[str, Site],
    depths: Iterable[Row],
    rain: Iterable[Row] = (),
    *,
    model: Model | None = None,
    wait: timedelta = AT_ONCE,
) -> Iterator[IssuedMessage | IssuedNotice]:
    """The same, and between the warnings which sites cannot be seen."""
    gauges = {device_id for site in sites.values() for device_id in site.depth_gauge_ids}
    rain_gauges = {gauge_id for site in sites.values() for gauge_id in site.rain_gauge_ids}
    measured = (as_reading(row) for row in depths if row.source in gauges)
    fallen = (as_rain(row) for row in rain if row.source in rain_gauges and row.value is not None)
    return _said(sites, rain_first(measured, fallen), model, wait)


def judge_readings(
    sites: Mapping[str, Site],
    readings: Iterable[WaterReading],
    *,
    model: Model | None = None,
    wait: timedelta = AT_ONCE,
) -> Iterator[IssuedMessage]:
    """What the engine warns of in readings, in the order in which they came."""
    return (said for said in _said(sites, readings, model, wait) if isinstance(said, IssuedMessage))


def _said(
    sites: Mapping[str, Site], readings: Iterable[WaterReading], model: Model | None, wait: timedelta
) -> Iterator[IssuedMessage | IssuedNotice]:
    """Nothing is added at the end: a warning that stands then, stands, and what waits then, waits."""
    book = Evaluator(model, wait=wait)
    book.set_sites(sites)
    now: datetime | None = None
    for reading in readings:
        now = reading.time if now is None or reading.time > now else now
        for evaluation in book.process_and_commit(reading, reading.time):
            if evaluation.message:
                yield IssuedMessage(evaluation.message, now)
            if evaluation.notice:
                yield IssuedNotice(evaluation.notice, now)


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
