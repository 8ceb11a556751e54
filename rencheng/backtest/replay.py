"""Evaluate recorded readings in order of event time, by the same evaluator as the live service."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from math import inf

from rencheng.backtest.input_rows import Row
from rencheng.checks.gauge import flag_gauge
from rencheng.checks.limits import GAUGES
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.nowcast import SiteNowcast
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading, flag
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.evaluator import Evaluator, ReadinessOf
from rencheng.engine.forecast.model import Model
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.rain.weather import RainOutlook
from rencheng.engine.record import Evaluation
from rencheng.engine.site_policy import NO_TRAITS
from rencheng.engine.state import SiteState
from rencheng.engine.traits import GaugeTraits

NO_WAIT = timedelta(0)

TICK = timedelta(minutes=1)
"""The step of time while no reading arrives. The live service passes time every second."""

_UNSURVEYED = Device("", Kind.WATERLOGGING, "")
_LIMITS = GAUGES[_UNSURVEYED.gauge].sample


@dataclass(frozen=True, slots=True)
class IssuedMessage:
    """A message, and the greatest event time of all readings at its decision.

    The message's own time is cut to the second for its outer forms. This time is not, so that it shows that a message
    of before a moment follows from readings of before that moment.
    """

    message: WarningMessage
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedNotice:
    """A notice that a site's monitoring is lost or restored, and the greatest event time of all readings then."""

    notice: SiteNotice
    issued_at: datetime


Issued = IssuedMessage | IssuedNotice
Observe = Callable[[str, SiteState, datetime], None]
"""Called with a site, its state after a reading, and the reading's time."""


def judge(
    sites: Mapping[str, Site],
    depths: Iterable[Row],
    rain: Iterable[Row] = (),
    *,
    model: Model | None = None,
    wait: timedelta = NO_WAIT,
    until: datetime | None = None,
) -> Iterator[IssuedMessage]:
    """Yield the engine's warnings for two tables of readings, in order; of one moment, rain comes first.

    Args:
        sites: all in one world, an exercise. A reading is late by the greatest event time in it.
        depths: in order of event time. Depths of devices that no site lists are skipped.
        rain: likewise, of rain gauges.
        model: forecasts the water; None: the rate of rise alone.
        wait: how long a reading waits for others, as live (`Evaluator`). A reading that still waits at the end is not
            evaluated.
        until: time goes on until then after the last reading; None: it ends with it.
    """
    found = judge_and_notice(sites, depths, rain, model=model, wait=wait, until=until)
    return (issued for issued in found if isinstance(issued, IssuedMessage))


def judge_and_notice(
    sites: Mapping[str, Site],
    depths: Iterable[Row],
    rain: Iterable[Row] = (),
    *,
    model: Model | None = None,
    wait: timedelta = NO_WAIT,
    observe: Observe | None = None,
    until: datetime | None = None,
    nowcasts: Iterable[SiteNowcast] = (),
    traits: Mapping[str, GaugeTraits] = NO_TRAITS,
) -> Iterator[Issued]:
    """Yield the same, and between the warnings the notices of sites without data or with a doubt."""
    gauges = {device_id for site in sites.values() for device_id in site.level_gauge_ids}
    rain_gauges = {gauge_id for site in sites.values() for gauge_id in site.rain_gauge_ids}
    measured = (as_reading(row) for row in depths if row.source in gauges)
    rainfall = (as_rain(row) for row in rain if row.source in rain_gauges and row.value is not None)
    evaluator = Evaluator(model, _readiness(nowcasts), wait)
    evaluator.set_sites(sites, traits)
    return _issued(sites, rain_first(measured, rainfall), evaluator, observe, until)


def _readiness(nowcasts: Iterable[SiteNowcast]) -> ReadinessOf:
    """Return what the engine asks of the weather: the nowcasts alone."""
    known = RainOutlook(nowcasts=nowcasts)

    def of_site(site: Site, at: datetime) -> Readiness:
        nowcast = known.nowcast(site.site_id, at)
        return Readiness(nowcast=nowcast) if nowcast.members else NO_SIGNAL

    return of_site


def judge_readings(
    sites: Mapping[str, Site],
    readings: Iterable[WaterReading],
    *,
    model: Model | None = None,
    wait: timedelta = NO_WAIT,
    observe: Observe | None = None,
    until: datetime | None = None,
) -> Iterator[IssuedMessage]:
    """Yield the engine's warnings for readings in the order in which they came."""
    evaluator = Evaluator(model, wait=wait)
    evaluator.set_sites(sites)
    found = _issued(sites, readings, evaluator, observe, until)
    return (issued for issued in found if isinstance(issued, IssuedMessage))


def _issued(
    sites: Mapping[str, Site],
    readings: Iterable[WaterReading],
    evaluator: Evaluator,
    observe: Observe | None,
    until: datetime | None,
) -> Iterator[Issued]:
    """Add nothing at the end: a warning that is open then stays open, and a reading that waits then waits."""
    worlds = sorted({site.world for site in sites.values()})
    now: datetime | None = None
    for reading in readings:
        if now is None:
            now = reading.time
        elif reading.time > now:
            yield from _time_passes(evaluator, worlds, now, reading.time)
            now = reading.time
        for evaluation in evaluator.process_and_commit(reading, reading.time):
            yield from _outcome(evaluation, now)
        if observe:
            for site in evaluator.sites_of(reading):
                observe(site.site_id, evaluator.record(site.site_id).state, reading.time)
    if now and until:
        yield from _time_passes(evaluator, worlds, now, until + timedelta.resolution)


def _time_passes(evaluator: Evaluator, worlds: Sequence[str], after: datetime, before: datetime) -> Iterator[Issued]:
    """Yield what time alone changes between two moments, neither included, minute by minute where anything is due."""
    moment = after
    while (moment := _next_tick(evaluator, worlds, after, moment)) < before:
        for evaluation in chain.from_iterable(evaluator.tick(moment, world) for world in worlds):
            yield from _outcome(evaluator.commit(evaluation), moment)


def _next_tick(evaluator: Evaluator, worlds: Sequence[str], after: datetime, moment: datetime) -> datetime:
    """Return the first tick at which anything can be due; `datetime.max` if nothing ever is."""
    waits_s = evaluator.wait.total_seconds()
    due_s = min(evaluator.due_s(world) for world in worlds) + waits_s - after.timestamp()
    ticks = (moment - after) // TICK + 1
    if ticks * TICK.total_seconds() > waits_s:  # no reading waits any more
        if due_s == inf:
            return datetime.max.replace(tzinfo=UTC)
        ticks = max(ticks, int(due_s // TICK.total_seconds()))
    return after + ticks * TICK


def _outcome(evaluation: Evaluation, at: datetime) -> Iterator[Issued]:
    if evaluation.message:
        yield IssuedMessage(evaluation.message, at)
    if evaluation.notice:
        yield IssuedNotice(evaluation.notice, at)


def rain_first(depths: Iterable[WaterReading], rain: Iterable[WaterReading]) -> Iterator[WaterReading]:
    """Yield both in order of event time, if each is in order; of one moment, rain first."""
    rainfall = iter(rain)
    step = next(rainfall, None)
    for reading in depths:
        while step is not None and step.time <= reading.time:
            yield step
            step = next(rainfall, None)
        yield reading
    if step is not None:
        yield step
        yield from rainfall


def as_reading(row: Row) -> WaterReading:
    """Return a row of depth as ingest accepts it: flagged if no gauge can have measured it, never changed."""
    if row.value is None:
        return WaterReading(row.source, 0, row.time, temperature_c=row.temperature_c, quality=Quality.MISSING)
    reading = WaterReading(row.source, 0, row.time, row.value, temperature_c=row.temperature_c)
    if flags := flag_gauge(reading, _UNSURVEYED, _LIMITS):
        flag(reading, flags)
    return reading


def as_rain(row: Row) -> WaterReading:
    """Return a row of rain as the report of a gauge that measures nothing else."""
    return WaterReading(row.source, 0, row.time, rain_mm=row.value)
