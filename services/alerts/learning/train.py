"""Gradient-boosted trees by scikit-learn, calibrated on gauges left out, as a table that needs no library to run.

What must hold by physics is held: more missing depth or a later arrival never makes a crossing more probable.
"""

from collections.abc import Sequence
from math import log
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from services.alerts.engine.features import NAMES
from services.alerts.engine.model import LATEST_MIN, SOONEST_MIN
from services.alerts.learning.samples import Example

TREES = 100
LEAVES = 12
FOLDS = 4
SEED = 20260101

RISING = ("rise_2", "rise_3", "rise_5", "last_rise", "went_on_share", "usual_peak", "last_peak_mm")
FALLING = ("missing_mm", "below_peak_mm", "arrival_3_min", "arrival_5_min", "arrival_10_min")
"""Features with which the probability may only grow, or only shrink."""

Floats: TypeAlias = NDArray[np.float64]


def train(examples: Sequence[Example], version: str) -> dict[str, Any]:
    """A model as JSON, for `Model.from_json`.

    Args:
        examples: of at least as many gauges as there are folds, some crossed and some not.
        version: its name.
    """
    rows = np.array([example.row for example in examples], dtype=np.float64)
    crossed = np.array([example.crossed_s is not None for example in examples])
    weights = np.array([example.weight for example in examples])
    trees = _grown(rows, crossed, weights)
    return {
        "version": version,
        "features": list(NAMES),
        "base": float(trees._baseline_prediction.item()),  # noqa: SLF001 - scikit-learn tells it no other way
        "trees": [_table(stage[0].nodes) for stage in trees._predictors],  # noqa: SLF001 - held by a test
        "calibration": _calibrated(rows, crossed, weights, _folds([example.device_id for example in examples])),
        "timing": _timed(examples),
    }


def _grown(rows: Floats, crossed: NDArray[np.bool_], weights: Floats) -> HistGradientBoostingClassifier:
    signs = dict.fromkeys(RISING, 1) | dict.fromkeys(FALLING, -1)
    return HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=40,
        l2_regularization=5.0,
        max_features=0.6,
        monotonic_cst=[signs.get(name, 0) for name in NAMES],
        early_stopping=False,
        random_state=SEED,
    ).fit(rows, crossed, sample_weight=weights)


def _folds(device_ids: Sequence[str]) -> NDArray[np.int64]:
    """Each gauge in one fold, whole."""
    names = np.array(sorted(set(device_ids)))
    np.random.default_rng(SEED).shuffle(names)
    fold = {name: place % FOLDS for place, name in enumerate(names)}
    return np.array([fold[name] for name in device_ids])


def _calibrated(rows: Floats, crossed: NDArray[np.bool_], weights: Floats, folds: NDArray[np.int64]) -> list[float]:
    """Slope and offset from the trees' log-odds to those that hold true on gauges which the trees never saw."""
    odds = np.zeros(len(rows))
    for fold in range(FOLDS):
        own = folds == fold
        odds[own] = _grown(rows[~own], crossed[~own], weights[~own]).decision_function(rows[own])
    line = LogisticRegression(C=1e6).fit(odds[:, None], crossed, sample_weight=weights)
    return [float(line.coef_[0, 0]), float(line.intercept_[0])]


def _timed(examples: Sequence[Example]) -> dict[str, float]:
    """When crossings come, about a power of the straight line's arrival."""
    arrival = NAMES.index("arrival_5_min")
    came = [example for example in examples if example.crossed_s is not None]
    said = np.array([[log(min(max(one.row[arrival], SOONEST_MIN), LATEST_MIN))] for one in came])
    took = np.array([log(max((one.crossed_s or 0.0) / 60.0, SOONEST_MIN)) for one in came])
    weights = np.array([one.weight for one in came])
    line = LinearRegression().fit(said, took, sample_weight=weights)
    spread = np.sqrt(np.average((took - line.predict(said)) ** 2, weights=weights))
    return {"at_one_min": float(line.intercept_), "power": float(line.coef_[0]), "spread": float(spread)}


def _table(nodes: Any) -> Any:  # noqa: ANN401 - a structured array in, JSON out
    def table(place: int) -> Any:  # noqa: ANN401
        node = nodes[place]
        if node["is_leaf"]:
            return round(float(node["value"]), 6)
        left, right = table(int(node["left"])), table(int(node["right"]))
        below = nodes[int(node["left"])], nodes[int(node["right"])]
        counts = [float(one["count"]) for one in below]
        means = [side if isinstance(side, float) else side[5] for side in (left, right)]
        mean = sum(count * one for count, one in zip(counts, means, strict=True)) / sum(counts)
        threshold, unknown_left = float(node["num_threshold"]), bool(node["missing_go_to_left"])
        return [int(node["feature_idx"]), threshold, unknown_left, left, right, round(mean, 6)]

    return table(0)
