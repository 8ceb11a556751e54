"""The sum of many small trees, looked up rather than walked: a city asks for it thousands of times a second.

Every leaf has a bit. Which leaves a feature's value rules out follows from its place among that feature's thresholds
alone, so each feature has a table of what is left at each place; what all features leave is one leaf a tree.
Source: QuickScorer, Lucchese et al., SIGIR 2015.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import getitem
from typing import NamedTuple

Node = float | tuple[int, float, bool, "Node", "Node", float]
"""A leaf's log-odds; or feature, threshold (at or below: left), whether the unknown goes left, left, right, mean."""

_BYTE = 256


class _Test(NamedTuple):
    """What a node asks of its feature, and the leaves on either side."""

    threshold: float
    unknown_left: bool
    left: int
    right: int


class Forest:
    """Trees over some features.

    Args:
        trees: as the model keeps them.
        features: how many there are.
    """

    def __init__(self, trees: Iterable[Node], features: int) -> None:
        values: list[float] = []
        tests: dict[int, list[_Test]] = defaultdict(list)
        for tree in trees:
            _gather(tree, values, tests)
        every = (1 << len(values)) - 1
        self._every = every
        self._tables = [_table(tests[feature], every) for feature in range(features)]
        self._bytes = -(-len(values) // 8)
        self._sums = [_sums(values[8 * place : 8 * place + 8]) for place in range(self._bytes)]

    def leaves(self, values: Iterable[float], first: int = 0) -> int:
        """The leaves that the values of features from number `first` on leave; NaN is the unknown."""
        left = self._every
        for value, (thresholds, by_place, unknown) in zip(values, self._tables[first:], strict=False):
            left &= by_place[bisect_left(thresholds, value)] if value == value else unknown  # noqa: PLR0124 - NaN
        return left

    def total(self, leaves: int) -> float:
        """The sum of some leaves."""
        return sum(map(getitem, self._sums, leaves.to_bytes(self._bytes, "little")))


def _gather(node: Node, values: list[float], tests: dict[int, list[_Test]]) -> int:
    """Number a tree's leaves and note its tests; the bits of all leaves below."""
    if not isinstance(node, tuple):
        values.append(node)
        return 1 << (len(values) - 1)
    feature, threshold, unknown_left, *sides, _ = node
    left, right = (_gather(side, values, tests) for side in sides)
    tests[feature].append(_Test(threshold, unknown_left, left, right))
    return left | right


def _table(tests: Sequence[_Test], every: int) -> tuple[list[float], list[int], int]:
    """A feature's thresholds, what is left at each place among them, and what is left where it is unknown."""
    thresholds = sorted({test.threshold for test in tests})
    by_place = []
    for place in range(len(thresholds) + 1):
        below = thresholds[:place]
        ruled_out = (test.left if test.threshold in below else test.right for test in tests)
        by_place.append(_without(every, ruled_out))
    return thresholds, by_place, _without(every, (test.right if test.unknown_left else test.left for test in tests))


def _without(every: int, ruled_out: Iterable[int]) -> int:
    for leaves in ruled_out:
        every &= ~leaves
    return every


def _sums(values: Sequence[float]) -> list[float]:
    """Of up to eight leaves, the sum of each choice of them."""
    return [sum(value for bit, value in enumerate(values) if chosen >> bit & 1) for chosen in range(_BYTE)]
