"""Trees that are looked up say what trees that are walked say."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.forest import Forest, Node
from rencheng.engine.forecast.shipped import street_model

FEATURES = 4
_EDGES = st.sampled_from([-1.0, 0.0, 0.5, 2.0])
_ROWS = st.tuples(*[st.one_of(_EDGES, st.just(nan), st.floats(-3, 3))] * FEATURES)
_TREES: st.SearchStrategy[Node] = st.recursive(
    st.integers(-8, 8).map(float),
    lambda below: st.tuples(st.integers(0, FEATURES - 1), _EDGES, st.booleans(), below, below, st.just(0.0)),
    max_leaves=20,
)


def walked(node: Node, row: tuple[float, ...]) -> float:
    while isinstance(node, tuple):
        feature, threshold, unknown_left, left, right, _ = node
        value = row[feature]
        node = left if value <= threshold or (value != value and unknown_left) else right  # noqa: PLR0124 - NaN
    return node


@given(st.lists(_TREES, max_size=6), _ROWS, st.integers(0, FEATURES))
def test_what_is_looked_up_is_what_is_walked(trees: list[Node], row: tuple[float, ...], cut: int) -> None:
    forest = Forest(trees, FEATURES)
    expected = sum(walked(tree, row) for tree in trees)

    assert forest.total(forest.leaves(row)) == expected
    assert forest.total(forest.leaves(row[:cut]) & forest.leaves(row[cut:], cut)) == expected


@given(st.tuples(*[st.one_of(st.just(nan), st.floats(-600, 600))] * len(FEATURE_NAMES)))
def test_so_does_the_shipped_model(row: tuple[float, ...]) -> None:
    model = street_model()

    assert model.forest.total(model.forest.leaves(row)) == pytest.approx(sum(walked(tree, row) for tree in model.trees))
