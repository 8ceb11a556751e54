"""The learned model: small trees whose sum is the log-odds of a crossing, and the distribution of its time.

It is a table of numbers, read from JSON and made by `rencheng learn`. Its output can be attributed to its features.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from math import erf, exp, inf, isfinite, isnan, log, sqrt
from typing import Any, Self

from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.forest import Forest, Node

HORIZON_S = 1800.0
"""The horizon of a forecast: the longest of 5, 10, 15 and 30 minutes."""

REGIONAL_EVENT_SITES = 4
"""Rapid rises at this many other sites are a regional event; two or three happen without one. Source: FloodNet, by
cross-validation: with four and more, floods were as likely as with 1.0 more log-odds; with two and three as without."""

RAPID_RISES_NEARBY = "rapid_rises_nearby"
"""The name of the regional event in the attribution of a forecast."""

Knot = tuple[float, float]
"""Log-odds of the trees, and the probability for them."""

EARLIEST_MIN, LATEST_MIN = 0.5, 240.0
Z_90 = 1.2816
"""The 90th percentile of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of a crossing, if it comes: log-normal about a power of the arrival by the straight line.

    Attributes:
        at_one_min: natural log of the minutes for an arrival of one minute by the line.
        power: the exponent of the arrival.
        spread: standard deviation of the natural log.
    """

    at_one_min: float
    power: float
    spread: float

    def median_min(self, arrival_min: float) -> float:
        """Return the median of the time, in minutes."""
        return exp(self.at_one_min + self.power * log(min(max(arrival_min, EARLIEST_MIN), LATEST_MIN)))

    def shares_within(self, arrival_min: float, horizons_s: Sequence[float]) -> list[float]:
        """Return, of the crossings within `HORIZON_S`, the share within each shorter time."""
        middle = log(self.median_min(arrival_min))
        within_horizon = max(self._below(HORIZON_S, middle), 1e-9)
        return [self._below(horizon_s, middle) / within_horizon for horizon_s in horizons_s]

    def _below(self, within_s: float, middle: float) -> float:
        return 0.5 * (1.0 + erf((log(within_s / 60.0) - middle) / (self.spread * sqrt(2.0))))


def is_regional_event(rapid_rises_nearby: int | None) -> bool:
    """Return whether the rapid rises nearby show a storm over the region."""
    return rapid_rises_nearby is not None and rapid_rises_nearby >= REGIONAL_EVENT_SITES


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model.

    Attributes:
        version: its name, which the grounds of a warning carry.
        base: the log-odds before any tree.
        trees: whose log-odds are added.
        calibration: knots, from the log-odds to the share of crossings at sensors left out; straight between.
        timing: the time of a crossing.
        regional_event: the log-odds that a regional event adds.
        forest: the trees as lookup tables.
    """

    version: str
    base: float
    trees: tuple[Node, ...]
    calibration: tuple[Knot, ...]
    timing: Timing
    regional_event: float = 0.0
    forest: Forest = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the lookup tables."""
        object.__setattr__(self, "forest", Forest(self.trees, len(FEATURE_NAMES)))

    def probability(self, row: Sequence[float], rapid_rises_nearby: int | None = None) -> float:
        """Return the probability of a crossing within `HORIZON_S`; `row` is in the order of `FEATURE_NAMES`."""
        return self.probability_of(self.forest.leaves(row), rapid_rises_nearby)

    def probability_of(self, leaves: int, rapid_rises_nearby: int | None = None) -> float:
        """Return the same for the leaves that a row leads to."""
        alone = self._of_own_water(leaves)
        if not is_regional_event(rapid_rises_nearby) or not 0.0 < alone < 1.0:
            return alone
        return 1.0 / (1.0 + exp(-self.regional_event) * (1.0 - alone) / alone)

    def _of_own_water(self, leaves: int) -> float:
        odds = self.base + self.forest.total(leaves)
        knots = self.calibration
        place = bisect_right(knots, (odds, inf))
        if place in {0, len(knots)}:
            return knots[min(place, len(knots) - 1)][1]
        (below, low), (above, high) = knots[place - 1], knots[place]
        return low + (high - low) * (odds - below) / (above - below)

    def attribution(
        self, row: Sequence[float], rapid_rises_nearby: int | None = None, most: int = 3
    ) -> tuple[tuple[str, float], ...]:
        """Return the features that changed the log-odds most, with their change along the path down each tree."""
        moved: dict[int, float] = {}
        for tree in self.trees:
            node = tree
            while type(node) is tuple:
                value = row[node[0]]
                child = node[3] if value <= node[1] or (isnan(value) and node[2]) else node[4]
                moved[node[0]] = moved.get(node[0], 0.0) + _mean(child) - node[5]
                node = child
        named = [(FEATURE_NAMES[feature], change) for feature, change in moved.items()]
        if is_regional_event(rapid_rises_nearby):
            named.append((RAPID_RISES_NEARBY, self.regional_event))
        ranked = sorted(named, key=lambda item: -abs(item[1]))[:most]
        return tuple((name, round(change, 2)) for name, change in ranked)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return a model as `rencheng learn` wrote it.

        Raises:
            ValueError: it was trained on other features than this engine computes, or is damaged.
        """
        try:
            if tuple(kept["features"]) != FEATURE_NAMES:
                raise ValueError("it was trained on other features than this engine computes; train it again")
            knots = tuple((float(odds), float(share)) for odds, share in kept["calibration"])
            timing = Timing(*(float(kept["timing"][name]) for name in ("at_one_min", "power", "spread")))
            trees = tuple(_node(tree) for tree in kept["trees"])
            regional_event = float(kept.get("regional_event", kept.get("storm")))  # "storm" until release 0.1
            model = cls(str(kept["version"]), float(kept["base"]), trees, knots, timing, regional_event)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"it is not a model: {error!r}") from None
        numbers = (model.base, timing.spread, regional_event, *chain.from_iterable(knots))
        if not knots or not all(map(isfinite, numbers)) or timing.spread <= 0 or not _rises(knots):
            raise ValueError("it has numbers out of range")
        return model


def _node(kept: Any) -> Node:  # noqa: ANN401 - JSON
    if isinstance(kept, int | float):
        return float(kept)
    feature, threshold, unknown_left, left, right, mean = kept
    if not 0 <= feature < len(FEATURE_NAMES):
        raise ValueError(f"there is no feature {feature}")
    return int(feature), float(threshold), bool(unknown_left), _node(left), _node(right), float(mean)


def _rises(knots: Sequence[Knot]) -> bool:
    """Return whether log-odds grow from knot to knot and probabilities never fall."""
    in_order = all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(knots))
    return in_order and all(0.0 <= share <= 1.0 for _, share in knots)


def _mean(node: Node) -> float:
    return node[5] if isinstance(node, tuple) else node
