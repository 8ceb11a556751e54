"""The flags of one reading. A check flags, and removes nothing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GAUGES, read_limits
from rencheng.domain.device import Device
from rencheng.domain.errors import Misconfigured
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.quality import FROM_ONE_READING, UNUSABLE, Quality
from rencheng.domain.reading import Reading, WaterReading
from rencheng.domain.sensor import DRY_BELOW_MM
from rencheng.intake import admit

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
GAUGE = Device("W", Kind.WATERLOGGING, "370102", depth_max_mm=2700, blind_zone_mm=300, no_return_codes=(5000, 9999))
BARE = Device("W", Kind.WATERLOGGING, "370102")


def taken(device: Device = GAUGE, *, ago: timedelta = timedelta(), **fields: Any) -> Reading:
    payload = json.dumps({"time": (NOW - ago).isoformat(), **fields}).encode()
    topic = f"rencheng/v1/370102/{device.kind}/{device.device_id}/telemetry"
    [reading] = admit(ReceivedMessage(topic, payload, NOW), {device.device_id: device}, ClockLimits()).readings
    return reading


FINDINGS = {
    "an ordinary depth": ({"depth_mm": 150}, 0),
    "a drift below zero": ({"depth_mm": -40}, 0),
    "could not measure": ({"depth_mm": None}, Quality.MISSING),
    "a code for no echo": ({"depth_mm": 9999}, Quality.MISSING | Quality.NO_RETURN),
    "a code in place of the distance": ({"depth_mm": 12, "raw_distance_mm": 5000}, Quality.MISSING | Quality.NO_RETURN),
    "a code in both fields": (
        {"depth_mm": 9999, "raw_distance_mm": 9999},
        Quality.MISSING | Quality.NO_RETURN,
    ),
    "a code as depth beside a good distance": (
        {"depth_mm": 9999, "raw_distance_mm": 2700},
        Quality.MISSING | Quality.NO_RETURN,
    ),
    "deeper than it hangs high": ({"depth_mm": 2701}, Quality.GROSS_RANGE | Quality.BLIND_ZONE),
    "a web in the blind zone": ({"depth_mm": 2400}, Quality.BLIND_ZONE),
    "by its distance just beyond it": ({"depth_mm": 2400, "raw_distance_mm": 301}, 0),
    "by its distance within it": ({"depth_mm": 100, "raw_distance_mm": 300}, Quality.BLIND_ZONE),
    "impossibly low": ({"depth_mm": -501}, Quality.GROSS_RANGE),
    "impossible rain": ({"rain_mm": 301}, Quality.GROSS_RANGE),
    "a pole that was hit": ({"depth_mm": 1, "tilt_deg": 10}, Quality.TILTED),
    "two findings": ({"depth_mm": -501, "tilt_deg": 45}, Quality.GROSS_RANGE | Quality.TILTED),
}


@pytest.mark.parametrize(("fields", "flags"), FINDINGS.values(), ids=FINDINGS)
def test_the_flags_of_one_reading(fields: dict[str, Any], flags: int) -> None:
    reading = taken(**fields)

    assert reading.quality == flags
    assert reading.quality & ~FROM_ONE_READING == 0
    assert getattr(reading, "depth_mm", None) == fields.get("depth_mm")


ULTRASONIC = Device("W", Kind.WATERLOGGING, "370102", depth_max_mm=2400, blind_zone_mm=280, no_return_codes=(0, 2000))
NO_RETURN = Quality.MISSING | Quality.NO_RETURN


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"depth_mm": 0, "raw_distance_mm": 2400}, 0),
        ({"depth_mm": 0}, 0),
        ({"depth_mm": -0.0}, 0),
        ({"depth_mm": 2000, "raw_distance_mm": 400}, 0),
        ({"depth_mm": 400, "raw_distance_mm": 2000}, NO_RETURN),
        ({"depth_mm": 0, "raw_distance_mm": 0}, NO_RETURN),
        ({"depth_mm": 2400, "raw_distance_mm": 0}, NO_RETURN),
        ({"depth_mm": 2000}, NO_RETURN),
        ({"rain_mm": 0}, 0),
    ],
)
def test_a_code_of_the_distance_is_no_code_of_a_measured_depth(fields: dict[str, Any], flags: int) -> None:
    assert taken(ULTRASONIC, **fields).quality == flags


@given(st.floats(0, DRY_BELOW_MM), st.lists(st.floats(-10, 10_000), max_size=3))
def test_no_code_makes_a_dry_street_missing(depth_mm: float, codes: list[float]) -> None:
    device = Device("W", Kind.WATERLOGGING, "370102", no_return_codes=(depth_mm, *codes))

    assert taken(device, depth_mm=depth_mm).quality == 0


def test_a_gauge_without_a_survey_has_the_limits_of_its_kind() -> None:
    assert taken(BARE, depth_mm=9999).quality == 0
    assert taken(BARE, depth_mm=10_001).quality == Quality.GROSS_RANGE


def test_a_reading_without_information_about_the_water_is_unusable_and_a_suspect_one_is_not() -> None:
    assert taken(depth_mm=9999).quality & UNUSABLE
    assert taken(depth_mm=2500).quality & UNUSABLE
    assert not taken(depth_mm=1, tilt_deg=45).quality & UNUSABLE
    assert not taken(depth_mm=1, ago=timedelta(hours=1)).quality & UNUSABLE


@pytest.mark.parametrize(
    ("ago", "flags"),
    [
        (timedelta(seconds=120), 0),
        (timedelta(seconds=121), Quality.LATE),
        (timedelta(days=30), Quality.LATE),
        (timedelta(seconds=-30), 0),
        (timedelta(seconds=-31), Quality.CLOCK_AHEAD),
        (timedelta(seconds=-300), Quality.CLOCK_AHEAD),
    ],
)
def test_a_late_reading_and_a_clock_ahead_are_flagged_whatever_the_kind(ago: timedelta, flags: int) -> None:
    assert taken(depth_mm=1, ago=ago).quality == flags
    signal = Device("S", Kind.SIGNAL, "370102")
    assert taken(signal, ago=ago, event_id=1, parameter=2).quality == flags


def test_an_exercise_has_its_own_clock() -> None:
    drill = Device("W", Kind.WATERLOGGING, "370102", world="drill")

    assert taken(drill, depth_mm=1, ago=timedelta(days=1)).quality == 0


def test_an_operators_limits_replace_the_shipped_ones_and_keep_their_source() -> None:
    limits = read_limits('[tunnel.depth_max_mm]\nvalue = 600\nsource = "survey 2026-03"\n')
    tunnel = Device("T", Kind.WATERLOGGING, "370102", gauge="tunnel")
    payload = json.dumps([{"time": NOW.isoformat(), "depth_mm": depth_mm} for depth_mm in (600, 601)]).encode()
    message = ReceivedMessage("rencheng/v1/370102/waterlogging/T/telemetry", payload, NOW)
    readings = admit(message, {"T": tunnel}, ClockLimits(), limits).readings

    assert [reading.quality for reading in readings] == [0, Quality.GROSS_RANGE]
    assert limits["tunnel"].sample.sources["depth_max_mm"] == "survey 2026-03"
    assert limits["tunnel"].series == GAUGES["street"].series
    assert all(isinstance(reading, WaterReading) for reading in readings)


WRONG = {
    "not TOML": ("street.", "not TOML"),
    "no table": ("street = 1", "street: it must be a table"),
    "no such limit": ("[street.gab_s]\nvalue = 1\nsource = 'x'", "street.gab_s: unknown limit"),
    "no source": ("[street.gap_s]\nvalue = 1", "street.gap_s: it needs a number as `value` and a text as `source`"),
    "true for a number": ("[street.gap_s]\nvalue = true\nsource = 'x'", "street.gap_s: it needs a number"),
    "suspect after fail": (
        "[street.flat_s]\nvalue = 1e9\nsource = 'x'",
        "the limit for suspect must not exceed the limit for fail",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_invalid_limits_are_rejected_by_name(text: str, message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        read_limits(text)
