from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from tests.codecs.reading_strategies import DEVICE, json_values, near_payloads

CODEC = CODECS["cbor"]
kinds = st.sampled_from(Kind)
TIME = cbor2.CBORTag(1, 1_784_534_700)
GOOD = {"time": TIME, "depth_mm": 152}


def decode(payload: bytes, kind: Kind = Kind.WATERLOGGING) -> tuple[int, list[int]]:
    readings, bad = CODEC.decode(kind, DEVICE, payload)
    return len(readings), [item.position for item in bad]


@given(kinds, json_values | near_payloads | st.lists(near_payloads | st.just(GOOD), max_size=4))
def test_no_value_raises_anything_but_a_rejection_and_each_item_is_counted(kind: Kind, value: Any) -> None:
    try:
        stored, bad = decode(cbor2.dumps(value), kind)
    except Rejected:
        return

    assert stored + len(bad) == (len(value) if isinstance(value, list) else 1)


UNDECODABLE = {
    "nothing": b"",
    "an empty array": b"\x80",
    "cut short": cbor2.dumps(GOOD)[:-1],
    "two data items": cbor2.dumps(GOOD) * 2,
    "an array of 2^64 readings": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "a text of 2^63 bytes": b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "an array that contains itself": b"\xd8\x1c\x81\xd8\x1d\x00",
    "nested too deep": b"\x81" * 5000 + b"\x01",
    "a big integer": b"\xa1\x61a\xc2\x5a\x00\x01\x00\x00" + b"\xff" * 65536,
    "a regular expression": cbor2.dumps(cbor2.CBORTag(35, "(a+)+b")),
    "a field given twice": b"\xa2\x61a\x01\x61a\x02",
    "fields that are numbers": b"\xa1\x01\x02",
    "one reading too many": cbor2.dumps([GOOD] * 5001),
}


@pytest.mark.parametrize("payload", UNDECODABLE.values(), ids=UNDECODABLE)
def test_an_undecodable_payload_is_rejected_whole(payload: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        decode(payload)

    assert refused.value.reason is RejectionReason.UNDECODABLE


INVALID = {
    "an unknown field": GOOD | {"depth_cm": 1},
    "a number without a tag for a time": GOOD | {"time": 1_784_534_700},
    "a time without offset": GOOD | {"time": "2026-07-20T16:05:00"},
    "a word for a time": GOOD | {"time": "now"},
    "true for 1": GOOD | {"depth_mm": True},
    "a number as text": GOOD | {"depth_mm": "1"},
    "not a number": GOOD | {"depth_mm": float("nan")},
    "a decimal fraction beyond all measure": GOOD | {"depth_mm": cbor2.CBORTag(4, [2**31, 1])},
    "bytes": GOOD | {"mode": b"alarm"},
    "undefined": GOOD | {"depth_mm": cbor2.undefined},
    "nothing measured": {"time": TIME},
    "a word": "flood",
}


@pytest.mark.parametrize("item", INVALID.values(), ids=INVALID)
def test_an_invalid_item_is_rejected_alone(item: Any) -> None:
    assert decode(cbor2.dumps([GOOD, item, GOOD])) == (2, [1])
