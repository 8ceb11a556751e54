"""A model is learned from recordings, says what its trees say, and what it says comes true as often as it says."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from commands.main import app
from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.forest import Forest
from rencheng.engine.forecast.model import REGIONAL_EVENT_SITES, Model
from rencheng.engine.forecast.shipped import read_model, street_model
from rencheng.learning.samples import Example, Recording, examples
from rencheng.learning.train import grown, train

pytestmark = pytest.mark.slow

STREETS = 12
BEGIN_S = 1_750_000_000.0


def recording(number: int) -> Recording:
    """A street with twenty floods, half of which pass 150 mm, and the faster the more often."""
    dice = random.Random(number)  # noqa: S311 - not a secret
    samples: list[tuple[float, float]] = []
    for flood in range(20):
        begin_s = BEGIN_S + flood * 86_400.0
        peak_mm, minutes = (260.0, 20) if dice.random() < 0.5 else (90.0, 40)
        depths_mm = [peak_mm * step / minutes + dice.gauss(0, 1) for step in range(minutes)]
        depths_mm += [peak_mm * (1 - step / 60) for step in range(60)]
        samples += [(begin_s + 60.0 * step, depth_mm) for step, depth_mm in enumerate(depths_mm)]
    return Recording(f"street-{number}", samples)


@pytest.fixture(scope="module")
def questions() -> list[Example]:
    return examples(recording(number) for number in range(STREETS))


@pytest.fixture(scope="module")
def kept(questions: list[Example]) -> dict[str, Any]:
    return train(questions, "by test")


@pytest.fixture(scope="module")
def model(kept: dict[str, Any]) -> Model:
    return Model.from_json(json.loads(json.dumps(kept)))


def test_the_table_says_what_the_library_says_of_known_and_unknown(questions: list[Example], model: Model) -> None:
    rows = np.array([question.row for question in questions])
    crossed = np.array([question.crossed_s is not None for question in questions])
    trees = grown(rows, crossed, np.array([question.weight for question in questions]))
    forest = Forest(model.trees, len(FEATURE_NAMES))

    found = [forest.total(forest.leaves(question.row)) for question in questions]

    assert np.isnan(rows).any()
    assert found == pytest.approx(trees.predict(rows, raw_score=True), abs=1e-4)


def test_the_same_questions_make_the_same_model(questions: list[Example], kept: dict[str, Any]) -> None:
    assert train(questions, "by test") == kept


def test_of_streets_that_it_never_saw_it_is_right_as_often_as_it_says(model: Model) -> None:
    unseen = examples(recording(number) for number in range(STREETS, 2 * STREETS))
    found = [model.probability(question.row) for question in unseen]
    happened = [question.crossed_s is not None for question in unseen]

    brier = np.mean((np.array(found) - happened) ** 2)

    assert np.mean(found) == pytest.approx(np.mean(happened), abs=0.05)
    assert brier < 0.5 * np.var(happened)


def test_what_a_storm_adds_is_learned_and_is_nothing_where_none_was_seen(
    questions: list[Example], kept: dict[str, Any]
) -> None:
    dice = random.Random(1)  # noqa: S311 - not a secret
    in_storm = [
        one._replace(rapid_rises_nearby=REGIONAL_EVENT_SITES if dice.random() < (0.6 if one.crossed_s else 0.3) else 0)
        for one in questions
    ]
    model = Model.from_json(train(in_storm, "of storms"))

    assert kept["regional_event"] == 0.0
    assert 0.3 < model.regional_event < 1.5
    for row in (one.row for one in questions[::500]):
        assert (
            model.probability(row, REGIONAL_EVENT_SITES)
            >= model.probability(row, REGIONAL_EVENT_SITES - 1)
            == model.probability(row)
        )


def test_probability_never_falls_from_knot_to_knot(model: Model) -> None:
    for knots in (model.calibration, street_model().calibration):
        assert all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(knots))
        assert 0.0 <= knots[0][1] < knots[-1][1] <= 1.0


@pytest.mark.parametrize(
    "knots", [[], [[0.0, 0.5], [0.0, 0.6]], [[0.0, 0.5], [1.0, 0.4]], [[0.0, 1.5]], [[float("nan"), 0.5]]]
)
def test_a_calibration_that_cannot_be_is_refused(knots: list[list[float]], kept: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="numbers out of range"):
        Model.from_json(kept | {"calibration": knots})


def test_the_command_learns_from_a_table_of_readings(tmp_path: Path) -> None:
    readings = tmp_path / "readings.csv"
    rows = [
        f"{one.device_id},{np.datetime64(int(at_s), 's')}+00:00,{depth_mm:.1f}"
        for one in map(recording, range(STREETS))
        for at_s, depth_mm in one.samples
    ]
    readings.write_text("device_id,time,depth_mm\n" + "\n".join(rows) + "\n", encoding="utf-8")

    answer = CliRunner().invoke(
        app, ["learn", "--readings", str(readings), "--out", str(tmp_path / "model.json"), "--version", "of-my-own"]
    )

    assert answer.exit_code == 0, answer.output
    assert read_model(tmp_path / "model.json").version == "of-my-own"
