"""The recordings as typed records, in the order of their files."""

import csv
import functools
import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class FloodClass(StrEnum):
    """The cause of a flood. Rain floods rise about eight times faster, so skill is always given by class."""

    INLAND = "inland"
    TIDAL = "tidal"


@dataclass(frozen=True, slots=True)
class FloodRecording:
    """One flood of one street: depths by seconds since the first wet sample. The street is dry before and after."""

    sensor_id: str
    sensor_name: str
    flood_class: FloodClass
    started_at: datetime
    latitude: float
    longitude: float
    offsets_s: tuple[int, ...]
    depths_mm: tuple[float, ...]

    @property
    def duration_s(self) -> int:
        """Seconds from the first sample to the last."""
        return self.offsets_s[-1]

    @property
    def peak_mm(self) -> float:
        """The greatest depth."""
        return max(self.depths_mm)

    def reached_s(self, depth_mm: float) -> int | None:
        """Return when a depth was first reached, seconds since the start; None if never."""
        samples = zip(self.offsets_s, self.depths_mm, strict=True)
        return next((offset_s for offset_s, depth in samples if depth >= depth_mm), None)


class RecordedEvent(NamedTuple):
    """One event of a signal controller. `offset_tenths` counts tenths of a second since the recording's start."""

    offset_tenths: int
    event_id: int
    parameter: int


@dataclass(frozen=True, slots=True)
class SignalRecording:
    """All events of one signal controller over a period, including exact duplicates in its log."""

    signal_id: str
    name: str
    started_at: datetime
    latitude: float
    longitude: float
    events: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True)
class SessionRecording:
    """One charging session.

    `charger` is our number of a charger that replays one recorded afternoon. `offset_s` counts from noon of that
    afternoon.
    """

    charger: int
    connector_id: int
    session_id: str
    started_at: datetime
    offset_s: int
    duration_s: int
    energy_kwh: float
    max_power_kw: float
    soc_arrival_pct: float
    soc_departure_pct: float


@functools.cache
def floods() -> tuple[FloodRecording, ...]:
    """Return the recorded floods, inland ones first."""
    samples = _grouped("flood_samples.csv.gz", by="sensor_id")
    return tuple(
        FloodRecording(
            sensor_id=row["sensor_id"],
            sensor_name=row["sensor_name"],
            flood_class=FloodClass(row["flood_class"]),
            started_at=datetime.fromisoformat(row["started_at"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            offsets_s=tuple(int(sample["offset_s"]) for sample in samples[row["sensor_id"]]),
            depths_mm=tuple(float(sample["depth_mm"]) for sample in samples[row["sensor_id"]]),
        )
        for row in _rows("floods.csv")
    )


@functools.cache
def signals() -> tuple[SignalRecording, ...]:
    """Return the recorded signal controllers."""
    events = _grouped("signal_events.csv.gz", by="signal_id")
    return tuple(
        SignalRecording(
            signal_id=row["signal_id"],
            name=row["name"],
            started_at=datetime.fromisoformat(row["started_at"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            events=tuple(
                RecordedEvent(int(event["offset_tenths"]), int(event["event_id"]), int(event["parameter"]))
                for event in events[row["signal_id"]]
            ),
        )
        for row in _rows("signals.csv")
    )


@functools.cache
def sessions() -> tuple[SessionRecording, ...]:
    """Return the recorded charging sessions, by charger, then by start."""
    return tuple(
        SessionRecording(
            charger=int(row["charger"]),
            connector_id=int(row["connector_id"]),
            session_id=row["session_id"],
            started_at=datetime.fromisoformat(row["started_at"]),
            offset_s=int(row["offset_s"]),
            duration_s=int(row["duration_s"]),
            energy_kwh=float(row["energy_kwh"]),
            max_power_kw=float(row["max_power_kw"]),
            soc_arrival_pct=float(row["soc_arrival_pct"]),
            soc_departure_pct=float(row["soc_departure_pct"]),
        )
        for row in _rows("sessions.csv")
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = HERE / name
    with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        yield from csv.DictReader(file)


def _grouped(name: str, *, by: str) -> dict[str, list[dict[str, str]]]:
    """Return the rows of a file by group. The rows of a group are adjacent."""
    return {key: list(rows) for key, rows in itertools.groupby(_rows(name), key=lambda row: row[by])}
