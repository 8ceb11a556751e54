"""The sum of many small trees by table lookup, because a city needs it thousands of times a second.

Every leaf has a bit. A feature's value rules out leaves by its place among that feature's thresholds alone, so each
feature has a table of the leaves that remain at each place. The leaves that remain for all features are one a tree.
Source: QuickScorer, Lucchese et al., SIGIR 2015.

Example: one tree "rise <= 2: leaf A, else (age <= 5: leaf B, else leaf C)" has the bits A = 1, B = 2, C = 4. A rise of
3 rules out A and leaves 6; an age of 4 rules out C and leaves 3. Both together leave 6 & 3 = 2, which is leaf B.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import isnan
from operator import getitem
from typing import NamedTuple

Node = float | tuple[int, float, bool, "Node", "Node", float]
"""A leaf's log-odds; or feature, threshold (at or below: left), whether the unknown goes left, left, right, mean."""

_BYTE = 256


class _Test(NamedTuple):
    """The test of a node on its feature, and the leaves on either side."""

    threshold: float
    unknown_left: bool
    left: int
    right: int


class Forest:
    """Trees over some features.

    Args:
        trees: of the model.
        features: the number of features.
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
        """Return the leaves that remain for the values of the features from number `first` on; NaN is unknown."""
        left = self._every
        for value, (thresholds, by_place, unknown) in zip(values, self._tables[first:], strict=False):
            left &= unknown if isnan(value) else by_place[bisect_left(thresholds, value)]
        return left

    def total(self, leaves: int) -> float:
        """Return the sum of some leaves."""
        return sum(map(getitem, self._sums, leaves.to_bytes(self._bytes, "little")))


def _gather(node: Node, values: list[float], tests: dict[int, list[_Test]]) -> int:
    """Number a tree's leaves and collect its tests; return the bits of all leaves below the node."""
    if not isinstance(node, tuple):
        values.append(node)
        return 1 << (len(values) - 1)
    feature, threshold, unknown_left, *sides, _ = node
    left, right = (_gather(side, values, tests) for side in sides)
    tests[feature].append(_Test(threshold, unknown_left, left, right))
    return left | right


def _table(tests: Sequence[_Test], every: int) -> tuple[list[float], list[int], int]:
    """Return a feature's thresholds, the leaves that remain at each place, and those for the unknown."""
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
    """Return the sum of each choice of up to eight leaves."""
    return [sum(value for bit, value in enumerate(values) if chosen >> bit & 1) for chosen in range(_BYTE)]
