import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from tests.codecs.reading_strategies import BY_KIND

CODEC = CODECS["json"]
GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "golden/codecs/json.json").read_text())

batches = st.sampled_from(Kind).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(BY_KIND[kind], min_size=1, max_size=5))
)


@given(batches)
def test_one_reading_is_an_object_and_several_are_an_array(batch: tuple[Kind, list[Reading]]) -> None:
    _, readings = batch

    assert isinstance(json.loads(CODEC.encode(readings)), dict if len(readings) == 1 else list)


def test_each_kind_has_a_golden_payload() -> None:
    assert {example["kind"] for example in GOLDEN} == set(Kind)
