"""Rain at a site: sums, storms, and the levels that they raise, at their edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.domain.nowcast import Nowcast
from rencheng.domain.site import SiteType
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.doses import dose
from rencheng.engine.rain.rain_types import RAIN_THRESHOLDS
from rencheng.engine.rain.rainfall import (
    HOLDS_S,
    KEPT_S,
    NO_RAIN,
    NOWCAST_HOLDS_S,
    STORMS_KEPT,
    RainState,
)
from rencheng.engine.rain.response import Dose, RainThresholds, Storm

TYPE = RainThresholds(10.0, 20.0, "test", (1.0, 0.0, 0.0))
"""Only the quarter of an hour counts; 10 mm in it are even odds."""

DEPTHS_MM = (50.0, 150.0, 270.0, 400.0)
STEP_S, HOUR_S = 300.0, 3600.0
NOW_S = 1e9
DRY = rainfall.add_report(NO_RAIN, NOW_S - STEP_S, 0.0, "P")


def after(*fallen: tuple[float, float], gauge: str = "P", rain: RainState = DRY, is_seen: bool = True) -> RainState:
    """Rain of (s after NOW_S, mm), of a gauge that reports each five minutes."""
    for at_s, mm in fallen:
        before, rain = rain, rainfall.add_report(rain, NOW_S + at_s, mm, gauge)
        rain = rainfall.close_storm(rain, NOW_S + at_s)
        if rainfall.has_rained(before, rain):
            rain = rainfall.weigh(rain, NOW_S + at_s, TYPE, DEPTHS_MM, is_seen=is_seen)
    return rain


def sums(rain: RainState, at_s: float) -> tuple[float, float, float]:
    return tuple(round(mm, 6) for mm in dose(rain.steps, rain.storms, NOW_S + at_s)[:3])  # type: ignore[return-value]


def test_the_sums_are_of_a_quarter_an_hour_and_three_hours() -> None:
    rain = after(*((STEP_S * step, 1.0) for step in range(36)))

    assert sums(rain, STEP_S * 35) == (3.0, 12.0, 36.0)
    assert sums(rain, STEP_S * 36) == (2.0, 11.0, 35.0)


def test_an_hourly_report_is_spread_over_its_hour() -> None:
    hourly = after((0, 0.0), (HOUR_S, 12.0), rain=NO_RAIN)

    assert sums(hourly, HOUR_S) == (3.0, 12.0, 12.0)
    assert sums(hourly, HOUR_S + 1800) == (0.0, 6.0, 12.0)
    assert sums(after((0, 12.0)), 0) == (12.0, 12.0, 12.0)


def test_two_gauges_see_the_same_rain() -> None:
    rain = after((10, 0.0), (310, 6.0), gauge="Q", rain=after((0, 0.0), (300, 3.0)))

    assert sums(rain, 310) == (6.0, 6.0, 6.0)
    assert sums(after((600, 4.0), rain=rain), 600) == (7.0, 7.0, 7.0)


def test_a_step_that_is_reported_twice_counts_once_and_a_late_one_in_its_place() -> None:
    rain = after((0, 3.0), (0, 3.0), (600, 2.0), (300, 1.0), (300, 1.0), (300, 0.0))

    assert [(step.at_s - NOW_S, step.mm) for step in rain.steps] == [(0, 3.0), (300, 1.0), (600, 2.0)]


AMOUNTS_MM = st.lists(st.sampled_from([0.0, 0.2, 2.0, 4.0, 4.0, 6.0, 12.0]), max_size=12)


@given(st.builds(lambda risen, then: sorted(risen) + then, AMOUNTS_MM, AMOUNTS_MM), st.data())
def test_reports_that_come_again_change_nothing_also_of_a_gauge_that_was_taken_for_a_total(
    reports_mm: list[float], data: st.DataObject
) -> None:
    reports = [(STEP_S * step, mm) for step, mm in enumerate(reports_mm)]
    cut = data.draw(st.integers(0, len(reports)))
    again = data.draw(st.integers(0, cut))

    once, twice = NO_RAIN, NO_RAIN
    for at_s, mm in reports:
        once = rainfall.add_report(once, NOW_S + at_s, mm, "P")
    for at_s, mm in reports[:cut] + reports[again:]:
        twice = rainfall.add_report(twice, NOW_S + at_s, mm, "P")

    assert twice == once


def test_less_than_nothing_does_not_fall_and_what_is_old_is_forgotten() -> None:
    assert sums(after((0, -5.0)), 0) == (0.0, 0.0, 0.0)
    assert [step.mm for step in after((0, 3.0), (KEPT_S, 1.0)).steps] == [1.0]
    assert [step.mm for step in after((0, 3.0), (KEPT_S - 1, 1.0)).steps] == [3.0, 1.0]


def test_rain_raises_blue_and_less_of_it_arms_and_less_yet_does_neither() -> None:
    def found(mm: float, *, is_seen: bool = True) -> tuple[Level, bool]:
        rain = after((0, mm), is_seen=is_seen)
        return rainfall.raised_level(rain, NOW_S), rainfall.is_armed(rain, NOW_S)

    assert found(8.0) == (Level.BLUE, True)
    assert found(5.0) == (Level.NONE, True)
    assert found(2.0) == (Level.NONE, False)
    assert found(5.0, is_seen=False) == (Level.BLUE, True)  # nothing else will show the water
    assert found(90.0) == (Level.BLUE, True)  # above blue only what its own storms reached


def test_it_holds_for_three_hours_and_not_longer_and_dry_reports_do_not_prolong_it() -> None:
    rain = after((0, 12.0), *((STEP_S * step, 0.0) for step in range(1, 30)))

    assert rainfall.raised_level(rain, NOW_S + HOLDS_S) is Level.BLUE
    assert rainfall.is_armed(rain, NOW_S + HOLDS_S)
    assert rainfall.raised_level(rain, NOW_S + HOLDS_S + 1) is Level.NONE
    assert not rainfall.is_armed(rain, NOW_S + HOLDS_S + 1)
    assert rainfall.raised_level(NO_RAIN, 0.0) is Level.NONE
    assert rainfall.ends_s(rain) == [NOW_S + HOLDS_S]
    assert rainfall.ends_s(NO_RAIN) == []


def test_a_storm_is_kept_with_its_rain_and_what_the_water_did() -> None:
    rain = rainfall.mark_response(after((0, 12.0)), NOW_S + 600, 60.0)
    rain = rainfall.mark_response(after((900, 9.0), rain=rain), NOW_S + 1200, 160.0)
    over = rainfall.close_storm(rain, NOW_S + 900 + HOLDS_S + 1)

    assert rainfall.close_storm(rain, NOW_S + 900 + HOLDS_S) == rain
    assert len(over.storms) == 1
    storm = over.storms[0]
    assert (storm.most.quarter_mm, storm.most.hour_mm) == (12.0, 21.0)
    assert storm.onset is not None
    assert (storm.onset.hour_mm, storm.peak_mm, storm.lag_s) == (12.0, 160.0, 600.0)
    assert (over.began_s, over.most, over.onset) == (None, Dose(), None)


def test_light_rain_is_no_storm_and_a_storm_that_nothing_saw_teaches_nothing() -> None:
    later = (2 * KEPT_S, 0.0)

    assert after((0, 2.0), later).storms == ()
    assert after((0, 2.0), later).most == Dose()
    assert after((0, 12.0), later, is_seen=False).storms == ()
    assert len(after((0, 12.0), later).storms) == 1


def test_only_so_many_storms_are_kept() -> None:
    many = tuple(Storm(float(place), Dose(9.0, 9.0, 9.0), Dose(9.0, 9.0, 9.0), 60.0) for place in range(STORMS_KEPT))
    rain = after((0, 12.0), (2 * KEPT_S, 0.0), rain=replace(DRY, storms=many))

    assert len(rain.storms) == STORMS_KEPT
    assert rain.storms[0].ended_s == 1.0


def test_rain_holds_a_level_by_the_site_s_own_lags_once_it_has_shown_some() -> None:
    def lasting(*lags_s: float) -> float:
        return rainfall.holds_s(RainState(storms=tuple(Storm(0.0, Dose(9.0), Dose(9.0), 60.0, lag) for lag in lags_s)))

    assert lasting() == lasting(600.0, 600.0) == HOLDS_S
    assert lasting(600.0, 1200.0, 1500.0) == 3000.0
    assert lasting(60.0, 60.0, 60.0) == 1800.0
    assert lasting(1e5, 60.0, 60.0) == HOLDS_S


def test_water_without_rain_is_no_response() -> None:
    assert rainfall.mark_response(NO_RAIN, NOW_S, 60.0) == NO_RAIN


def test_expected_rain_raises_as_probably_as_it_falls_and_holds_for_an_hour() -> None:
    def expecting(*amounts_mm: float, at_s: float = 0.0) -> RainState:
        members = tuple((1 / len(amounts_mm), ((600.0, mm / 2), (1800.0, mm))) for mm in amounts_mm)
        return rainfall.weigh(DRY, NOW_S + at_s, TYPE, DEPTHS_MM, Nowcast(NOW_S, "N", members))

    assert rainfall.raised_level(expecting(40.0), NOW_S) is Level.BLUE
    assert rainfall.raised_level(expecting(40.0, 0.0), NOW_S) is Level.BLUE
    assert rainfall.raised_level(expecting(40.0, 0.0, 0.0, 0.0, 0.0), NOW_S) is Level.NONE
    assert rainfall.raised_level(expecting(40.0, at_s=1799.0), NOW_S + 1799) is Level.NONE  # it should have fallen
    assert rainfall.raised_level(expecting(40.0), NOW_S + NOWCAST_HOLDS_S) is Level.BLUE
    assert rainfall.raised_level(expecting(40.0), NOW_S + NOWCAST_HOLDS_S + 1) is Level.NONE


@pytest.mark.parametrize("site_type", list(SiteType))
def test_every_type_has_its_amounts_and_windows(site_type: SiteType) -> None:
    thresholds = RAIN_THRESHOLDS[site_type]

    assert 0 < thresholds.quarter_mm < thresholds.hour_mm
    assert sum(thresholds.windows) == pytest.approx(1.0)
    assert thresholds.source
