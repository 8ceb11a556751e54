"""The tables of a back-test, as people write them."""

from datetime import UTC, datetime

import pytest

from rencheng.backtest.input_rows import Row, read_rain, read_readings
from rencheng.backtest.replay import as_reading
from rencheng.domain.errors import NotPossible

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


def read(text: str) -> list[Row]:
    return read_readings(text.splitlines(keepends=True), "R.csv")


def test_rows_come_in_order_of_event_time_whatever_their_order_and_offset() -> None:
    rows = read(
        "device_id,time,depth_mm\nB,2026-07-20T20:01:00+08:00,2\nB,2026-07-20T12:00:00Z,1\nA,2026-07-20T12:01:00Z,3\n"
    )

    assert [(row.time.minute, row.source, row.value) for row in rows] == [(0, "B", 1.0), (1, "A", 3.0), (1, "B", 2.0)]
    assert all(row.time.tzinfo is UTC for row in rows)


def test_columns_are_found_by_name_and_others_passed_over() -> None:
    rows = read('note,depth_mm, time,device_id\r\n"a, b",7,2026-07-20T12:00:00Z,A\r\n\r\n')

    assert rows == [Row(NOON, "A", 7.0)]


@pytest.mark.parametrize("cell", ["", "  ", "nan", "inf", "-inf", "1e999"])
def test_what_no_gauge_can_measure_was_not_measured(cell: str) -> None:
    assert read(f"device_id,time,depth_mm\nA,2026-07-20T12:00:00Z,{cell}\n") == [Row(NOON, "A", None)]


@pytest.mark.parametrize("cell", ["-5000", "99999", "0.0", "-0.5"])
def test_negative_and_absurd_values_are_read(cell: str) -> None:
    assert read(f"device_id,time,depth_mm\nA,2026-07-20T12:00:00Z,{cell}\n")[0].value == float(cell)


@pytest.mark.parametrize(
    ("text", "issued"),
    [
        ("", "R.csv, line 0: the first line must name device_id, time, depth_mm; it lacks device_id, time, depth_mm"),
        (
            "device_id,time\nA,x\n",
            "R.csv, line 1: the first line must name device_id, time, depth_mm; it lacks depth_mm",
        ),
        ("device_id,time,depth_mm\nA,2026-07-20T12:00:00Z\n", "R.csv, line 2: a row needs device_id, time, depth_mm"),
        (
            "device_id,time,depth_mm\nA,2026-07-20T12:00:00,1\n",
            "R.csv, line 2: time '2026-07-20T12:00:00' needs an offset",
        ),
        ("device_id,time,depth_mm\nA,yesterday,1\n", "R.csv, line 2: Invalid isoformat string: 'yesterday'"),
        (
            "device_id,time,depth_mm\n\nA,2026-07-20T12:00:00Z,deep\n",
            "R.csv, line 3: could not convert string to float",
        ),
        ("device_id,time,depth_mm\n,2026-07-20T12:00:00Z,1\n", "R.csv, line 2: device_id is empty"),
        ("device_id,time,depth_mm\nA,0001-01-01T00:00:00+08:00,1\n", "R.csv, line 2: "),
    ],
)
def test_an_error_names_file_and_line(text: str, issued: str) -> None:
    with pytest.raises(NotPossible) as error:
        read(text)

    assert str(error.value).startswith(issued)


def test_less_than_nothing_cannot_fall() -> None:
    assert read_rain(["gauge_id,time,rain_mm\n", "P,2026-07-20T12:00:00Z,-0.2\n"], "G.csv") == [Row(NOON, "P", None)]


def test_rain_has_columns_of_its_own() -> None:
    assert read_rain(["gauge_id,time,rain_mm\n", "P,2026-07-20T12:00:00Z,0.25\n"], "G.csv") == [Row(NOON, "P", 0.25)]
    with pytest.raises(NotPossible, match="must name gauge_id, time, rain_mm"):
        read_rain(["device_id,time,depth_mm\n"], "G.csv")


@pytest.mark.parametrize("column", ["temperature_c", "temp_c"])
def test_a_temperature_is_read_where_there_is_one_and_is_no_reason_to_refuse_a_row(column: str) -> None:
    lines = [f"device_id,time,depth_mm,{column}", f"g,{NOON},5,-3.5", f"h,{NOON},5,n/a", f"i,{NOON},5"]
    rows = read_readings(lines, "R.csv")

    assert [row.temperature_c for row in rows] == [-3.5, None, None]
    assert as_reading(rows[0]).temperature_c == -3.5
