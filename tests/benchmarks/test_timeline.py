"""Floods, dry weather and artefacts on one line of time."""

import random

import pytest

from benchmarks.skill.artefacts import KINDS
from benchmarks.skill.recordings import Sensor, SensorSeries
from benchmarks.skill.timeline import DRY_S, lay_out

SENSOR = Sensor("street", is_tidal=False, months=12.0)
DAY = 86_400.0
EVENTS = [
    SensorSeries("street", [(10 * DAY + 60 * minute, 30.0 * minute) for minute in range(8)]),
    SensorSeries("street", [(10 * DAY + 1800 + 60 * minute, 20.0 * minute) for minute in range(8)]),
    SensorSeries("street", [(12 * DAY + 60 * minute, 10.0 * minute) for minute in range(8)]),
]


def test_floods_stay_as_recorded_and_dry_weather_stands_nearby_them() -> None:
    line = lay_out(SENSOR, EVENTS[::-1], with_artefacts=False)
    recorded = {sample for event in EVENTS for sample in event.samples}

    assert recorded <= set(line.samples)
    assert max(mm or 0 for at, mm in set(line.samples) - recorded) < 20
    assert [at for at, _ in line.samples] == sorted(at for at, _ in line.samples)
    assert len({at for at, _ in line.samples}) == len(line.samples)
    assert 10 * DAY - DRY_S < line.samples[0][0] < 10 * DAY - DRY_S + 600
    assert line.artefacts == []


def test_it_is_the_same_each_time() -> None:
    assert lay_out(SENSOR, EVENTS, with_artefacts=True) == lay_out(SENSOR, EVENTS, with_artefacts=True)


def test_artefacts_stand_in_dry_weather_well_before_a_flood() -> None:
    line = lay_out(SENSOR, EVENTS, with_artefacts=True)

    assert len(line.artefacts) == 4  # none between floods of one evening
    for artefact, event in zip(line.artefacts[1::2], (EVENTS[0], EVENTS[2]), strict=True):
        assert event.samples[0][0] - artefact.ends > 2 * DRY_S
        assert line.peak_mm(artefact.begins, artefact.ends) == 0.0
        assert line.is_artefact(artefact.begins, 0)
        assert line.is_artefact(artefact.ends + 600, 600)
        assert not line.is_artefact(artefact.ends + 601, 600)


def test_a_threshold_s_floods_are_those_that_reach_it() -> None:
    line = lay_out(SENSOR, EVENTS, with_artefacts=True)

    assert [len(line.targets(mm)) for mm in (50.0, 140.0, 150.0, 211.0)] == [3, 2, 1, 0]
    assert line.peak_mm(10 * DAY, 10 * DAY + 600) == 210.0


@pytest.mark.parametrize("kind", KINDS)
def test_artefacts_are_things_and_not_water(kind: str) -> None:
    for seed in range(50):
        depths, again = (KINDS[kind](random.Random(seed)) for _ in range(2))  # noqa: S311 - the same dice twice

        measured = [mm for mm in depths if mm is not None]

        assert 1 <= len(depths) <= 210
        assert min(measured, default=0) >= 2700 - 9999
        assert max(measured, default=0) <= 2700
        assert again == depths
