"""Uploads are divided so that the broker accepts every message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from device_sims.messages import split_into_messages
from rencheng.codecs.items import PAYLOAD_BYTES_MAX, READINGS_MAX
from rencheng.codecs.registry import CODECS
from rencheng.codecs.senml.codec import RECORDS_MAX
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading

FIRST = datetime(2026, 7, 20, 8, 5, 0, 123456, tzinfo=UTC)
TOPIC_BYTES_MAX = len("rencheng/v1/370102/waterlogging//telemetry") + 64
PACKET_BYTES_MAX = 327_680
RECORDS_OF_A_READING = 12
NUMBER = 1234.56


def largest(kind: Kind, second: int) -> Reading:
    """Return a reading with all fields."""
    time = FIRST + timedelta(seconds=second)
    if kind is Kind.WATERLOGGING:
        return WaterReading(
            device_id="G",
            time=time,
            channel=32_767,
            rain_mm=NUMBER,
            tilt_deg=12.34,
            mode="normal",
            sequence=1_234_567,
            error_flags=4096,
            depth_mm=NUMBER,
            raw_distance_mm=NUMBER,
            battery_v=NUMBER,
            rssi_dbm=NUMBER,
            snr_db=NUMBER,
            temperature_c=NUMBER,
        )
    if kind is Kind.SIGNAL:
        return SignalEvent("S", time, 32_767, 2**31 - 1)
    return MeterValue(
        device_id="P",
        connector_id=32_767,
        transaction_id="x" * 36,
        time=time,
        measurand=Measurand.STATUS,
        status="Charging",
        error_code="x" * 24,
    )


@pytest.mark.parametrize("codec", ["json", "cbor", "senml+json", "senml+cbor"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_message_of_the_most_readings_with_all_fields_fits_into_a_packet(kind: Kind, codec: str) -> None:
    number = RECORDS_MAX // RECORDS_OF_A_READING if codec.startswith("senml") else READINGS_MAX
    readings = [largest(kind, second) for second in range(number)]

    assert len(CODECS[codec].encode(readings)) + TOPIC_BYTES_MAX + 10 <= PACKET_BYTES_MAX


def test_readings_are_divided_by_number_and_by_bytes() -> None:
    readings = [largest(Kind.CHARGING, second) for second in range(2 * READINGS_MAX + 1)]
    long = [
        replace(one, transaction_id="x" * 64, status="\\" * 64, error_code="x" * 64)
        for one in readings
        if isinstance(one, MeterValue)
    ]
    divided = [*split_into_messages(CODECS["json"], readings), *split_into_messages(CODECS["json"], long)]
    half = READINGS_MAX // 2

    assert [number for _, number in divided] == [READINGS_MAX, READINGS_MAX, 1, half, half, half, half, 1]
    assert all(len(payload) <= PAYLOAD_BYTES_MAX for payload, _ in divided)
