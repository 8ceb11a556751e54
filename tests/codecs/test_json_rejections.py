"""For any payload the codec returns readings and bad items, or raises one rejection."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.items import READINGS_MAX
from rencheng.codecs.json_v1 import decode_state
from rencheng.codecs.registry import CODECS
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from tests.codecs.reading_strategies import BY_KIND, DEVICE, json_values, near_payloads

CODEC = CODECS["json"]
TIME = '"time": "2026-07-20T16:05:00+08:00"'
GOOD = f'{{{TIME}, "depth_mm": 1}}'

kinds = st.sampled_from(Kind)


def decode(payload: str | bytes, kind: Kind = Kind.WATERLOGGING) -> tuple[int, list[int]]:
    """Return the number of readings and the positions of the bad ones."""
    readings, bad = CODEC.decode(kind, DEVICE, payload if isinstance(payload, bytes) else payload.encode())
    return len(readings), [item.position for item in bad]


def refused_or_counted(payload: bytes, kind: Kind) -> None:
    try:
        stored, bad = decode(payload, kind)
    except Rejected:
        return
    parsed = json.loads(payload)

    assert stored + len(bad) == (len(parsed) if isinstance(parsed, list) else 1)


@given(kinds, st.binary() | st.text().map(str.encode))
def test_no_bytes_raise_anything_but_a_rejection(kind: Kind, payload: bytes) -> None:
    refused_or_counted(payload, kind)


@given(kinds, json_values | near_payloads | st.lists(near_payloads, max_size=4))
def test_no_json_raises_anything_but_a_rejection(kind: Kind, value: Any) -> None:
    refused_or_counted(json.dumps(value).encode(), kind)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_state_raises_anything_but_a_rejection(payload: bytes) -> None:
    with suppress(Rejected):
        decode_state(payload)


@given(kinds.flatmap(lambda kind: st.tuples(st.just(kind), st.lists(BY_KIND[kind] | json_values, min_size=2))))
def test_bad_items_are_named_by_their_position(mixed: tuple[Kind, list[Any]]) -> None:
    kind, items = mixed
    is_good = [hasattr(item, "device_id") for item in items]
    bodies = [json.loads(CODEC.encode([item])) if good else [item] for item, good in zip(items, is_good, strict=True)]
    # Python writes NaN and infinities, and JSON has neither
    sound = json.loads(json.dumps(bodies), parse_constant=lambda _word: None)
    readings, bad = CODEC.decode(kind, DEVICE, json.dumps(sound).encode())

    assert readings == [item for item, good in zip(items, is_good, strict=True) if good]
    assert [item.position for item in bad] == [place for place, good in enumerate(is_good) if not good]


UNDECODABLE = {
    "nothing": b"",
    "NUL": b"\0",
    "not UTF-8": b"\xff\xfe",
    "an empty array": b" [ ] ",
    "not closed": GOOD[:-1].encode(),
    "two documents": (GOOD + GOOD).encode(),
    "not a number": GOOD.replace("1}", "NaN}").encode(),
    "lone surrogate": f'{{{TIME}, "depth_mm": 1, "mode": "\\ud800"}}'.encode(),
    "nested too deep": b"[" * 100_000,
    "a number of five thousand digits": f'{{{TIME}, "depth_mm": {"1" * 5000}}}'.encode(),
    "one reading too many": f"[{','.join([GOOD] * (READINGS_MAX + 1))}]".encode(),
    "a megabyte of nothings": b"[" + b",".join([b"{}"] * 300_000) + b"]",
}


@pytest.mark.parametrize("payload", UNDECODABLE.values(), ids=UNDECODABLE)
def test_an_undecodable_payload_is_rejected_whole(payload: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        decode(payload)

    assert refused.value.reason is RejectionReason.UNDECODABLE


INVALID = {
    "unknown field": f'{{{TIME}, "depth_mm": 1, "depth_cm": 1}}',
    "field named by a NUL": f'{{{TIME}, "depth_mm": 1, "\\u0000": 1}}',
    "infinite by size": f'{{{TIME}, "depth_mm": 1e999}}',
    "a number of four hundred digits": f'{{{TIME}, "depth_mm": {"1" * 400}}}',
    "a sequence beyond 64 bits": f'{{{TIME}, "depth_mm": 1, "sequence": {2**63}}}',
    "a number as text": f'{{{TIME}, "depth_mm": "1"}}',
    "true for 1": f'{{{TIME}, "depth_mm": true}}',
    "nothing measured": f"{{{TIME}}}",
    "no time": '{"depth_mm": 1}',
    "a time without offset": '{"time": "2026-07-20T16:05:00", "depth_mm": 1}',
    "a time before the year 1": '{"time": "0001-01-01T00:00:00+08:00", "depth_mm": 1}',
    "a time after the year 9999": '{"time": "9999-12-31T23:59:59-08:00", "depth_mm": 1}',
    "a number for a time": '{"time": 1700000000, "depth_mm": 1}',
    "an array within": f"[{GOOD}]",
    "a field twice": f'{{{TIME}, "depth_mm": 1, "depth_mm": 2}}',
    "a word": '"flood"',
}


@pytest.mark.parametrize("item", INVALID.values(), ids=INVALID)
def test_an_invalid_item_is_rejected_alone(item: str) -> None:
    assert decode(f"[{GOOD}, {item}, {GOOD}]") == (2, [1])
    if not item.startswith("["):
        assert decode(item) == (0, [0])


def test_the_greatest_number_of_readings_is_accepted() -> None:
    assert decode(f"[{','.join([GOOD] * READINGS_MAX)}]") == (READINGS_MAX, [])
