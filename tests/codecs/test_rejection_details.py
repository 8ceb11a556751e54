"""A rejection names what is wrong with the payload."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS
from rencheng.codecs.sl651.crc import crc16
from rencheng.domain.errors import Rejected
from rencheng.domain.kind import Kind

STATION = "0012345678"
WHO_AND_WHEN = "f1f1001234567848f0f02607201605"
LEVEL = "392300000152"


def frame(
    body: str, *, function: str = "32", begin: str = "02", end: str = "03", head: str = "0001260720160500", way: int = 0
) -> bytes:
    """Return a frame that is valid apart from the arguments."""
    whole = bytes.fromhex(head + body)
    start = bytes.fromhex(f"7e7e01{STATION}1234{function}") + (way << 12 | len(whole)).to_bytes(2)
    bytes_ = start + bytes.fromhex(begin) + whole + bytes.fromhex(end)
    return bytes_ + crc16(bytes_).to_bytes(2)


GOOD = frame(WHO_AND_WHEN + LEVEL)


def why(codec: str, payload: bytes, kind: Kind = Kind.WATERLOGGING, device_id: str = "W") -> str:
    """Return the detail of the rejection of a payload without a good reading."""
    try:
        readings, bad = CODECS[codec].decode(kind, device_id, payload)
    except Rejected as refused:
        return refused.detail
    assert readings == []
    return bad[0].detail


FRAMES = {
    "not at its beginning": (b"\x00" + GOOD, "begins with 7E7E, not 007E"),
    "the ASCII form": (b"\x010100123456", "ASCII form"),
    "cut short": (GOOD[:-5], "and the frame ends"),
    "a bit turned over": (GOOD[:20] + bytes([GOOD[20] ^ 1]) + GOOD[21:], "check word"),
    "a body longer than given": (GOOD[:-3] + b"\x00\x00" + GOOD[-3:], "in place of 03 or 17"),
    "a frame to a station": (frame("", way=8), "to a station, not from one"),
    "a body that begins with nothing known": (frame(WHO_AND_WHEN + LEVEL, begin="05"), "in place of 02 or 16"),
    "a frame that is none": (b"\x7e\x7e", "a frame of 2 bytes"),
    "hexadecimal text with a letter too many": (GOOD.hex().encode() + b"x", "hexadecimal text"),
    "the second packet alone": (frame(LEVEL, begin="16", head="002002"), "packet 2 of 2"),
    "the first packet alone": (frame(WHO_AND_WHEN, begin="16", head="0020010001260720160500"), "only 1 of 2 packets"),
    "pictures": (frame(WHO_AND_WHEN + "f3f3ffd8", function="36"), "function code 36: it carries no readings"),
    "a picture in a scheduled report": (frame(WHO_AND_WHEN + "f3f3ffd8"), "element F3 (pictures)"),
    "an element before any time": (frame("f1f1001234567848" + LEVEL), "element 39 comes before any time"),
    "half a digit": (frame(WHO_AND_WHEN + "39230000015b"), "0000015B is not BCD"),
    "the thirteenth month": (frame("f0f02613201605" + LEVEL), "2613201605 is not a time"),
    "another station": (frame("f1f1001234567948f0f02607201605" + LEVEL), "names station 0012345679"),
    "a value cut short": (frame(WHO_AND_WHEN + "392300"), "ends within element 39"),
    "a level occurs twice": (frame(WHO_AND_WHEN + LEVEL + "392300000153"), "element 39 occurs twice"),
    "running totals only": (frame(WHO_AND_WHEN + "2019000005"), "no element that is stored (found: 20)"),
    "negative rain": (frame(WHO_AND_WHEN + "2219ff0001"), "-0.1 mm of rain"),
    "even steps of nothing": (frame(WHO_AND_WHEN + "04180000053903", function="31"), "values of length 0"),
    "a step of two bytes": (frame(WHO_AND_WHEN + "04100005", function="31"), "time step of 2 bytes"),
    "half a level in an hour's series": (frame(WHO_AND_WHEN + "f51800010003", function="34"), "element F5 has 3 bytes"),
}


@pytest.mark.parametrize(("payload", "detail"), FRAMES.values(), ids=FRAMES)
def test_an_invalid_frame_is_rejected_with_its_error(payload: bytes, detail: str) -> None:
    assert detail in why("sl651", payload)


elements = st.builds(
    lambda identifier, form, data: bytes([identifier, form]) + data,
    st.sampled_from([0x02, 0x04, 0x21, 0x22, 0x38, 0x39, 0x45, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF])
    | st.integers(0, 255),
    st.sampled_from([0x12, 0x18, 0x19, 0x23, 0x60, 0xC0, 0xF0, 0xF1]) | st.integers(0, 255),
    st.binary(max_size=24),
)


@given(st.lists(elements, max_size=4).map(b"".join), st.sampled_from(["2f", "30", "31", "32", "33", "34", "35"]))
def test_a_valid_frame_with_any_body_is_decoded_or_rejected(body: bytes, function: str) -> None:
    for behind in ("", WHO_AND_WHEN):
        readings, bad = CODECS["sl651"].decode(Kind.WATERLOGGING, "W", frame(behind + body.hex(), function=function))
        assert {item.position for item in bad} <= set(range(len(readings) + len(bad)))
        assert len({item.position for item in bad}) == len(bad)
        assert not bad or function != "2f"


def test_a_frame_is_decoded_from_bytes_and_from_hexadecimal_text_of_either_case() -> None:
    forms = [GOOD, GOOD.hex().encode(), GOOD.hex().upper().encode()]

    assert len({str(CODECS["sl651"].decode(Kind.WATERLOGGING, "W", form)) for form in forms}) == 1


def test_a_device_registered_under_a_stations_address_sends_that_stations_frames_only() -> None:
    assert "the frame is from station 0012345678" in why("sl651", GOOD, device_id="0012345679")
    assert CODECS["sl651"].decode(Kind.WATERLOGGING, STATION, GOOD)[0] != []


def test_a_frame_is_for_waterlogging_monitors_alone() -> None:
    assert "SL 651 is for waterlogging monitors" in why("sl651", GOOD, kind=Kind.CHARGING)


def test_the_check_word_is_the_well_known_one() -> None:
    assert crc16(b"123456789") == 0x4B37  # "CRC-16/MODBUS" in every catalogue of check words


NOW = {"bn": "g/", "bt": 1_784_534_700}
PACKS: dict[str, tuple[object, str]] = {
    "no array": (NOW, "array of records"),
    "an empty pack": ([], "without readings"),
    "only a base": ([NOW], "without readings"),
    "another version": ([{"bver": 11}], "SenML version 11"),
    "a record that is none": ([1], "record 0: a record is an object"),
    "no name": ([{"bt": 1_784_534_700, "v": 1}], "'' is not a valid SenML name"),
    "a name with a space": ([NOW | {"n": "water depth", "v": 1}], "is not a valid SenML name"),
    "a time relative to now": ([{"n": "depth", "u": "mm", "v": 1, "t": -5}], "relative to now"),
    "a time after the year 9999": ([{"n": "depth", "u": "mm", "v": 1, "t": 1e12}], "outside the years"),
    "a time beyond all measure": ([{"n": "depth", "u": "mm", "v": 1, "t": 1e300}], "t exceeds"),
    "a label that must be understood": ([NOW | {"n": "depth", "u": "mm", "v": 1, "x_": 1}], "'x_' must be understood"),
    "a sum": ([NOW | {"n": "depth", "u": "mm", "s": 1}], "needs one of v, vs, vb"),
    "two values": ([NOW | {"n": "depth", "u": "mm", "v": 1, "vs": "1"}], "needs one of v, vs, vb"),
    "a name that means nothing here": ([NOW | {"n": "humidity", "u": "%RH", "v": 1}], "ends in none of depth"),
    "no unit": ([NOW | {"n": "depth", "v": 1}], "one of the units mm, cm, m, and has none"),
    "a foot": ([NOW | {"n": "depth", "u": "ft", "v": 1}], "not 'ft'"),
    "a word for a depth": ([NOW | {"n": "depth", "u": "mm", "vs": "deep"}], "needs a number"),
    "a number for a mode": ([NOW | {"n": "mode", "v": 1}], "needs a text"),
    "occurs twice": ([NOW | {"n": "depth", "u": "mm", "v": 1}, {"n": "depth", "u": "mm", "v": 2}], "occurs twice"),
    "a battery alone": ([NOW | {"n": "battery", "u": "V", "v": 3.6}], "needs depth_mm"),
}


@pytest.mark.parametrize(("pack", "detail"), PACKS.values(), ids=PACKS)
def test_an_invalid_pack_is_rejected_with_its_error(pack: object, detail: str) -> None:
    assert detail in why("senml+json", json.dumps(pack).encode())


def test_a_pile_says_which_connector_and_an_event_has_a_whole_parameter() -> None:
    assert "names its connector" in why(
        "senml+json", json.dumps([NOW | {"n": "power", "u": "W", "v": 1}]).encode(), Kind.CHARGING
    )
    assert "whole number" in why("senml+json", json.dumps([NOW | {"n": "event82", "v": 1.5}]).encode(), Kind.SIGNAL)


def test_a_pack_in_cbor_is_refused_by_the_same_rules() -> None:
    assert "array of records" in why("senml+cbor", b"\xa0")
    assert "a record is an object" in why("senml+cbor", b"\x81\x01")
