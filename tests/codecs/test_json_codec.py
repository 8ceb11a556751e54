import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from tests.codecs.reading_strategies import BY_KIND, DEVICE

CODEC = CODECS["json"]
GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "golden/codecs/json.json").read_text())

batches = st.sampled_from(Kind).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(BY_KIND[kind], min_size=1, max_size=5))
)


@given(batches)
def test_what_was_encoded_is_decoded_equal(batch: tuple[Kind, list[Reading]]) -> None:
    kind, readings = batch

    assert CODEC.decode(kind, DEVICE, CODEC.encode(readings)) == (readings, [])


@given(batches)
def test_one_reading_is_an_object_and_several_are_an_array(batch: tuple[Kind, list[Reading]]) -> None:
    _, readings = batch

    assert isinstance(json.loads(CODEC.encode(readings)), dict if len(readings) == 1 else list)


@pytest.mark.parametrize("example", GOLDEN, ids=lambda example: example["name"])
def test_a_golden_payload_is_read_as_written_down(example: dict[str, Any]) -> None:
    payload = json.dumps(example["payload"]).encode()
    readings, bad = CODEC.decode(Kind(example["kind"]), DEVICE, payload)

    assert [said(reading) for reading in readings] == example["readings"]
    assert [item.position for item in bad] == example["bad_positions"]


def said(reading: Reading) -> dict[str, Any]:
    """What a reading says, as JSON: without the device and what is empty."""
    values = {name: getattr(reading, name) for name in reading.__dataclass_fields__ if name != "device_id"}
    values["time"] = reading.time.isoformat()
    values["quality"] = int(reading.quality)
    return {name: value for name, value in values.items() if value not in (None, "")}


def test_each_kind_has_a_golden_payload() -> None:
    assert {example["kind"] for example in GOLDEN} == set(Kind)
