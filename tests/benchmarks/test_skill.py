"""The whole benchmark, on the real recordings; and that its yardsticks give the figures that are known of them."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.skill import creek, engine, floodnet, klab, steps
from benchmarks.skill.__main__ import pictures
from benchmarks.skill.floodnet import Fold
from benchmarks.skill.folds import evaluations
from benchmarks.skill.measures import Score
from benchmarks.skill.pictures import plot
from benchmarks.skill.recordings import DATA, SensorSeries, flood_events, flood_sensors, river_gauges, river_levels
from benchmarks.skill.recordings import creek as recorded_creek
from benchmarks.skill.report import Results, as_json, tables
from benchmarks.skill.timeline import Timeline
from rencheng.backtest.matching import IssuedLevel, claims, held, match
from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.engine.forecast.model import Model, Timing

pytestmark = pytest.mark.slow

MODEL = Model("by hand", -1.0, (), ((-1.0, 0.27),), Timing(1.0, 0.8, 0.5))
"""One that says the same of everything."""

KNOWN = {
    "all": {"far": 0.39, 3: 0.87, 5: 0.76, 10: 0.36},
    "inland": {"far": 0.53, 3: 0.68, 5: 0.32, 10: 0.14},
}
"""Least squares at 150 mm, from the issue."""


@pytest.fixture(scope="module")
def lines() -> list[Timeline]:
    return floodnet.timelines(with_artefacts=True)


@pytest.fixture(scope="module")
def baselines(lines: list[Timeline]) -> dict[str, floodnet.Method]:
    return floodnet.run_baselines(lines)


def test_the_recordings_are_whole() -> None:
    assert len(flood_events()) == 875
    assert sum(len(event.samples) for event in flood_events()) == 136_131
    assert {event.name for event in flood_events()} <= flood_sensors().keys()
    assert sum(len(series.samples) for series in river_levels()) == 160_103
    assert [series.name for series in river_levels()] == list(river_gauges())
    assert [len(recorded_creek(what)[0].samples) for what in ("levels", "rain")] == [22_162, 22_075]
    assert (DATA / "SOURCE.md").exists()


@pytest.mark.parametrize("flood_class", KNOWN)
def test_least_squares_gives_the_figures_that_are_known_of_it(
    lines: list[Timeline], baselines: dict[str, floodnet.Method], flood_class: str
) -> None:
    scores = floodnet.score(lines, baselines, (Level.YELLOW,))
    score = scores[flood_class, floodnet.LEAST_SQUARES, Level.YELLOW]
    known = KNOWN[flood_class]

    assert score.far == pytest.approx(known["far"], abs=0.02)
    assert [score.pod(lead) for lead in (3, 5, 10)] == pytest.approx([known[lead] for lead in (3, 5, 10)], abs=0.02)


def test_a_static_threshold_is_never_early_and_never_wrong(
    lines: list[Timeline], baselines: dict[str, floodnet.Method]
) -> None:
    score = floodnet.score(lines, baselines, (Level.YELLOW,))["all", floodnet.STATIC, Level.YELLOW]

    assert (score.floods, score.hits, score.foreseen, score.false, score.unseen) == (232, 232, 0, 0, 0)


def test_the_rain_rule_gives_the_figures_that_are_known_of_it() -> None:
    targets = creek.rises(recorded_creek("levels")[0].samples)
    warned = held(creek.heavy_rain(recorded_creek("rain")[0].samples), creek.DRY_HOLD_S)
    matched = match(targets, warned, creek.WITHIN_S)
    score = Score(leads_s=matched.leads_s)

    assert (score.hits, score.floods, len(matched.false)) == (8, 13, 4)
    assert score.lead_min(0.5) == pytest.approx(37.5)


def test_the_engine_s_result_goes_all_the_way_to_tables_pictures_and_report(tmp_path: Path) -> None:
    few = [line for line in floodnet.timelines(with_artefacts=True) if 4 < len(line.events) < 8][:2]
    folds = [Fold(frozenset({line.sensor.sensor_id}), MODEL) for line in few]
    methods = {floodnet.ENGINE: floodnet.run_engine(floodnet.city(few, folds)), **floodnet.run_baselines(few)}
    scores = floodnet.score(few, methods)
    yellow = {of: scores[of, floodnet.ENGINE, Level.YELLOW] for of in floodnet.CLASSES}
    result = klab.SensorScore(river_gauges()["049a_arb046"], dict.fromkeys(klab.METHODS, 3), ["spiky"], 1, 30.0)
    results = Results(
        floodnet=scores,
        artefacts={name: floodnet.artefacts_raised(few, method, Level.YELLOW) for name, method in methods.items()},
        unseen={name: floodnet.unseen(few, method, Level.YELLOW) for name, method in methods.items()},
        silent=(1, 2),
        curve={floodnet.ENGINE: [(600.0, yellow)]},
        creek={creek.LEFT_OUT: Score((60.0,))},
        klab=[result],
        steps={(5, Level.RED): steps.StepScore(floods=4, warned=2, known=3, doubts=1)},
        evaluations=evaluations(few, folds, floodnet.THRESHOLDS_MM),
    )
    report = json.loads(json.dumps(as_json(results)))

    assert "spiky" in tables(results)
    assert "75.0%" in tables(results)
    assert report["intervals"] == [
        {"minutes": 5, "level": "red", "floods": 4, "warned": 2, "known": 3, "late": 0, "doubts": 1, "never": 1}
    ]
    assert report["floodnet"][0]["class"] == "all"
    assert report["probabilities"]["yellow"]["asked"] > 0
    assert {bar["name"]: bar["is_met"] for bar in report["bars"]}["KLab: named as labelled, of 1"] is True
    for picture in pictures(results).values():
        ET.fromstring(picture)  # noqa: S314 - our own text


def test_a_thinned_recording_has_each_sample_at_one_phase() -> None:
    flood = SensorSeries("A", [(60.0 * minute, 10.0 * minute) for minute in range(100, 160)])
    phases = [steps.thinned([flood], 5, phase)["A"] for phase in range(5)]

    assert {sample for one in phases for sample in one.floods[0]} == set(flood.samples)
    assert {later[0] - earlier[0] for earlier, later in pairwise(phases[0].samples)} == {300.0}
    assert len(phases[0].samples) == steps.DRY_SAMPLES + 12 + steps.WET_SAMPLES


def test_intervals_are_scored_by_the_second_sample_above() -> None:
    flood = SensorSeries("A", [(1e9 + 60.0 * minute, min(40.0 * minute, 320.0)) for minute in range(90)])
    scores = steps.scores([Fold(frozenset({"A"}), MODEL)], (flood,), steps_min=(1, 15))

    assert scores[1, Level.YELLOW] == steps.StepScore(floods=1, warned=1, known=1)
    assert scores[15, Level.YELLOW] == steps.StepScore(floods=15, warned=15, known=15)
    assert scores[15, Level.RED].floods == 0


def test_a_probability_reaches_brier_and_reliability(lines: list[Timeline]) -> None:
    line = next(line for line in lines if line.targets(150.0))
    name, target = line.sensor.sensor_id, line.targets(150.0)[0]
    issued = [IssuedLevel(target.crossed_at - 300, Level.YELLOW, 0.9)]
    warned = {level: claims(issued, level) for level in Level if level}
    score = floodnet.score([line], {"it": floodnet.Method({name: warned}, {name: issued})})["all", "it", Level.YELLOW]

    assert score.forecasts == ((0.9, True),)
    assert score.brier == pytest.approx(0.01)


def test_the_engine_keeps_moments_of_the_recording() -> None:
    rows = engine.rows_of({"A": [(1e9, 60.0), (1e9 + 60, 61.0)]})
    issued = engine.run(engine.sites_of({"A": floodnet.THRESHOLDS_MM}, SiteType.ROAD), rows)

    assert issued.issued["A"] == [IssuedLevel(1e9, Level.BLUE, 1.0)]


def test_a_picture_escapes_what_it_is_reported() -> None:
    texts = [element.text for element in ET.fromstring(plot("<a> & b", {"<c>": [(0, 9)]}, x=("<x>", 1.0)))]  # noqa: S314

    assert {"<a> & b", "<c>", "<x>"} <= set(texts)
