"""What rain gauges report: steps of any length, and running totals."""

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.engine.rain.rain_gauge import RainGauge, RainReport, RainTraits, first_report, next_report

STEP_S = 300.0


def played(
    reports_mm: Sequence[float], step_s: float = STEP_S, given_s: float | None = None, is_total: bool | None = None
) -> tuple[RainGauge, list[RainReport]]:
    traits = RainTraits(given_s, is_total)
    gauge, first = first_report(0.0, reports_mm[0], traits)
    found = [first]
    for place, mm in enumerate(reports_mm[1:], 1):
        gauge, one = next_report(gauge, place * step_s, mm, traits)
        found.append(one)
    return gauge, found


amounts = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.2, 0.4, 1.0, 3.0, 8.0]), min_size=2, max_size=60)


@given(amounts, st.floats(0, 500))
def test_of_a_registered_total_the_differences_are_the_rain(fallen: list[float], begin_mm: float) -> None:
    totals = list(accumulate(fallen, initial=begin_mm))
    _, found = played(totals, is_total=True)

    assert [one.mm for one in found[1:]] == pytest.approx(fallen)


@given(amounts)
def test_registered_steps_are_the_rain_whatever_they_look_like(fallen: list[float]) -> None:
    assert [one.mm for one in played(fallen, is_total=False)[1]] == fallen


@given(st.floats(10.0, 7200.0), st.lists(st.sampled_from([0.0, 2.0, 1.0]), min_size=3, max_size=30))
def test_a_report_is_the_rain_since_the_one_before(step_s: float, fallen: list[float]) -> None:
    assert [one.period_s for one in played(fallen, step_s)[1][2:]] == pytest.approx(
        [step_s] * (len(fallen) - 2), rel=0.3
    )


def test_the_first_report_is_of_an_hour_at_most() -> None:
    assert played([4.0])[1] == [RainReport(0.0, 4.0, 3600.0)]
    assert played([4.0], given_s=600.0)[1] == [RainReport(0.0, 4.0, 600.0)]


def test_a_gauge_that_is_silent_in_dry_weather_reports_its_own_step_when_it_rains() -> None:
    gauge, _ = played([0.0, 0.2, 0.6, 0.4])
    _, found = next_report(gauge, gauge.last_s + 30_000.0, 5.0)

    assert found.period_s == pytest.approx(1.25 * STEP_S)


@pytest.mark.parametrize(
    ("reports_mm", "is_total"),
    [
        ([12.4, 12.4], True),  # it stands
        ([12.4, 12.4, 0.0, 0.0, 0.2, 0.2, 0.2], False),
        ([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], True),  # it never falls
        ([0.0, *[5.0] * 12, 0.0], False),  # as even as rain in a test, and then it stops
        ([0.0, *[1.0] * 60, 0.0], False),
        ([0.0, 0.2, 1.4, 4.0, 7.2, 5.0, 5.0, 2.0, 0.2, 0.0], False),
        ([3.0, 3.2, 3.8, 4.0, 4.0, 4.0, 0.0, 0.0, 0.2, 0.0, 0.2, 0.0], False),
        ([5.0, 2.0, 1.0], False),
        ([8.0], False),
    ],
)
def test_running_totals_are_recognised(reports_mm: list[float], is_total: bool) -> None:
    assert played(reports_mm)[0].is_total == is_total


def test_a_total_that_is_reset_each_morning_stays_one_and_what_it_shows_then_has_fallen() -> None:
    day = [*accumulate([0.5] * 12), *[6.0] * 200]
    gauge, found = played([*day, 0.0, 1.5, *[1.5] * 50, 2.0])

    assert gauge.is_total
    assert [one.mm for one in found[len(day) : len(day) + 2]] == [0.0, 1.5]
    assert found[-1].mm == 0.5
