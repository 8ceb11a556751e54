"""The fast decoder and the specification: both decode alike, and unusual messages are left to `payloads`."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs import json_v1
from rencheng.codecs.items import READINGS_MAX
from rencheng.codecs.json_quick import read_plain
from rencheng.codecs.json_v1 import JsonCodec
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from tests.codecs.reading_strategies import BY_KIND, DEVICE, json_values, near_payloads

kinds = st.sampled_from(Kind)
FIELDS = (
    "time depth_mm rain_mm raw_distance_mm mode battery_v tilt_deg sequence error_flags channel event_id parameter"
    " connector_id transaction_id measurand value status error_code phase location context"
)
TIMES = """2026-07-20T16:05:00Z 2026-07-20T16:05:00z 2026-07-20T16:05Z 2026-07-20T16:05:00 2026-07-20T16:05:00.1234567Z
2026-07-20T16:05:60Z 2026-07-20T24:00:00Z 2026-02-30T16:05:00Z 2026-07-20T16:05:00+24:00 2026-07-20T16:05:00-00:00
2026-07-20T16:05:00+0800 0001-01-01T00:00:00+08:00 9999-12-31T23:59:59-08:00 2026-W30-1T16:05:00Z 2026-07-20T16:05:00,5Z
２026-07-20T16:05:00Z 1753000000 20260720T160500Z 2026-07-20T16:05:00.1+05:45"""
NUMBERS = """null true 1 -1 0.0 -0.0 -0 1.0 1e2 1E400 -1e400 1e9 1000000000.0000001 180 181 32767 32768 2147483648 NaN
Infinity 9223372036854775807 9223372036854775808 123456789012345678901 1753000000 [] {}"""
TEXTS = r"normal power_kw status L1 Outlet Inlet Transaction.End POWER_KW a\n \u0000 \ud800 水 12"
SPACED = ["", "2026-07-20 16:05:00Z", r"2026-07-20T16:05:00Z\n"]
ODD = [*NUMBERS.split(), *(f'"{text}"' for text in [*SPACED, *TIMES.split(), *TEXTS.split()])]
raw_items = st.lists(st.tuples(st.sampled_from(FIELDS.split()), st.sampled_from(ODD)), max_size=7).map(
    lambda pairs: "{" + ", ".join(f'"{name}": {value}' for name, value in pairs) + "}"
)
PLAIN = {
    Kind.WATERLOGGING: '"time": "2026-07-20T16:05:00+08:00", "depth_mm": 1',
    Kind.SIGNAL: '"time": "2026-07-20T16:05:00+08:00", "event_id": 1, "parameter": 2',
    Kind.CHARGING: '"time": "2026-07-20T16:05:00Z", "connector_id": 1, "measurand": "power_kw", "value": 1',
}


def by_payloads(kind: Kind, payload: bytes) -> list[Reading]:
    """Decode without the fast decoder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_v1, "read_plain", lambda *_, **__: None)
        readings, bad = JsonCodec().decode(kind, DEVICE, payload)
    assert bad == []  # also for a name twice, which the fast decoder leaves
    return readings


def check_same_or_left(kind: Kind, payload: bytes) -> None:
    plain = read_plain(kind, DEVICE, payload, readings_max=READINGS_MAX)
    if plain is not None:
        specified = by_payloads(kind, payload)
        assert plain == specified
        assert [repr(reading) for reading in plain] == [repr(reading) for reading in specified]


@given(kinds, st.lists(raw_items, min_size=1, max_size=2), st.sampled_from(["", " ", "\n", "\ufeff"]))
def test_unusual_fields_are_decoded_as_specified(kind: Kind, items: list[str], padding: str) -> None:
    text = items[0] if len(items) == 1 else f"[{','.join(items)}]"
    check_same_or_left(kind, f"{padding}{text}{padding}".encode("utf-8", "surrogatepass"))


@given(kinds, st.sampled_from(FIELDS.split()), st.sampled_from(ODD))
def test_an_unusual_field_in_a_good_message_is_decoded_as_specified(kind: Kind, name: str, value: str) -> None:
    check_same_or_left(kind, f'{{{PLAIN[kind]}, "{name}": {value}}}'.encode())


@given(kinds, json_values | near_payloads | st.lists(near_payloads, max_size=3))
def test_any_json_is_decoded_as_specified(kind: Kind, value: Any) -> None:
    check_same_or_left(kind, json.dumps(value).encode())


@given(kinds, st.binary())
def test_any_bytes_are_decoded_as_specified(kind: Kind, payload: bytes) -> None:
    check_same_or_left(kind, payload)


@given(kinds.flatmap(lambda kind: st.tuples(st.just(kind), st.lists(BY_KIND[kind], min_size=1, max_size=4))))
def test_common_messages_are_decoded_by_the_fast_decoder(sent: tuple[Kind, list[Reading]]) -> None:
    kind, readings = sent
    payload = JsonCodec().encode(readings)

    assert read_plain(kind, DEVICE, payload, readings_max=READINGS_MAX) == by_payloads(kind, payload)


def test_an_upload_beyond_the_limit_is_left_to_payloads() -> None:
    payload = b"[" + b",".join([b"{" + PLAIN[Kind.SIGNAL].encode() + b"}"] * 3) + b"]"

    assert read_plain(Kind.SIGNAL, DEVICE, payload, readings_max=2) is None
