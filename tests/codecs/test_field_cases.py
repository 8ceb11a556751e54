"""What devices in the field send: each input and its kind."""

import json
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.base import BadItem
from rencheng.codecs.registry import CODECS
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading, WaterReading
from tests.support.field_cases import field_case

TIME = "2026-07-20T16:05:00+08:00"
MOMENT = datetime(2026, 7, 20, 8, 5, tzinfo=UTC)
SECONDS = 1_784_534_700
GOOD = {"time": TIME, "depth_mm": 152}
NOW = {"bn": "g-1/", "bt": SECONDS}
DEPTH = {"n": "depth", "u": "mm", "v": 152}
FRAME = field_case("sl651_spaced_hex.txt").decode().strip()


def decode(codec: str, payload: bytes, kind: Kind = Kind.WATERLOGGING) -> tuple[list[Reading], list[BadItem]]:
    return CODECS[codec].decode(kind, "g-1", payload)


def depths(readings: list[Reading]) -> list[float | None]:
    return [one.depth_mm for one in readings if isinstance(one, WaterReading)]


def refused(codec: str, payload: bytes) -> str:
    """Return the detail of the one reading that is refused as invalid."""
    readings, bad = decode(codec, payload)
    assert readings == []
    assert [(one.position, one.reason) for one in bad] == [(0, RejectionReason.INVALID)]
    return bad[0].detail


@pytest.mark.parametrize(
    ("codec", "name", "found", "bad_positions"),
    [
        ("sl651", "sl651_three_frames_middle_bad_crc.hex", [152, 172], [1]),
        ("cbor", "cbor_array_second_time_in_ms.hex", [152], [1]),
        ("senml+json", "senml_bver5.json", [152], []),
        ("cbor", "cbor_self_described.hex", [152], []),
        ("sl651", "sl651_spaced_hex.txt", [152], []),
        ("sl651", "sl651_extra_reports_one_minute.hex", [60, 120, 180, 260, 300, 340], []),
        ("json", "json_twice_named.json", [], [0]),
        ("json", "json_time_digits_only.json", [], [0]),
    ],
)
def test_an_input_from_the_field_is_decoded(
    codec: str, name: str, found: list[float], bad_positions: list[int]
) -> None:
    readings, bad = decode(codec, field_case(name))

    assert depths(readings) == found
    assert [one.position for one in bad] == bad_positions


# A3: sample times coarser than the water is fast


def test_extra_reports_of_one_minute_have_the_times_at_which_they_were_sent() -> None:
    readings, _ = decode("sl651", field_case("sl651_extra_reports_one_minute.hex"))

    assert [reading.time.second for reading in readings] == [2, 10, 18, 26, 34, 42]
    assert decode("sl651", field_case("sl651_extra_reports_one_minute.hex")) == (readings, [])


# A6: a name twice


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"time": "T", "depth_mm": 152, "depth_mm": null}', "depth_mm"),
        ('{"time": "T", "depth_mm": 152, "depth_mm": 152}', "depth_mm"),
        ('{"time": "T", "time": "T", "depth_mm": 152}', "time"),
        ('{"time": "T", "depth_mm": 152, "channel": 0, "channel": 0}', "channel"),
        ('{"time": "T", "depth_mm": 152, "mode": null, "mode": "alarm"}', "mode"),
        ('{"time": "T", "depth_mm": 152, "battery_v": null, "battery_v" : 3}', "battery_v"),
        (r'{"time": "T", "depth_mm": 152, "depth\u005fmm": 10}', "depth_mm"),
        ('{"time": "T", "depth_mm": 152, "other": {"a": 1, "a": 2}}', "other.a"),
        ('{"time": "T", "depth_mm": 152, "other": [{"a": {"b": 1, "b": 2}}]}', "other.a.b"),
    ],
)
def test_a_name_twice_in_an_object_is_refused_and_named_and_its_neighbours_are_kept(text: str, name: str) -> None:
    text, good = text.replace('"T"', f'"{TIME}"'), json.dumps(GOOD)

    assert refused("json", text.encode()).startswith(f"{name}: occurs twice")
    readings, bad = decode("json", f"[{good},{text},{good}]".encode())
    assert (len(readings), [one.position for one in bad]) == (2, [1])


names = ["time", "depth_mm", "rain_mm", "channel", "mode", "battery_v", "sequence"]
values = {"time": f'"{TIME}"', "mode": '"alarm"'}
objects = st.lists(st.sampled_from(names), max_size=5).map(lambda some: ["time", "depth_mm", *some])


@given(st.lists(objects, min_size=1, max_size=4), st.sampled_from([",", " , "]), st.sampled_from([":", " : "]))
def test_exactly_the_objects_with_a_name_twice_are_refused(members: list[list[str]], comma: str, colon: str) -> None:
    texts = ["{" + comma.join(f'"{name}"{colon}{values.get(name, "1")}' for name in some) + "}" for some in members]
    readings, bad = decode("json", f"[{comma.join(texts)}]".encode())

    assert [one.position for one in bad] == [n for n, some in enumerate(members) if len(set(some)) < len(some)]
    assert len(readings) + len(bad) == len(members)


def test_a_senml_record_with_a_name_or_value_twice_is_refused_and_its_neighbours_are_kept() -> None:
    later = json.dumps(DEPTH | {"t": 60})
    twice = '{"n": "depth", "u": "mm", "v": 1, "v": 2, "t": 30}'
    for bad_record in (twice, json.dumps(DEPTH | {"vs": "missing", "t": 30})):
        readings, bad = decode("senml+json", f"[{json.dumps(NOW | DEPTH)},{bad_record},{later}]".encode())
        assert (len(readings), [one.position for one in bad]) == (2, [1])
    both_forms = cbor2.dumps([{-3: SECONDS, 0: "depth", 1: "mm", 2: 152, "v": 153}])
    assert "v: occurs twice" in refused("senml+cbor", both_forms)


def test_records_that_depend_on_a_base_value_that_is_not_valid_are_refused_with_it() -> None:
    pack = [NOW | DEPTH, {"bt": "soon"} | DEPTH, DEPTH | {"t": 60}, NOW | DEPTH | {"t": 120}]
    readings, bad = decode("senml+json", json.dumps(pack).encode())

    assert len(readings) == 2
    assert [one.position for one in bad] == [1, 2]
    assert "depends on bt of record 1" in bad[1].detail


# C1: versions of SenML


@pytest.mark.parametrize("version", [1, 5, 9, 10, 26])
def test_a_version_of_senml_that_is_known_is_read(version: int) -> None:
    assert depths(decode("senml+json", json.dumps([NOW | DEPTH | {"bver": version}]).encode())[0]) == [152]


@pytest.mark.parametrize("version", [0, -1, 11, 14, 16, 18, 27, 42, 2.5, True, "10", None, [10]])
def test_a_version_of_senml_that_is_not_known_is_refused(version: object) -> None:
    with pytest.raises(Rejected, match="SenML version"):
        decode("senml+json", json.dumps([NOW | DEPTH | {"bver": version}]).encode())


# C2: the form of a time


@pytest.mark.parametrize(
    "text", ["20260720160500", "1784534700", "1784534700000", "1784534700.5", "-5", "1.7e9", " 20260720160500 "]
)
def test_a_time_of_digits_is_refused_for_its_form_in_json_and_cbor(text: str) -> None:
    item = {"time": text, "depth_mm": 152}

    assert "time: is a" in refused("json", json.dumps(item).encode())
    assert refused("json", json.dumps(item).encode()) == refused("cbor", cbor2.dumps(item))


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("2026-07-20T16:05:00+08:00", True),
        ("2026-07-20t08:05:00z", True),
        ("2026-07-20 16:05:00.000+0800", True),
        ("2026-07-20T16:05+08", True),
        ("20260720T160500+0800", True),
        ("20260720T080500Z", True),
        ("20260720T160500", False),
        ("2026-07-20T16:05:00", False),
        ("2026-07-20", False),
        ("2026-W30-1T16:05:00+08:00", False),
        ("2026-07-20T16:05:00+08:00 ", False),
        ("Mon, 20 Jul 2026 16:05:00 +0800", False),
        ("2026/07/20 16:05:00", False),
        ("16:05", False),
        ("", False),
    ],
)
def test_json_and_cbor_agree_on_the_forms_of_a_time(text: str, is_read: bool) -> None:
    item = {"time": text, "depth_mm": 152}
    results = [decode("json", json.dumps(item).encode()), decode("cbor", cbor2.dumps(item))]

    assert results[0] == results[1]
    assert [reading.time for reading in results[0][0]] == ([MOMENT] if is_read else [])
    assert all(one.reason is RejectionReason.INVALID for one in results[0][1])


@given(st.text("0123456789-:T Z+.", max_size=26) | st.datetimes().map(str) | st.datetimes().map(lambda at: f"{at}Z"))
def test_json_and_cbor_agree_on_any_text_for_a_time(text: str) -> None:
    item = {"time": text, "depth_mm": 152}

    assert decode("json", json.dumps(item).encode()) == decode("cbor", cbor2.dumps(item))


# C3: marks without meaning

SELF_DESCRIBED = bytes.fromhex("d9d9f7")


@pytest.mark.parametrize("times", [1, 2])
def test_self_described_cbor_is_read_at_any_level(times: int) -> None:
    mark, item = SELF_DESCRIBED * times, cbor2.dumps({"time": TIME, "depth_mm": 152})
    senml = cbor2.dumps({-3: SECONDS, 0: "depth", 1: "mm", 2: 152})
    within = b"\xa2\x64time" + mark + cbor2.dumps(TIME) + b"\x68depth_mm" + mark + cbor2.dumps(152)

    assert depths(decode("cbor", mark + item)[0]) == [152]
    assert depths(decode("cbor", mark + b"\x82" + mark + item + item)[0]) == [152, 152]
    assert depths(decode("cbor", within)[0]) == [152]
    assert depths(decode("senml+cbor", mark + b"\x81" + senml)[0]) == [152]
    assert depths(decode("senml+cbor", b"\x81" + mark + senml)[0]) == [152]
    content_format = bytes.fromhex("da63740170")  # RFC 9277: application/senml+cbor is 112
    assert depths(decode("senml+cbor", SELF_DESCRIBED + content_format + b"\x81" + senml)[0]) == [152]


@pytest.mark.parametrize(("before", "behind"), [("\ufeff", ""), ("", "\0"), ("\ufeff \r\n", "\r\n\0\0")])
@pytest.mark.parametrize("body", [GOOD, [GOOD, GOOD]])
def test_marks_before_and_behind_json_are_passed_over(before: str, behind: str, body: object) -> None:
    payload = f"{before}{json.dumps(body)}{behind}".encode()

    assert set(depths(decode("json", payload)[0])) == {152}
    assert depths(decode("senml+json", f"{before}{json.dumps([NOW | DEPTH])}{behind}".encode())[0]) == [152]


# C4: hexadecimal text

PAIRS = FRAME.split()


@pytest.mark.parametrize(
    "text",
    [
        FRAME,
        FRAME.lower(),
        "".join(PAIRS),
        ":".join(PAIRS),
        "-".join(PAIRS),
        ", ".join(f"0x{pair}" for pair in PAIRS),
        "".join(f"\\x{pair}" for pair in PAIRS),
        " ".join(f"{pair}H" for pair in PAIRS),
        f"\ufeff\r\n  {FRAME}\r\n",
        "\n".join(" ".join(PAIRS[at : at + 16]) for at in range(0, len(PAIRS), 16)),
        "\t".join(PAIRS) + "\t",
        "\u3000".join(PAIRS),
        f'"{FRAME}"',
        f"{FRAME} \0",
    ],
)
def test_hexadecimal_text_is_read_as_people_print_it(text: str) -> None:
    assert decode("sl651", text.encode()) == decode("sl651", bytes.fromhex("".join(PAIRS)))
    assert depths(decode("sl651", text.encode())[0]) == [152]


@given(st.data())
def test_hexadecimal_text_is_read_with_any_white_space(data: st.DataObject) -> None:
    blanks = st.text(" \t\r\n\u00a0\u3000", max_size=3)
    text = data.draw(blanks) + "".join(character + data.draw(blanks) for character in "".join(PAIRS))

    assert depths(decode("sl651", text.encode())[0]) == [152]


def test_white_space_and_nuls_behind_frames_of_bytes_are_passed_over() -> None:
    frame = bytes.fromhex("".join(PAIRS))

    assert depths(decode("sl651", frame + b"\r\n" + frame + b"\r\n\0")[0]) == [152, 152]
