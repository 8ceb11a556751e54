"""Train gradient-boosted trees by LightGBM, calibrated on gauges left out, as a table that needs no library to run.

Monotone constraints hold the physics: more missing depth or a later arrival never makes a crossing more probable.
"""

from collections.abc import Sequence
from math import log
from typing import Any, TypeAlias

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, isotonic_regression
from scipy.special import expit, logit

from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.model import EARLIEST_MIN, LATEST_MIN, is_regional_event
from rencheng.learning.samples import Example

TREES = 80
"""More trees overfit: with 250, streets left out had a lower POD at the same FAR, and inland ones most of all (POD at
3 minutes .57 instead of .69). Source: cross-validation by street."""

FOLDS = 4
KNOT_ODDS, KNOTS, KNOT_LEAST = 0.5, 12, 200
"""The calibration has a knot for each half of log-odds, 12 up and 12 down, if at least 200 examples are in it."""
CALIBRATED_MM = (50.0, 150.0, 270.0, 400.0)
"""The depths near which the levels of a road begin: there the probability must be calibrated best."""

REGIONAL_LEAST, REGIONAL_MAX = 500, 3.0
"""Fewer examples give no estimate for regional events, and no estimate exceeds this many log-odds."""

SEED = 20260101

RISING = ("rise_2", "rise_3", "rise_5", "last_rise", "went_on_share", "usual_peak", "last_peak_mm")
FALLING = ("missing_mm", "below_peak_mm", "arrival_3_min", "arrival_5_min", "arrival_10_min")
"""Features with which the probability may only grow, or only fall."""

_DIRECTIONS = dict.fromkeys(RISING, 1) | dict.fromkeys(FALLING, -1)
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "lambda_l2": 5.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "monotone_constraints": [_DIRECTIONS.get(name, 0) for name in FEATURE_NAMES],
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": SEED,
    "verbose": -1,
}
"""Small trees, each of a part of the examples and features, because the examples of one street are much alike. One
thread is faster with so few examples, and gives the same model everywhere."""

Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]


def train(examples: Sequence[Example], version: str) -> dict[str, Any]:
    """Return a model as JSON, for `Model.from_json`.

    Args:
        examples: of at least as many gauges as there are folds, some crossed and some not.
        version: its name.
    """
    rows = np.array([example.row for example in examples], dtype=np.float64)
    crossed = np.array([example.crossed_s is not None for example in examples])
    weights = np.array([example.weight for example in examples])
    trees = grown(rows, crossed, weights)
    odds = _left_out(rows, crossed, weights, _folds([example.device_id for example in examples]))
    near_levels = np.isin(rows[:, FEATURE_NAMES.index("threshold_mm")], CALIBRATED_MM)
    knots = _calibrated(odds[near_levels], crossed[near_levels])
    knot_odds, knot_share = np.array(knots).T
    return {
        "version": version,
        "features": list(FEATURE_NAMES),
        "base": 0.0,  # LightGBM puts it into the first tree
        "trees": [_table(tree["tree_structure"]) for tree in trees.dump_model()["tree_info"]],
        "calibration": knots,
        "regional_event": _regional_event(np.interp(odds, knot_odds, knot_share), crossed, examples),
        "timing": _timed(examples),
    }


def grown(rows: Floats, crossed: Truths, weights: Floats) -> lightgbm.Booster:
    """Return the trees for these rows, their outcomes and their weights."""
    return lightgbm.train(PARAMETERS, lightgbm.Dataset(rows, crossed, weight=weights), TREES)


def _folds(device_ids: Sequence[str]) -> NDArray[np.int64]:
    """Return the fold of each example; a gauge is in one fold as a whole."""
    names = np.array(sorted(set(device_ids)))
    np.random.default_rng(SEED).shuffle(names)
    fold = {name: place % FOLDS for place, name in enumerate(names)}
    return np.array([fold[name] for name in device_ids])


def _left_out(rows: Floats, crossed: Truths, weights: Floats, folds: NDArray[np.int64]) -> Floats:
    """Return the log-odds of each example by trees that were not trained on its gauge."""
    odds = np.zeros(len(rows))
    for fold in range(FOLDS):
        own = folds == fold
        odds[own] = grown(rows[~own], crossed[~own], weights[~own]).predict(rows[own], raw_score=True)
    return odds


def _calibrated(odds: Floats, crossed: Truths) -> list[list[float]]:
    """Return knots (log-odds, probability) by the share of crossings on gauges left out, never falling.

    The probability is linear between knots. A knot is the mean of many examples, so that no single flood decides it.
    """
    groups = [odds // KNOT_ODDS == step for step in range(-KNOTS, KNOTS)]
    groups = [held for held in groups if held.sum() >= KNOT_LEAST] or [np.full(len(odds), fill_value=True)]
    mean_odds = [float(odds[held].mean()) for held in groups]
    share = [float(crossed[held].mean()) for held in groups]
    happened = isotonic_regression(share, weights=[int(held.sum()) for held in groups]).x
    return [[round(one, 4), round(float(other), 4)] for one, other in zip(mean_odds, happened, strict=True)]


def _regional_event(probabilities: Floats, crossed: Truths, examples: Sequence[Example]) -> float:
    """Return the log-odds which, added to each probability in a regional event, give the number of crossings."""
    applies = np.array([example.is_water and is_regional_event(example.rapid_rises_nearby) for example in examples])
    applies &= (probabilities > 0.0) & (probabilities < 1.0)
    odds, came = logit(probabilities[applies]), crossed[applies].sum()

    def excess(added: float) -> float:
        return float(expit(odds + added).sum() - came)

    if len(odds) < REGIONAL_LEAST or not excess(0.0) < 0.0 < excess(REGIONAL_MAX):
        return 0.0
    return round(float(brentq(excess, 0.0, REGIONAL_MAX)), 3)


def _timed(examples: Sequence[Example]) -> dict[str, float]:
    """Return the time of crossings, about a power of the straight line's arrival."""
    arrival = FEATURE_NAMES.index("arrival_5_min")
    came = [example for example in examples if example.crossed_s is not None]
    arrivals = np.array([log(min(max(one.row[arrival], EARLIEST_MIN), LATEST_MIN)) for one in came])
    took = np.array([log(max((one.crossed_s or 0.0) / 60.0, EARLIEST_MIN)) for one in came])
    weights = np.array([one.weight for one in came])
    power, at_one_min = np.polyfit(arrivals, took, 1, w=np.sqrt(weights))  # polyfit weighs residuals, not their squares
    spread = np.sqrt(np.average((took - power * arrivals - at_one_min) ** 2, weights=weights))
    return {"at_one_min": float(at_one_min), "power": float(power), "spread": float(spread)}


def _table(node: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return a tree as `forest.Node`; each branch carries the mean of its leaves, for the attribution."""
    if "leaf_value" in node:
        return round(float(node["leaf_value"]), 6)
    left, right = node["left_child"], node["right_child"]
    tables = [_table(left), _table(right)]
    counts = [side.get("leaf_count", side.get("internal_count")) for side in (left, right)]
    means = [side if isinstance(side, float) else side[5] for side in tables]
    mean = sum(count * one for count, one in zip(counts, means, strict=True)) / sum(counts)
    threshold = float(node["threshold"])
    unknown_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0.0
    return [int(node["split_feature"]), threshold, unknown_left, *tables, round(mean, 6)]
