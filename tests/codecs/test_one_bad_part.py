"""One bad part of a message takes no other along, in every codec and at every place."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS, OURS
from rencheng.codecs.sl651.crc import crc16
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading

FIRST = datetime(2026, 7, 20, 8, 5, tzinfo=UTC)
SECONDS = 1_784_534_700


def minute(number: int) -> str:
    return (FIRST + timedelta(minutes=number)).isoformat()


def item(number: int) -> dict[str, object]:
    return {"time": minute(number), "depth_mm": number}


def tagged(number: int) -> dict[str, object]:
    return {"time": cbor2.CBORTag(1, SECONDS + 60 * number), "depth_mm": number}


def record(number: int) -> dict[str, object]:
    return {"n": "g-1/depth", "u": "mm", "v": number, "t": SECONDS + 60 * number}


def numbered(number: int) -> dict[int, object]:
    return {0: "g-1/depth", 1: "mm", 2: number, 6: SECONDS + 60 * number}


def frame(number: int, body: str = "", *, function: str = "32") -> bytes:
    at = f"{FIRST + timedelta(hours=8, minutes=number):%y%m%d%H%M}"
    body = body or f"3923{number:08d}"
    whole = bytes.fromhex(f"0001{at}00f1f1001234567848f0f0{at}{body}")
    start = bytes.fromhex(f"7e7e0100123456781234{function}") + len(whole).to_bytes(2)
    data = start + b"\x02" + whole + b"\x03"
    return data + crc16(data).to_bytes(2)


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@dataclass(frozen=True)
class Parts:
    """A good part by its number, bad parts, and how parts become a message."""

    good: Callable[[int], bytes]
    bad: Sequence[bytes]
    joined: Callable[[Sequence[bytes]], bytes]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def as_json_array(parts: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(parts) + b"]"


def as_cbor_array(parts: Sequence[bytes]) -> bytes:
    return b"\x98" + bytes([len(parts)]) + b"".join(parts)


def as_endless_array(parts: Sequence[bytes]) -> bytes:
    return b"\x9f" + b"".join(parts) + b"\xff"


NOT_JSON = [
    b'{"time": NaN}',
    b'{"depth_mm": nan}',
    b'{"depth_mm": }',
    b'{"mode": "\xff\xfe"}',
    b'{"mode": "\\ud800"}',
    b'{"mode": "line\nfeed"}',
    b"{'time': 1}",
    b'{"depth_mm": 1' + b"0" * 5000 + b"}",
    b'{"depth_mm": 1]',
    b"-Infinity",
    b"flood",
    b"",
    b'{"a": 1} {"b": 2}',
    b'{"text": "a, ] } \\" ["x}',
    b"1",
    b"[[[[[[[1]]]]]]]",
    b"null",
]
NOT_CBOR = [
    cbor2.dumps(cbor2.CBORTag(99, 1)),
    cbor2.dumps({"time": cbor2.CBORTag(1, SECONDS * 1000), "depth_mm": 1}),
    cbor2.dumps({"time": cbor2.CBORTag(0, "soon"), "depth_mm": 1}),
    cbor2.dumps({"depth_mm": cbor2.CBORTag(2, b"\xff" * 20)}),
    cbor2.dumps({"depth_mm": [[[[1]]]], "x": cbor2.CBORTag(35, "a+")}),
    b"\xa1\x64mode\x62\xff\xfe",
    b"\xa2\x61a\x01\x61a\x02",
    b"\xbf\x61a\x01\x61a\x02\xff",
    b"\x7f\x61a\x61\xff\xff",
    b"\xf6",
    b"\xa1\xa0\x01",
    b"\xa1\x01\x02",
    cbor2.dumps({"time": SECONDS, "depth_mm": 1}),
]
FORMS = {
    "json": Parts(
        lambda number: as_json(item(number)),
        [
            *NOT_JSON,
            as_json({"time": minute(0), "depth_cm": 1}),
            as_json({"time": minute(0)[:-6], "depth_mm": 1}),
            f'{{"time": "{minute(0)}", "depth_mm": 1e999}}'.encode(),
            f'{{"time": "{minute(0)}", "depth_mm": 1, "depth_mm": 2}}'.encode(),
        ],
        as_json_array,
    ),
    "cbor": Parts(lambda number: cbor2.dumps(tagged(number)), NOT_CBOR, as_cbor_array),
    "cbor, endless": Parts(lambda number: cbor2.dumps(tagged(number)), NOT_CBOR, as_endless_array),
    "senml+json": Parts(
        lambda number: as_json(record(number)),
        [
            *NOT_JSON,
            as_json(record(0) | {"v": "deep"}),
            as_json(record(0) | {"u": "ft"}),
            as_json(record(0) | {"t": 5}),
        ],
        as_json_array,
    ),
    "senml+cbor": Parts(lambda number: cbor2.dumps(numbered(number)), NOT_CBOR[:-3], as_cbor_array),
    "sl651": Parts(
        frame,
        [
            changed(frame(99), 20),
            changed(frame(99), len(frame(99)) - 1),
            frame(99)[:20],
            frame(99)[:30] + frame(99)[31:],
            frame(99)[:30] + b"\0" + frame(99)[30:],
            frame(99, function="36"),
            frame(99, "39230000015b"),
            b"\x7e\x7e",
        ],
        b"".join,
    ),
    "sl651, text": Parts(
        lambda number: frame(number).hex().upper().encode(),
        [frame(99).hex()[:-1].encode(), b"7E7E01zz", changed(frame(99), 20).hex().encode()],
        b"\r\n".join,
    ),
}


def test_every_codec_has_bad_parts() -> None:
    assert {name.split(",")[0] for name in FORMS} == set(OURS)


@pytest.mark.parametrize("name", FORMS)
@given(data=st.data())
def test_a_bad_part_at_any_place_is_one_refusal_and_all_others_are_read(name: str, data: st.DataObject) -> None:
    form, count = FORMS[name], data.draw(st.integers(1, 6))
    place, wrong = data.draw(st.integers(0, count)), data.draw(st.sampled_from(form.bad))
    parts = [form.good(number) for number in range(1, count + 1)]
    readings, bad = CODECS[name.split(",", maxsplit=1)[0]].decode(
        Kind.WATERLOGGING, "g-1", form.joined([*parts[:place], wrong, *parts[place:]])
    )

    assert [one.depth_mm for one in readings if isinstance(one, WaterReading)] == list(range(1, count + 1))
    assert [one.position for one in bad] == [place]


@pytest.mark.parametrize("name", [name for name in FORMS if "sl651" not in name])
@given(data=st.data())
def test_what_comes_before_an_unreadable_rest_is_kept_and_the_rest_is_one_refusal(
    name: str, data: st.DataObject
) -> None:
    form = FORMS[name]
    message = form.joined([form.good(number) for number in range(1, 6)])
    ends = [len(form.joined([form.good(n) for n in range(1, count + 1)])) for count in range(1, 6)]
    cut = data.draw(st.integers(ends[0], len(message) - 1))
    readings, bad = CODECS[name.split(",", maxsplit=1)[0]].decode(Kind.WATERLOGGING, "g-1", message[:cut])

    depths = [one.depth_mm for one in readings if isinstance(one, WaterReading)]
    assert depths == list(range(1, len(depths) + 1))
    assert len(depths) >= sum(end <= cut for end in ends) - 1
    assert [(one.position, one.reason) for one in bad] == [(len(depths), RejectionReason.UNDECODABLE)]


@pytest.mark.parametrize("name", [name for name in FORMS if "sl651" not in name])
def test_bytes_behind_the_last_part_are_one_refusal(name: str) -> None:
    form = FORMS[name]
    readings, bad = CODECS[name.split(",", maxsplit=1)[0]].decode(
        Kind.WATERLOGGING, "g-1", form.joined([form.good(1), form.good(2)]) + form.good(3)
    )

    assert (len(readings), [(one.position, one.reason) for one in bad]) == (2, [(2, RejectionReason.UNDECODABLE)])


ATTENDANTS = {
    "sl651": (frame(1, "39230000000138121b5c"), "element 38"),
    "sl651, in front": (frame(1, "38121b5c392300000001"), "element 38"),
    "sl651, a time": (frame(1, "392300000001f0f02613201605392300000002"), "element F0"),
    "sl651, of one kind": (frame(1, "3923000000013a2300000b01"), "BCD"),
    "sl651, behind it": (frame(1, "392300000001f3f3ffd8"), "element F3 (pictures)"),
    "sl651, a series": (frame(1, "04180000053923000000010000000b", function="31"), "BCD"),
    "senml+json": (as_json([record(1), record(1) | {"n": "g-1/battery", "u": "ft", "v": 3}]), "battery"),
    "senml+json, too large": (as_json([record(1), record(1) | {"n": "tilt", "u": "deg", "v": 500}]), "tilt_deg"),
    "senml+json, no word": (as_json([record(1), {"n": "mode", "vs": "x", "t": SECONDS + 60}]), "mode"),
}


@pytest.mark.parametrize("name", ATTENDANTS)
def test_a_bad_value_beside_a_reading_is_refused_alone(name: str) -> None:
    payload, detail = ATTENDANTS[name]
    readings, bad = CODECS[name.split(",", maxsplit=1)[0]].decode(Kind.WATERLOGGING, "g-1", payload)

    assert [one.depth_mm for one in readings if isinstance(one, WaterReading)] == [1]
    assert [(one.position, one.reason) for one in bad] == [(1, RejectionReason.INVALID)]
    assert detail in bad[0].detail


def test_a_report_without_one_of_its_packets_takes_no_other_report_along() -> None:
    def packet(number: int, body: str) -> bytes:
        whole = bytes.fromhex(f"002{number:03x}{body}")
        start = bytes.fromhex("7e7e010012345678123431") + len(whole).to_bytes(2)
        data = start + b"\x16" + whole + b"\x03"
        return data + crc16(data).to_bytes(2)

    first = packet(1, "0001260720160500f1f1001234567848f0f02607201605")
    for broken in (first, packet(2, "392300000001"), changed(first, 20) + packet(2, "392300000001")):
        readings, bad = CODECS["sl651"].decode(Kind.WATERLOGGING, "g-1", frame(1) + broken + frame(2))
        assert (len(readings), {one.position for one in bad} <= {1, 2}, len(bad) > 0) == (2, True, True)
