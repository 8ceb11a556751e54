"""Pumps and tide tables: a pump that failed arms, both are named in warnings, a tide as forecast is usual."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import ArmedBy, WarningMessage
from rencheng.domain.waterworks import TIDE_NEAR_S, HighWater, PumpReport, PumpState, Waterworks
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.rain.readiness import Readiness
from rencheng.text.en import ENGLISH
from rencheng.text.sentences import description
from rencheng.text.zh import CHINESE
from tests.support.evaluation import messages_of
from tests.support.gauge_play import NOON, at, reading, site

S = NOON.timestamp()


def pump(state: PumpState, minute: float = -60, until: float = 600, name: str = "2") -> PumpReport:
    return PumpReport("site-1", name, state, S + 60 * minute, S + 60 * until)


FAILED = Waterworks((pump(PumpState.RUNNING, -90), pump(PumpState.FAILED)))
EXPIRED = Waterworks((pump(PumpState.FAILED, until=-30),))
MENDED = Waterworks((pump(PumpState.FAILED), pump(PumpState.RUNNING, -20)))


def warned(depths_mm: Sequence[float], works: Waterworks, step_min: float = 1.0) -> list[WarningMessage]:
    """Return the messages of a street whose depths come at an interval from noon on."""

    def readiness(_site: Site, _now: datetime) -> Readiness:
        return Readiness(waterworks=works)

    evaluator = Evaluator(readiness=readiness)
    evaluator.set_sites({"site-1": road()})
    played = enumerate(depths_mm)
    return [
        one
        for index, mm in played
        for one in messages_of(evaluator, reading(index * step_min, mm), at(index * step_min))
    ]


def road() -> Site:
    return replace(site(by=default_profile(SiteType.ROAD)), site_type=SiteType.ROAD)


@pytest.mark.parametrize(("works", "armed_by"), [(FAILED, ArmedBy.PUMP), (EXPIRED, ""), (MENDED, "")])
def test_a_pump_that_failed_arms_a_street_with_water(works: Waterworks, armed_by: str) -> None:
    stands = [*[0.0] * 5, 300.0, 300.0, 301.0]
    found = warned(stands, works)

    assert bool(found) is bool(armed_by)
    for one in found:
        assert dict(one.grounds.jump_evidence)["armed"] > 0
        assert one.grounds.pumps == (("2", "failed"),)


def test_on_a_dry_street_a_pump_that_failed_changes_nothing() -> None:
    assert warned([0.0] * 30, FAILED) == []


def test_the_pumps_and_the_high_water_are_named_in_both_languages() -> None:
    works = MENDED._replace(high_waters=(HighWater("site-1", S + 3600, 320.0),))
    first, *_ = warned([8.0 * minute for minute in range(25)], works)
    zh, en = description(first, road(), CHINESE), description(first, road(), ENGLISH)

    assert "水泵2运行中。" in zh
    assert "Pump 2 is running." in en
    assert "潮汐表：21:00前后高潮，该处水深约32厘米。" in zh
    assert "By the tide table high water is at 21:00, with about 32 cm here." in en
    assert (first.grounds.usual_mm, first.grounds.tide_s) == (320, S + 3600 - first.issued_at.timestamp())


def test_a_tide_of_the_forecast_height_is_news_once_and_one_above_it_at_each_level() -> None:
    tide_mm = [200.0 * (1 - abs(step - 24) / 24) for step in range(49)]
    by_table = Waterworks(high_waters=(HighWater("site-1", S + 24 * 300, 205.0),))
    alone, by_height = warned(tide_mm, Waterworks(), 5.0), warned(tide_mm, by_table, 5.0)
    higher = warned([2 * mm for mm in tide_mm], by_table, 5.0)

    assert len(by_height) < len(alone)
    assert [one.level for one in by_height] == [Level.YELLOW, Level.YELLOW]
    assert {Level.YELLOW, Level.ORANGE} <= {one.level for one in higher}


@given(st.lists(st.tuples(st.sampled_from(PumpState), st.integers(-500, 500), st.integers(1, 300)), max_size=8))
def test_the_newest_report_of_a_pump_counts_until_it_expires(reports: list[tuple[PumpState, int, int]]) -> None:
    in_order = sorted(reports, key=lambda one: one[1])
    works = Waterworks(tuple(pump(state, begins, begins + lasts) for state, begins, lasts in in_order))
    begun = [one for one in in_order if one[1] <= 0]
    known = begun[-1] if begun and sum(begun[-1][1:]) > 0 else None

    assert works.pumps_at(S) == ((("2", known[0]),) if known else ())


def test_of_several_high_waters_the_nearest_counts() -> None:
    works = Waterworks(high_waters=(HighWater("s", S, 100.0), HighWater("s", S + 12.4 * 3600, 200.0)))

    assert works.high_water(S + TIDE_NEAR_S) == works.high_waters[0]
    assert works.high_water(S + TIDE_NEAR_S + 1) is None
    assert works.high_water(S + 12 * 3600) == works.high_waters[1]
