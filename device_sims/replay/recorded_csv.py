"""A recording of depths as CSV: `device_id,time,depth_mm`.

Times are ISO 8601 with offset. An empty depth means that the device could not measure.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from device_sims.errors import BadRecording
from device_sims.replay.upload import Upload
from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.topic import IDENTIFIER

COLUMNS = ("device_id", "time", "depth_mm")


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """The readings of one device, in order of time."""

    device_id: str
    readings: tuple[WaterReading, ...]
    kind: Kind = Kind.WATERLOGGING

    def uploads(self) -> list[Upload]:
        """Return one upload per reading."""
        return [Upload(reading.time, (reading,)) for reading in self.readings]


def read_recorded_csv(path: Path) -> list[RecordedSeries]:
    """Read a file. Return one series per device, in the order in which the devices first appear.

    Raises:
        BadRecording: a column or all rows are missing, or a value cannot be read.
    """
    by_device: dict[str, list[WaterReading]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise BadRecording(
                f"{path}: the first line must have the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}"
            )
        for row in rows:
            try:
                reading = _reading(row)
            except ValueError as error:
                raise BadRecording(f"{path}, line {rows.line_num}: {error}") from None
            by_device[reading.device_id].append(reading)
    if not by_device:
        raise BadRecording(f"{path}: the file has no readings")
    return [
        RecordedSeries(device_id, tuple(sorted(readings, key=lambda reading: reading.time)))
        for device_id, readings in by_device.items()
    ]


def shift_to_now(series: list[RecordedSeries], *, now: datetime, speed: float) -> list[RecordedSeries]:
    """Move all series together so that the replay begins now and sends no future time.

    A replay faster than real time would send future times, which intake rejects. So all series are moved back until
    the last reading is sent at its own time.
    """
    first = min(one.readings[0].time for one in series)
    last = max(one.readings[-1].time for one in series)
    shift = now + (last - first) / max(speed, 1.0) - last
    return [replace(one, readings=tuple(_shifted(reading, shift) for reading in one.readings)) for one in series]


def _shifted(reading: WaterReading, shift: timedelta) -> WaterReading:
    return replace(reading, time=reading.time + shift)


def _reading(row: Mapping[str, str | None]) -> WaterReading:
    device_id, time_text, depth_text = (row[column] for column in COLUMNS)
    if device_id is None or time_text is None or depth_text is None:
        raise ValueError(f"a row needs {', '.join(COLUMNS)}")
    if not IDENTIFIER.fullmatch(device_id):
        raise ValueError(f"{device_id!r} is not a valid device name")
    time = datetime.fromisoformat(time_text)
    if time.tzinfo is None:
        raise ValueError(f"time {time_text!r} needs an offset, such as +08:00")
    if not depth_text.strip():
        return WaterReading(device_id, 0, time, quality=Quality.MISSING)
    depth_mm = float(depth_text)
    if not math.isfinite(depth_mm):
        raise ValueError(f"{depth_text!r} is not a depth; leave it empty if the device could not measure")
    return WaterReading(device_id, 0, time, depth_mm=depth_mm)
