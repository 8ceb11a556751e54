"""The yardsticks: a static threshold, and a line through ten minutes."""

from math import inf

import pytest

from benchmarks.skill.baselines import least_squares, slope, static, trends
from benchmarks.skill.creek import heavy_rain, rises
from rencheng.backtest.matching import Claim, Target

RISING = [(60.0 * minute, 10.0 * minute) for minute in range(20)]


def test_a_slope_is_that_of_the_line() -> None:
    assert slope(RISING) == pytest.approx(10 / 60)
    assert slope([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]) == pytest.approx(0.0)
    assert slope([(5.0, 1.0), (5.0, 2.0)]) == 0.0


def test_a_trend_looks_back_ten_minutes_from_the_least_depth_on() -> None:
    by_minute = {round(trend.at / 60): trend.slope_mm_per_s for trend in trends(RISING)}

    assert by_minute[4] == 0.0
    assert by_minute[5] == pytest.approx(10 / 60)
    assert trends([(0.0, 60.0), (60.0, 70.0)])[1].slope_mm_per_s == 0.0  # two samples are no line
    jump = [(0.0, 0.0), (600.0, 100.0), (660.0, 100.0), (720.0, 100.0)]
    assert [trend.slope_mm_per_s for trend in trends(jump)] == [0.0, 0.0, 0.0, 0.0]  # the dry sample fell out


def test_the_line_warns_when_it_reaches_the_threshold_within_the_horizon() -> None:
    assert least_squares(trends(RISING), 150) == [Claim(300.0, inf)]
    assert least_squares(trends(RISING), 150, 120) == [Claim(780.0, inf)]
    assert least_squares(trends(RISING), 150, 0) == static(trends(RISING), 150) == [Claim(900.0, inf)]
    assert least_squares(trends(RISING), 1000) == []


def test_a_rise_is_half_a_metre_above_the_lowest_of_four_hours() -> None:
    hour = 3600.0
    samples = [
        (0.0, 500.0),
        (hour, 700.0),
        (2 * hour, 1000.0),
        (3 * hour, 1500.0),
        (5 * hour, 1600.0),
        (7 * hour, 1650.0),
    ]
    again = [*samples, (11 * hour, 900.0), (12 * hour, 1400.0)]

    assert rises(samples) == [Target(-2 * hour, 2 * hour, 6 * hour)]
    assert [target.crossed_at for target in rises(again)] == [2 * hour, 12 * hour]
    assert rises([(0.0, 500.0), (5 * hour, 1000.0)]) == []


def test_heavy_rain_is_that_of_a_quarter_of_an_hour() -> None:
    rain = [(0.0, 2.0), (300.0, 2.0), (600.0, 1.0), (900.0, 1.0), (2400.0, 4.9), (2700.0, 0.1)]

    assert [is_heavy for _, is_heavy in heavy_rain(rain)] == [False, False, True, False, False, True]
