"""Nothing is scored on a sensor that it was trained on: sensors in folds, and a model for each fold from the others."""

from collections.abc import Sequence

from benchmarks.skill import training
from benchmarks.skill.floodnet import Fold
from benchmarks.skill.timeline import Timeline
from benchmarks.skill.training import recording
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.model import Model
from rencheng.learning.samples import examples
from rencheng.learning.train import train

Forecasts = dict[Level, list[tuple[float, bool]]]
"""By level (probability, did it happen) of every moment at which the model was asked."""


def taught(lines: Sequence[Timeline]) -> list[Fold]:
    """Folds of sensors, each with a model from the sensors of the others."""
    every = training.questions()
    folds: list[Fold] = []
    for number, part in enumerate(training.folds(lines)):
        sensors = frozenset(line.sensor.sensor_id for line in part)
        others = [example for example in every if example.device_id not in sensors]
        folds.append(Fold(sensors, Model.from_json(train(others, f"without fold {number}"))))
    return folds


def evaluations(lines: Sequence[Timeline], folds: Sequence[Fold], depths_mm: Sequence[float]) -> Forecasts:
    """What each fold's model says of its own sensors, whether or not a warning followed.

    Args:
        lines: of all sensors.
        folds: with their models.
        depths_mm: the thresholds of the four levels.
    """
    place = FEATURE_NAMES.index("threshold_mm")
    level_of = dict(zip(depths_mm, WARNING_LEVELS, strict=True))
    found: Forecasts = {level: [] for level in WARNING_LEVELS}
    model_of = {sensor: fold.model for fold in folds for sensor in fold.sensors}
    for example in examples(map(recording, lines), depths_mm):
        forecast = model_of[example.device_id].probability(example.row, example.rapid_rises_nearby)
        found[level_of[example.row[place]]].append((forecast, example.crossed_s is not None))
    return found
