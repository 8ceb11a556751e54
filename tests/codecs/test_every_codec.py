"""Tests that apply to every codec. A new codec is added to `formats.py`."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS, OURS
from rencheng.domain.errors import Rejected
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from tests.codecs.formats import FORMATS
from tests.codecs.reading_strategies import DEVICE

GOLDEN = Path(__file__).parent.parent / "golden/codecs"
EXAMPLES = [
    (name, example)
    for name in FORMATS
    for example in json.loads((GOLDEN / f"{name.replace('+', '-')}.json").read_text())
]

names = pytest.mark.parametrize("name", FORMATS)


def test_every_codec_is_tested_here() -> None:
    assert set(FORMATS) == set(OURS)
    assert set(OURS) <= set(CODECS)


@names
@given(data=st.data())
def test_encoded_readings_are_decoded_equal(name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(FORMATS[name].readings)))
    readings: list[Reading] = data.draw(
        st.lists(FORMATS[name].readings[kind], min_size=1, max_size=5, unique_by=lambda one: str(one.time))
    )

    assert CODECS[name].decode(kind, DEVICE, CODECS[name].encode(readings)) == (readings, [])


@pytest.mark.parametrize(
    ("name", "example"), EXAMPLES, ids=lambda part: part if isinstance(part, str) else part["name"]
)
def test_a_golden_payload_is_decoded_as_recorded(name: str, example: dict[str, Any]) -> None:
    payload = FORMATS[name].written(example["payload"])
    readings, bad = CODECS[name].decode(Kind(example["kind"]), DEVICE, payload)

    assert [as_json(reading) for reading in readings] == example["readings"]
    assert [item.position for item in bad] == example["bad_positions"]


@names
@given(data=st.data())
def test_nothing_raises_anything_but_a_rejection_and_each_item_has_a_position(name: str, data: st.DataObject) -> None:
    payload = data.draw(st.binary() | FORMATS[name].near)
    with suppress(Rejected):
        readings, bad = CODECS[name].decode(data.draw(st.sampled_from(Kind)), DEVICE, payload)
        places = [item.position for item in bad]
        assert len(set(places)) == len(places)
        assert all(0 <= place < len(readings) + len(bad) for place in places)


@names
@given(data=st.data())
def test_a_damaged_payload_is_decoded_or_rejected(name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(FORMATS[name].readings)))
    payload = bytearray(CODECS[name].encode([data.draw(FORMATS[name].readings[kind])]))
    for place in data.draw(st.lists(st.integers(0, len(payload) - 1), min_size=1, max_size=3)):
        payload[place] = data.draw(st.integers(0, 255))
    with suppress(Rejected):
        CODECS[name].decode(kind, DEVICE, bytes(payload[: data.draw(st.integers(0, len(payload)))]))


def as_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON, without the device and empty fields."""
    values = {name: getattr(reading, name) for name in reading.__dataclass_fields__ if name != "device_id"}
    values["time"] = reading.time.isoformat()
    values["quality"] = int(reading.quality)
    return {name: value for name, value in values.items() if value not in (None, "")}
