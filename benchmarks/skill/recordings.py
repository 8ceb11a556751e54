"""The recordings as series: times in seconds of the epoch, values in the unit that is asked for."""

import csv
import functools
import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"

MM_PER_HUNDREDTH_INCH = 0.254
AS_OF = datetime(2026, 5, 15, tzinfo=UTC)
"""When the FloodNet data were drawn; a sensor that still stood then was watched until then."""

SECONDS_A_MONTH = 365.25 / 12 * 86_400

Samples = list[tuple[float, float]]
"""(time, value), in order of time."""

Played = list[tuple[float, float | None]]
"""The same, with None where the sensor says that it could not measure."""


@dataclass(frozen=True, slots=True)
class SensorSeries:
    """What one device measured in one go."""

    name: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Sensor:
    """A FloodNet sensor: do tides reach it, and for how many months it was watched."""

    sensor_id: str
    is_tidal: bool
    months: float


@dataclass(frozen=True, slots=True)
class LevelGauge:
    """A KLab sensor: what its authors labelled it."""

    device_id: str
    label: str
    is_faulty: bool


@functools.cache
def flood_events() -> tuple[SensorSeries, ...]:
    """FloodNet's events, depths in mm; a sensor has one series an event."""
    return tuple(_series("floodnet_events.csv.gz", MM_PER_HUNDREDTH_INCH))


@functools.cache
def flood_sensors() -> dict[str, Sensor]:
    """FloodNet's sensors by name."""
    return {row["sensor_id"]: _sensor(row) for row in _rows("floodnet_sensors.csv")}


@functools.cache
def creek(what: str) -> tuple[SensorSeries, ...]:
    """Walnut Creek's `levels` (mm), `rain` (mm in the step that ends at the time) or `flow` (litres a second)."""
    return tuple(_series(f"creek_{what}.csv.gz"))


@functools.cache
def singapore_rain() -> tuple[SensorSeries, ...]:
    """Singapore's rain (mm in the five minutes that end at the time) in two wet weeks, gauge by gauge."""
    found: dict[str, Samples] = {}
    for series in _series("singapore_rain.csv.gz"):
        found.setdefault(series.name, []).extend(series.samples)
    return tuple(SensorSeries(name, samples) for name, samples in sorted(found.items()))


@functools.cache
def river_levels() -> tuple[SensorSeries, ...]:
    """KLab's levels in mm above the authors' zero."""
    return tuple(_series("klab_levels.csv.gz"))


@functools.cache
def river_gauges() -> dict[str, LevelGauge]:
    """KLab's sensors by name, with their labels."""
    return {row["device_id"]: _gauge(row) for row in _rows("klab_devices.csv")}


def _series(name: str, scale: float = 1.0) -> Iterator[SensorSeries]:
    for row in _rows(name):
        begins = datetime.fromisoformat(row["begins_at"]).timestamp()
        offsets = itertools.accumulate(int(step) for step in row["steps_s"].split())
        values = (round(float(value) * scale, 1) for value in row["values"].split())
        yield SensorSeries(
            row["name"], [(begins + offset, value) for offset, value in zip(offsets, values, strict=True)]
        )


def _sensor(row: dict[str, str]) -> Sensor:
    installed = datetime.fromisoformat(row["date_installed"]).replace(tzinfo=UTC)
    removed = datetime.fromisoformat(row["date_removed"]).replace(tzinfo=UTC) if row["date_removed"] else AS_OF
    months = (removed - installed).total_seconds() / SECONDS_A_MONTH
    return Sensor(row["sensor_id"], row["tidally_influenced"] == "Yes", months)


def _gauge(row: dict[str, str]) -> LevelGauge:
    words = {"low_var_obstruction": "stuck or blocked", "high_var_obstruction": "spiky"}
    faults = [word for column, word in words.items() if row[column] == "1"]
    return LevelGauge(row["device_id"], ", ".join(faults) or "works", bool(faults))


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = DATA / name
    with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        yield from csv.DictReader(file)
