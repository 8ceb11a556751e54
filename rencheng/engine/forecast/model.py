"""The learned model: small trees whose sum is the log-odds of a crossing, and a line for when it comes.

It is a table of numbers, read from JSON and made by `rencheng learn`; nothing here learns. What it says can be taken
apart feature by feature.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from math import erf, exp, inf, isfinite, log, sqrt
from typing import Any, Self

from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.forest import Forest, Node

HORIZON_S = 1800.0
"""Within which a crossing is told: the longest of 5, 10, 15 and 30 minutes."""

REGIONAL_EVENT_SITES = 4
"""Where water rose swiftly at so many other sites of a region, a storm is over it; two or three happen without one.
Source: FloodNet, by cross-validation: with four and more, floods were as likely as 1.0 more log-odds would have them;
with two and three as without."""

STIRRED = "stirred"
"""The name under which what is seen near by stands among a prediction's reasons."""

Knot = tuple[float, float]
"""Log-odds of the trees, and the probability that goes with them."""

SOONEST_MIN, LATEST_MIN = 0.5, 240.0
NINE_TENTHS = 1.2816
"""A tenth of a normal distribution lies beyond so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a crossing comes, if it comes: log-normal about a power of the straight line's arrival.

    Attributes:
        at_one_min: natural log of the minutes when the line says one minute.
        power: with which it grows.
        spread: standard deviation of the natural log.
    """

    at_one_min: float
    power: float
    spread: float

    def median_min(self, arrival_min: float) -> float:
        """Half of the crossings come sooner."""
        return exp(self.at_one_min + self.power * log(min(max(arrival_min, SOONEST_MIN), LATEST_MIN)))

    def shares_within(self, arrival_min: float, horizons_s: Sequence[float]) -> list[float]:
        """Of the crossings within `HORIZON_S`, the share that comes within each shorter time."""
        middle = log(self.median_min(arrival_min))
        all_of_them = max(self._below(HORIZON_S, middle), 1e-9)
        return [self._below(horizon_s, middle) / all_of_them for horizon_s in horizons_s]

    def _below(self, within_s: float, middle: float) -> float:
        return 0.5 * (1.0 + erf((log(within_s / 60.0) - middle) / (self.spread * sqrt(2.0))))


def is_regional_event(stirred: int | None) -> bool:
    """Is a storm seen over the region?"""
    return stirred is not None and stirred >= REGIONAL_EVENT_SITES


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model.

    Attributes:
        version: its name, which a warning's grounds carry.
        base: the log-odds before any tree.
        trees: what each adds.
        calibration: knots, from the trees' log-odds to the share that held true on sensors left out; straight between.
        timing: when a crossing comes.
        storm: the log-odds that a storm over the region adds to what a site's own water says.
        forest: the trees, ready to be asked.
    """

    version: str
    base: float
    trees: tuple[Node, ...]
    calibration: tuple[Knot, ...]
    timing: Timing
    storm: float = 0.0
    forest: Forest = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Get the trees ready."""
        object.__setattr__(self, "forest", Forest(self.trees, len(FEATURE_NAMES)))

    def probability(self, row: Sequence[float], stirred: int | None = None) -> float:
        """That the threshold is crossed within `HORIZON_S`; `row` is in the order of `features.NAMES`."""
        return self.probability_of(self.forest.leaves(row), stirred)

    def probability_of(self, leaves: int, stirred: int | None = None) -> float:
        """The same, of the leaves that a row leads to."""
        alone = self._by_itself(leaves)
        if not is_regional_event(stirred) or not 0.0 < alone < 1.0:
            return alone
        return 1.0 / (1.0 + exp(-self.storm) * (1.0 - alone) / alone)

    def _by_itself(self, leaves: int) -> float:
        odds = self.base + self.forest.total(leaves)
        knots = self.calibration
        place = bisect_right(knots, (odds, inf))
        if place in {0, len(knots)}:
            return knots[min(place, len(knots) - 1)][1]
        (below, low), (above, high) = knots[place - 1], knots[place]
        return low + (high - low) * (odds - below) / (above - below)

    def attribution(
        self, row: Sequence[float], stirred: int | None = None, most: int = 3
    ) -> tuple[tuple[str, float], ...]:
        """The features that moved the log-odds most, with how far: what each step down each tree changed."""
        moved: dict[int, float] = {}
        for tree in self.trees:
            node = tree
            while type(node) is tuple:
                value = row[node[0]]
                child = node[3] if value <= node[1] or (value != value and node[2]) else node[4]  # noqa: PLR0124
                moved[node[0]] = moved.get(node[0], 0.0) + _mean(child) - node[5]
                node = child
        named = [(FEATURE_NAMES[feature], change) for feature, change in moved.items()]
        if is_regional_event(stirred):
            named.append((STIRRED, self.storm))
        ranked = sorted(named, key=lambda item: -abs(item[1]))[:most]
        return tuple((name, round(change, 2)) for name, change in ranked)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """A model as `rencheng learn` wrote it.

        Raises:
            ValueError: it was trained on other features than this engine shows, or is damaged.
        """
        try:
            if tuple(kept["features"]) != FEATURE_NAMES:
                raise ValueError("it was trained on other features than this engine knows")
            knots = tuple((float(odds), float(share)) for odds, share in kept["calibration"])
            timing = Timing(*(float(kept["timing"][name]) for name in ("at_one_min", "power", "spread")))
            trees = tuple(_node(tree) for tree in kept["trees"])
            storm = float(kept["storm"])
            model = cls(str(kept["version"]), float(kept["base"]), trees, knots, timing, storm)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"it is no model: {error!r}") from None
        numbers = (model.base, timing.spread, storm, *chain.from_iterable(knots))
        if not knots or not all(map(isfinite, numbers)) or timing.spread <= 0 or not _rises(knots):
            raise ValueError("it holds numbers that cannot be")
        return model


def _node(kept: Any) -> Node:  # noqa: ANN401 - JSON
    if isinstance(kept, int | float):
        return float(kept)
    feature, threshold, unknown_left, left, right, mean = kept
    if not 0 <= feature < len(FEATURE_NAMES):
        raise ValueError(f"there is no feature {feature}")
    return int(feature), float(threshold), bool(unknown_left), _node(left), _node(right), float(mean)


def _rises(knots: Sequence[Knot]) -> bool:
    """Log-odds grow from knot to knot, and probabilities never fall."""
    in_order = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(knots))
    return in_order and all(0.0 <= share <= 1.0 for _, share in knots)


def _mean(node: Node) -> float:
    return node[5] if isinstance(node, tuple) else node
