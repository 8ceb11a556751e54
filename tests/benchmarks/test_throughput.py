"""The parts of `make bench` that everything measured rests on: what is published, and what the report says."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.throughput.audit import KeyAudit
from benchmarks.throughput.fleet import SECOND_FORMAT, LoadFleet
from benchmarks.throughput.ingest_run import IngestRun
from benchmarks.throughput.report import ThroughputResults, as_json, chart, table
from rencheng.codecs.json_v1 import JsonCodec
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.messaging.mqtt.packets import remaining_length

FLEET = LoadFleet(devices=3, block=40, array=1, first=datetime(2026, 11, 1, tzinfo=UTC))


def packets(data: bytes) -> list[tuple[str, int, bytes]]:
    """(topic, packet id, payload) of each PUBLISH, read as MQTT 3.1.1 says."""
    found, at = [], 0
    while at < len(data):
        assert data[at] == 0x32
        length, shift = 0, 0
        while True:
            at += 1
            length |= (data[at] & 127) << shift
            shift += 7
            if data[at] < 128:
                break
        body, at = data[at + 1 : at + 1 + length], at + 1 + length
        end = 2 + int.from_bytes(body[:2])
        found.append((body[2:end].decode(), int.from_bytes(body[end : end + 2]), body[end + 2 :]))
    return found


@pytest.mark.parametrize("array", [1, 20])
def test_a_block_is_readings_of_one_device_each_with_a_time_of_its_own(array: int) -> None:
    fleet = replace(FLEET, array=array)
    second = fleet.second(7).strftime(SECOND_FORMAT).encode()
    found = packets(second.join(fleet.pieces(fleet.names[1])))
    readings = [r for _, _, payload in found for r in JsonCodec().decode(Kind.WATERLOGGING, "bench-0001", payload)[0]]

    assert {topic for topic, _, _ in found} == {"rencheng/v1/370102/waterlogging/bench-0001/telemetry"}
    assert [number for _, number, _ in found] == list(range(1, 40 // array + 1))
    assert [reading.time for reading in readings] == [fleet.time(7, place) for place in range(40)]
    assert len({r.depth_mm for r in readings if isinstance(r, WaterReading)}) == 40


@pytest.mark.parametrize(("size", "written"), [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f")])
def test_a_length_is_written_as_mqtt_says(size: int, written: str) -> None:
    assert remaining_length(size).hex() == written


def results() -> ThroughputResults:
    run = IngestRun(1000, 20_000.0, KeyAudit(0, 0, 0), [float(ms) for ms in range(100)], [80.0, 60.0])
    names = ("arrays", "arrays_2_writers", "at_25_percent", "at_50_percent", "at_90_percent", "at_15k", "window_20")
    ours = dict.fromkeys(names, run) | {"singles": replace(run, audit=KeyAudit(2, 1, 3))}
    rates = {"receive_only": 26e3, "receive_buffered": 40e3, "common_form": 10e3, "copy": 200e3}
    return ThroughputResults(2, rates, ours)


def test_the_report_has_the_figures_that_the_bars_are_held_against() -> None:
    report = json.loads(json.dumps(as_json(results())))

    assert report["end_to_end_msgs_per_s"] == 20_000
    assert (report["ratio_to_common_form"], report["ratio_to_receive_buffered"]) == (2.0, 0.5)
    assert (report["lost"], report["duplicate_rows"]) == (2, 4)
    assert (report["p99_commit_ms_at_15k"], report["process_rss_mb"]) == (99.0, 80.0)


def test_table_and_chart_name_every_contender() -> None:
    printed, drawn = table(results()), chart(results())

    assert all(name in printed and name in drawn for name in ("common form", "Rencheng", "binary COPY"))
    assert "2.00 x" in printed
