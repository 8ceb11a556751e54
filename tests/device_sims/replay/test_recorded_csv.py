from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sims.errors import BadRecording
from device_sims.replay import RecordedSeries, read_recorded_csv, shift_to_now
from rencheng.codecs.registry import CODECS
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading

NOW = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)

GOOD = """device_id,time,depth_mm
m-1,2024-07-01T08:00:00+08:00,0.0
m-2,2024-07-01T00:00:30Z,12.5
m-1,2024-07-01T08:02:00+08:00,31.25
m-1,2024-07-01T08:01:00+08:00,
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "recorded.csv"
    file.write_text(text)
    return file


def test_a_series_a_device_in_the_order_of_time(tmp_path: Path) -> None:
    first, second = read_recorded_csv(written(tmp_path, GOOD))
    assert (first.device_id, second.device_id) == ("m-1", "m-2")
    assert [reading.depth_mm for reading in first.readings] == [0.0, None, 31.25]
    assert [reading.time.minute for reading in first.readings] == [0, 1, 2]


def test_an_empty_depth_is_reported_as_null_and_never_as_dry(tmp_path: Path) -> None:
    gap = read_recorded_csv(written(tmp_path, GOOD))[0].readings[1]
    assert gap.quality is Quality.MISSING
    assert b'"depth_mm":null' in CODECS["json"].encode([gap])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("device_id,time\n", "missing: depth_mm"),
        ("", "missing: device_id, time, depth_mm"),
        ("device_id,time,depth_mm\n", "no reading"),
        ("device_id,time,depth_mm\nm-1,2024-07-01T08:00:00,1\n", "line 2: time .* needs an offset"),
        ("device_id,time,depth_mm\nm-1,yesterday,1\n", "line 2: Invalid isoformat"),
        ("device_id,time,depth_mm\nm-1,2024-07-01T08:00:00Z,deep\n", "line 2: could not convert"),
        ("device_id,time,depth_mm\nm-1,2024-07-01T08:00:00Z,nan\n", "line 2: 'nan' is not a depth"),
        ("device_id,time,depth_mm\nm-1,2024-07-01T08:00:00Z\n", "line 2: a row needs"),
        ("device_id,time,depth_mm\nm/1,2024-07-01T08:00:00Z,1\n", "line 2: 'm/1' is not a valid device name"),
    ],
)
def test_a_bad_file_is_refused_by_line(tmp_path: Path, text: str, finding: str) -> None:
    with pytest.raises(BadRecording, match=finding):
        read_recorded_csv(written(tmp_path, text))


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.floats(0.05, 10_000))
def test_a_play_moved_to_now_never_sends_a_time_to_come(offsets_s: list[int], speed: float) -> None:
    recorded = datetime(2021, 9, 1, tzinfo=UTC)
    times = [recorded + timedelta(seconds=offset_s) for offset_s in sorted(offsets_s)]
    series = [RecordedSeries("m-1", tuple(WaterReading("m-1", 0, time, depth_mm=1.0) for time in times))]
    moved = shift_to_now(series, now=NOW, speed=speed)[0].readings
    clock_slack = timedelta(milliseconds=1)
    for reading in moved:
        sent_at_wall = NOW + (reading.time - moved[0].time) / speed
        assert reading.time <= sent_at_wall + clock_slack
    assert [reading.time - moved[0].time for reading in moved] == [time - times[0] for time in times]


def test_at_lifes_speed_the_first_reading_is_taken_now(tmp_path: Path) -> None:
    moved = shift_to_now(read_recorded_csv(written(tmp_path, GOOD)), now=NOW, speed=1.0)
    assert min(one.readings[0].time for one in moved) == NOW
