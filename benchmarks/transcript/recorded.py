"""Plays of recordings: streets through years, a city in its storms, rivers with faulty gauges, a creek in rain."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime

from benchmarks.skill import creek as creeks
from benchmarks.skill import engine, floodnet, klab
from benchmarks.skill.recordings import Samples, SensorSeries, creek, flood_events, flood_sensors, river_levels
from benchmarks.skill.timeline import lay_out
from benchmarks.transcript.script import Arrival, Script
from rencheng.backtest.input_rows import Row
from rencheng.backtest.replay import as_rain, as_reading, rain_first
from rencheng.domain.site import SiteType

DAY_S = 86_400.0
STORMS = 10
"""The number of days, those with most flooded streets of FloodNet, that are storms."""


def streets(one_in: int, first: int) -> Script:
    """Return every n-th street of FloodNet from the first on, with artefacts between its floods."""
    lines = floodnet.timelines(with_artefacts=True, one_in=one_in, first=first)
    sites = engine.sites_of({line.sensor.sensor_id: floodnet.THRESHOLDS_MM for line in lines}, SiteType.ROAD)
    return Script("streets", sites, _arrivals(floodnet.rows_of(lines)))


def storms(one_in: int, first: int) -> Script:
    """Return all streets on every n-th day of storm from the first on, without artefacts."""
    lines = [
        lay_out(flood_sensors()[name], events, with_artefacts=False, dry_s=floodnet.CURVE_DRY_S)
        for name, events in sorted(_in_storms(one_in, first).items())
    ]
    sites = engine.sites_of({line.sensor.sensor_id: floodnet.THRESHOLDS_MM for line in lines}, SiteType.ROAD)
    return Script("storms", sites, _arrivals(floodnet.rows_of(lines)))


def rivers(names: Iterable[str], days: float) -> Script:
    """Return the first days of some of KLab's gauges."""
    levels = {series.name: series.samples for series in river_levels() if series.name in set(names)}
    thresholds = {name: klab.thresholds_above(statistics.median(mm for _, mm in of)) for name, of in levels.items()}
    begun = {name: _until(of, of[0][0] + days * DAY_S) for name, of in levels.items()}
    return Script("rivers", engine.sites_of(thresholds, SiteType.CHANNEL), _arrivals(engine.rows_of(begun)))


def creek_in_rain(from_day: float, until_day: float) -> Script:
    """Return some days of Walnut Creek."""
    stage, rain = creek("levels")[0], creek("rain")[0]
    begin = stage.samples[0][0]
    span = begin + from_day * DAY_S, begin + until_day * DAY_S
    sites = engine.sites_of({stage.name: creeks.THRESHOLDS_MM}, SiteType.CHANNEL, [rain.name])
    of = [[one for one in series.samples if span[0] <= one[0] < span[1]] for series in (stage, rain)]
    rows, fallen = engine.rows_of({stage.name: of[0]}), engine.rows_of({rain.name: of[1]})
    return Script("creek", sites, _arrivals(rows, fallen))


def _in_storms(one_in: int, first: int) -> dict[str, list[SensorSeries]]:
    """By street its floods on some of the days of storm."""
    by_day: dict[date, list[SensorSeries]] = defaultdict(list)
    for event in flood_events():
        by_day[datetime.fromtimestamp(event.samples[0][0], UTC).date()].append(event)
    days = sorted(by_day, key=lambda day: (-len({event.name for event in by_day[day]}), day))[:STORMS]
    found: dict[str, list[SensorSeries]] = defaultdict(list)
    for day in days[first::one_in]:
        for event in by_day[day]:
            found[event.name].append(event)
    return found


def _arrivals(rows: Iterable[Row], rain: Iterable[Row] = ()) -> tuple[Arrival, ...]:
    """Each as it was measured."""
    readings = rain_first(map(as_reading, rows), map(as_rain, rain))
    return tuple(Arrival(reading, reading.time) for reading in readings)


def _until(samples: Samples, end_s: float) -> Samples:
    return [one for one in samples if one[0] < end_s]
