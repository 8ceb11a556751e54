"""For each codec: the readings that it can carry, and payloads that are nearly valid."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import cbor2
from hypothesis import strategies as st

from rencheng.domain.kind import Kind
from rencheng.domain.quality import Quality
from rencheng.domain.reading import MeterValue, Reading, WaterReading
from tests.codecs.reading_strategies import BY_KIND, DEVICE, json_values, near_payloads


@dataclass(frozen=True)
class Format:
    """A codec's readings by kind, payloads that are nearly valid, and the form of a golden payload."""

    readings: Mapping[Kind, st.SearchStrategy[Reading]]
    near: st.SearchStrategy[bytes]
    written: Callable[[object], bytes]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _hex(value: object) -> bytes:
    return bytes.fromhex(str(value))


nearly = json_values | near_payloads | st.lists(near_payloads, max_size=4)

# SenML reads times before mid-1978 as relative, and a double loses microseconds in far centuries
_times = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
_names = st.text("abcXYZ019._-", max_size=20)


def _for_senml(reading: Reading, time: datetime, transaction: str) -> Reading:
    if isinstance(reading, MeterValue):
        return replace(reading, time=time, transaction_id=transaction)
    if isinstance(reading, WaterReading) and reading.depth_mm is None and reading.rain_mm is None:
        return replace(reading, time=time, quality=Quality.MISSING)
    return replace(reading, time=time)


_senml = {kind: st.builds(_for_senml, readings, _times, _names) for kind, readings in BY_KIND.items()}
_records = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "bn": st.sampled_from(["dev/", "urn:dev:x:", "", "é"]) | json_values,
            "bt": st.sampled_from([1_784_534_700, 1e300, 0]) | json_values,
            "n": st.sampled_from(["depth", "ch1/depth", "event82", "c1/power", "c1/tx/T/energy", "c1/status", "mode"]),
            "u": st.sampled_from(["mm", "m", "kW", "V"]) | json_values,
            "v": st.floats() | json_values,
            "vs": st.sampled_from(["missing", "alarm", "Faulted"]) | json_values,
            "t": st.integers(0, 600) | json_values,
            "bver": st.just(10) | json_values,
            "s": st.floats(),
        },
    )
    | json_values,
    max_size=5,
)

_minutes = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001 - as above
    lambda time: time.replace(second=0, microsecond=0)
)
_levels = st.builds(
    lambda time, channel, depth_mm, mode, battery, temperature, flags: WaterReading(
        DEVICE,
        channel,
        time,
        depth_mm=None if depth_mm is None else float(depth_mm),
        mode=mode,
        battery_v=battery,
        temperature_c=temperature,
        error_flags=flags,
        quality=Quality.MISSING if depth_mm is None else Quality.NOTHING_FOUND,
    ),
    _minutes,
    st.sampled_from([0, *range(0x3A, 0x44)]),
    st.none() | st.integers(-999_999, 9_999_999),
    st.sampled_from([None, "alarm"]),
    st.none() | st.integers(0, 9998).map(lambda hundredths: hundredths / 100),
    st.none() | st.integers(-999, 9999).map(lambda tenths: tenths / 10),
    st.none() | st.integers(0, 2**31 - 1),
)
_rain = st.builds(
    lambda time, channel, tenths: WaterReading(DEVICE, channel, time, rain_mm=tenths / 10),
    _minutes,
    st.sampled_from([0x21, 0xF4]),
    st.integers(0, 99_999),
)
_tests = _levels.map(lambda reading: replace(reading, mode=None, quality=reading.quality | Quality.TEST))

_heads = st.sampled_from([b"\x7e\x7e", b"\x7e\x7e\x01\x00\x12\x34\x56\x78\x12\x34\x32\x00\x08\x02", b"7E7E01", b"\x01"])

FORMATS = {
    "json": Format(BY_KIND, nearly.map(_json), _json),
    "cbor": Format(BY_KIND, nearly.map(cbor2.dumps), _hex),
    "senml+json": Format(_senml, (_records | json_values).map(_json), _json),
    "senml+cbor": Format(_senml, (_records | json_values).map(cbor2.dumps), _hex),
    "sl651": Format({Kind.WATERLOGGING: _levels | _rain | _tests}, st.builds(bytes.__add__, _heads, st.binary()), _hex),
}
