"""On real streams (KLab, Michigan): the sensors that their owners call obstructed are named, the clean ones are not."""

import csv

import pytest

from benchmarks.skill.recordings import DATA, river_levels
from rencheng.checks.limits import GAUGES
from rencheng.checks.series.step import NEW_SERIES, step
from rencheng.domain.quality import Quality

HARDLY_MOVES = "119a_mdot2491"
"""Labelled clean, and flat for days: the extract's own note says so."""


@pytest.fixture(scope="module")
def devices() -> dict[str, dict[str, str]]:
    with (DATA / "klab_devices.csv").open(encoding="utf-8") as file:
        return {row["device_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def bad_share() -> dict[str, float]:
    """The share of each sensor's samples that are a spike or stuck, by the limits of a channel."""
    return {series.name: _bad_share(series.samples) for series in river_levels()}


def _bad_share(samples: list[tuple[float, float]]) -> float:
    state, bad = NEW_SERIES, 0
    for time_s, level_mm in samples:
        state, flags, settled = step(state, time_s, level_mm, GAUGES["channel"].series)
        bad += bool(flags & int(Quality.STUCK)) + bool(settled & int(Quality.SPIKE))
    return bad / len(samples)


def test_a_clean_sensor_is_left_alone(devices: dict[str, dict[str, str]], bad_share: dict[str, float]) -> None:
    clean = {name: bad_share[name] for name, row in devices.items() if row["clean"] == "1"}

    assert len(clean) == 8
    assert {name for name, share in clean.items() if share > 0.002} == {HARDLY_MOVES}


def test_an_obstructed_sensor_is_named(devices: dict[str, dict[str, str]], bad_share: dict[str, float]) -> None:
    labels = ("low_var_obstruction", "high_var_obstruction")
    obstructed = {name: bad_share[name] for name, row in devices.items() if "1" in {row[label] for label in labels}}

    assert len(obstructed) == 11
    assert min(obstructed.values()) > 0.01
