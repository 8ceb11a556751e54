"""A year in which there is noise and never water."""

import itertools

import pytest

from benchmarks.noise.__main__ import CALM, play
from benchmarks.noise.year import BEGINS_AT, MARGIN_S, QUIET_STEP_S, RATES, YEAR_S, readings
from benchmarks.skill.artefacts import KINDS
from rencheng.domain.site import SiteType


@pytest.mark.parametrize("kind", ["blip", "broken"])
def test_a_year_is_in_order_and_the_same_each_time(kind: str) -> None:
    year = list(readings(kind, 0))

    assert year == list(readings(kind, 0))
    assert year[:100] != list(itertools.islice(readings(kind, 1), 100))
    assert all(earlier[0] < later[0] for earlier, later in itertools.pairwise(year))
    assert year[0][0] >= BEGINS_AT
    assert year[-1][0] - BEGINS_AT == pytest.approx(YEAR_S, abs=4 * 86_400)


def test_every_kind_of_artefact_has_its_year() -> None:
    assert RATES.keys() == KINDS.keys()


def test_a_blip_stands_among_samples_of_a_minute_and_comes_as_often_as_it_was_labelled() -> None:
    year = list(readings("blip", 3))
    things = [place for place, (_, mm) in enumerate(year) if mm is not None and mm >= 49]
    nearby = [at for at, _ in year if abs(at - year[things[5]][0]) < MARGIN_S]

    assert len(things) == pytest.approx(RATES["blip"].a_year, rel=0.15)
    assert max(later - earlier for earlier, later in itertools.pairwise(nearby)) < QUIET_STEP_S


def test_the_engine_judges_all_of_a_year() -> None:
    year = play("box", CALM, 0, SiteType.ROAD)

    assert year.samples == sum(1 for _ in readings("box", 0))
    assert year.warnings[0] >= year.warnings[1] >= year.warnings[2] >= year.warnings[3] >= 0
