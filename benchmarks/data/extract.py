"""Writes this folder's files from the full data: `python -m benchmarks.data.extract FOLDER_OF_THE_FULL_DATA`.

A series is one line: whose, when it begins, the steps in seconds (the first is 0), the values. Nothing is dropped,
filled or smoothed; each file is written to the same bytes each time.
"""

import csv
import gzip
import io
import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path

HERE = Path(__file__).parent

SERIES_COLUMNS = ("name", "begins_at", "steps_s", "values")
Record = dict[str, str]


def main(source: Path) -> None:
    """Write all files."""
    folders = ("floodnet", "raleigh_walnut_creek", "klab_michigan_levels", "singapore_rain_5min")
    floodnet, creek, klab, singapore = (source / name for name in folders)
    _write("floodnet_events.csv.gz", SERIES_COLUMNS, (_event(row) for row in _read(floodnet / "events.csv.gz")))
    columns = ("sensor_id", "tidally_influenced", "date_installed", "date_removed", "lowest_point_height_delta_inches")
    sensors = _read(floodnet / "sensors.csv")
    _write("floodnet_sensors.csv", columns, ([row[column] for column in columns] for row in sensors))
    for name, source_column, value in (
        ("levels", "device_id", "depth_mm"),
        ("flow", "device_id", "flow_lps"),
        ("rain", "gauge_id", "rain_mm"),
    ):
        rows = _read(creek / f"{name}.csv.gz")
        _write(f"creek_{name}.csv.gz", SERIES_COLUMNS, _series(rows, source_column, value))
    parts = ("rain_2016-12-20_27.csv.gz", "rain_2017-01-16_25.csv.gz")
    rows = (row for name in parts for row in sorted(_read(singapore / name), key=itemgetter("device_id", "time")))
    _write("singapore_rain.csv.gz", SERIES_COLUMNS, _series(rows, "device_id", "rain_mm"))
    _write("klab_levels.csv.gz", SERIES_COLUMNS, _series(_read(klab / "levels.csv.gz"), "device_id", "level_mm"))
    labels = ("device_id", "clean", "low_var_obstruction", "high_var_obstruction", "indeterminate", "outliers")
    devices = _read(klab / "devices.csv")
    _write("klab_devices.csv", labels, ([row[column] for column in labels] for row in devices))


def _event(row: Record) -> Sequence[str]:
    """A flood: hundredths of an inch, as the sensors' own resolution has it."""
    offsets_s: list[int] = json.loads(row["flood_profile_time_secs"])
    depths = [round(inches * 100) for inches in json.loads(row["flood_profile_depth_inches"])]
    return row["sensor_id"], f"{row['flood_start_time'][:19]}+00:00", _joined(_steps(offsets_s)), _joined(depths)


def _series(rows: Iterable[Record], name: str, value: str) -> Iterator[Sequence[str]]:
    for key, group in itertools.groupby(rows, key=lambda row: row[name]):
        members = list(group)
        times = [datetime.fromisoformat(row["time"]) for row in members]
        seconds = [round((time - times[0]).total_seconds()) for time in times]
        yield key, times[0].isoformat(), _joined(_steps(seconds)), _joined(row[value] for row in members)


def _steps(offsets_s: Sequence[int]) -> list[int]:
    return [0, *(later - earlier for earlier, later in itertools.pairwise(offsets_s))]


def _joined(values: Iterable[object]) -> str:
    return " ".join(map(str, values))


def _read(path: Path) -> Iterator[Record]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _write(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    content = text.getvalue().encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, compresslevel=9, mtime=0)  # no time of writing: the same bytes each time
    (HERE / name).write_bytes(content)
    sys.stdout.write(f"{name}: {len(content):,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
