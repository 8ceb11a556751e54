"""Extracts the recordings of this folder from the full data sets. The same data give the same bytes.

    python -m device_sims.recordings.extract FOLDER_OF_THE_FULL_DATA

FOLDER holds `floodnet/`, `signals_odot_atspm/` and `ev_epfl_dcfast_sessions/`, as SOURCE.md describes them.
"""

import csv
import gzip
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
MM_PER_INCH = 25.4

Rows = list[Sequence[object]]
Record = dict[str, str]

# Each of a different sensor, all above 150 mm and shorter than 4.5 h, with few gaps; the start is UTC.
# From 10 to 150 mm they take from 2 to 16 minutes inland, from 4 to 63 on the tide.
FLOODS: dict[str, str] = {
    "SI-catherine-ct-jewett-ave-1wu5w0": "2025-07-31T19:40:39",
    "Q-liberty-ave-183rd-st-2msf80": "2025-10-30T19:58:49",
    "BK-4th-av-garfield-pl-0erv80": "2023-09-29T11:52:26",
    "BK-wallabout-st-throop-ave-19qu40": "2023-09-29T12:05:49",
    "BX-webster-ave-e-166th-st-215110": "2025-07-14T23:29:54",
    "BK-9th-st-smith-st-0mlfc0": "2023-09-11T22:40:19",
    "BX-mullan-pl-pennyfield-ave-1vpks0": "2025-10-30T19:40:13",
    "Q-beach-43rd-st-15qgw0": "2024-01-13T14:33:00",
    "Q-beach-channel-dr-beach-38th-st-1zduho": "2025-10-30T19:18:05",
    "Q-brookville-blvd-149th-ave-3-23nfdo": "2025-10-30T18:51:56",
    "Q-161st-ave-99th-st-1a5q80": "2025-10-30T18:32:48",
    "SI-ridgewood-ave-arthur-kill-rd-20e7zc": "2025-10-30T17:23:54",
}
# Signal, file, first moment (UTC), minutes.
SIGNALS = (
    ("452", "events_3_signals_2024-05-13.csv.gz", "2024-05-13T22:00:00Z", 60),
    ("1136", "events_signal_1136_2024-04-15.csv.gz", "2024-04-15T19:00:00Z", 60),
)
# A charger replays one of the station's busiest afternoons: what began from noon on, for five hours (UTC).
CHARGERS = 5
NOON_HOUR = 12
AFTERNOON_H = 5
ENERGY_MAX_KWH = 100.0  # above, the source seems to have counted several cars as one
DURATION_MIN_S = 300
CONNECTORS = {"CCS1": 1, "CCS2": 2}


def main(source: Path) -> None:
    """Write all files and print their sizes."""
    extract_floods(source / "floodnet")
    extract_signals(source / "signals_odot_atspm")
    extract_sessions(source / "ev_epfl_dcfast_sessions")


def extract_floods(source: Path) -> None:
    """Write the chosen floods, with depths converted from inches to mm. No sample is dropped."""
    sensors = {row["sensor_id"]: row for row in _read(source / "sensors.csv")}
    events = {(row["sensor_id"], row["flood_start_time"][:19]): row for row in _read(source / "events.csv.gz")}
    index: Rows = []
    samples: Rows = []
    for sensor_id, started_at in FLOODS.items():
        event, sensor = events[sensor_id, started_at], sensors[sensor_id]
        flood_class = {"Yes": "tidal", "No": "inland"}[sensor["tidally_influenced"]]
        place = (sensor["latitude"], sensor["longitude"])
        index.append((sensor_id, event["sensor_name"], flood_class, f"{started_at}+00:00", *place))
        samples += [(sensor_id, offset_s, depth_mm) for offset_s, depth_mm in _profile(event)]
    _write("floods.csv", ("sensor_id", "sensor_name", "flood_class", "started_at", "latitude", "longitude"), index)
    _write("flood_samples.csv.gz", ("sensor_id", "offset_s", "depth_mm"), samples)


def _profile(event: Record) -> list[tuple[int, float]]:
    offsets_s = [int(offset) for offset in json.loads(event["flood_profile_time_secs"])]
    depths_mm = [round(inches * MM_PER_INCH, 1) for inches in json.loads(event["flood_profile_depth_inches"])]
    return list(zip(offsets_s, depths_mm, strict=True))


def extract_signals(source: Path) -> None:
    """Write all events of the chosen signals within their periods, in the order of the log, with duplicates."""
    places = {row["device_id"]: row for row in _read(source / "devices.csv")}
    index: Rows = []
    events: Rows = []
    for signal_id, file_name, started_at, minutes in SIGNALS:
        start = datetime.fromisoformat(started_at)
        end = start + timedelta(minutes=minutes)
        place = places[signal_id]
        index.append((signal_id, place["name"], start.isoformat(), place["latitude"], place["longitude"]))
        for row in _read(source / file_name):
            time = datetime.fromisoformat(row["time"])
            if row["device_id"] == signal_id and start <= time < end:
                tenths = round((time - start) / timedelta(milliseconds=100))
                events.append((signal_id, tenths, row["event_id"], row["parameter"]))
    _write("signals.csv", ("signal_id", "name", "started_at", "latitude", "longitude"), index)
    _write("signal_events.csv.gz", ("signal_id", "offset_tenths", "event_id", "parameter"), events)


def extract_sessions(source: Path) -> None:
    """Write the sessions of the busiest afternoons, one afternoon per charger."""
    afternoons: dict[datetime, list[Record]] = defaultdict(list)
    for row in _read(source / "sessions.csv.gz"):
        start = datetime.fromisoformat(row["start_time"])
        noon = start.replace(hour=NOON_HOUR, minute=0)
        if timedelta(0) <= start - noon < timedelta(hours=AFTERNOON_H) and _is_one_car(row):
            afternoons[noon].append(row)
    busiest = sorted(afternoons, key=lambda noon: (-len(afternoons[noon]), noon))[:CHARGERS]
    rows = [_session(charger, noon, row) for charger, noon in enumerate(sorted(busiest), 1) for row in afternoons[noon]]
    columns = ("charger", "connector_id", "session_id", "started_at", "offset_s", "duration_s", "energy_kwh")
    _write("sessions.csv", (*columns, "max_power_kw", "soc_arrival_pct", "soc_departure_pct"), rows)


def _session(charger: int, noon: datetime, row: Record) -> Sequence[object]:
    start = datetime.fromisoformat(row["start_time"])
    offset_s = round((start - noon).total_seconds())
    timing = (start.isoformat(), offset_s, _duration_s(row))
    charge = (row["energy_kwh"], row["max_power_kw"], row["soc_arrival_pct"], row["soc_departure_pct"])
    return (charger, CONNECTORS[row["connector_id"]], row["session_id"], *timing, *charge)


def _is_one_car(row: Record) -> bool:
    charged = float(row["soc_departure_pct"]) >= float(row["soc_arrival_pct"])
    return charged and float(row["energy_kwh"]) <= ENERGY_MAX_KWH and _duration_s(row) >= DURATION_MIN_S


def _duration_s(row: Record) -> int:
    length = datetime.fromisoformat(row["end_time"]) - datetime.fromisoformat(row["start_time"])
    return round(length.total_seconds())


def _read(path: Path) -> Iterator[Record]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _write(name: str, columns: Sequence[str], rows: Rows) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    content = text.getvalue().encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, compresslevel=9, mtime=0)  # no time of writing: the same bytes each time
    (HERE / name).write_bytes(content)
    sys.stdout.write(f"{name}: {len(rows):,} rows, {len(content):,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
