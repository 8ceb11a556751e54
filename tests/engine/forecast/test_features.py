"""What the model is shown, number by number."""

from collections.abc import Iterable
from math import isnan, log, nan
from statistics import linear_regression

import pytest

from rencheng.engine.forecast.features import (
    FEATURE_NAMES,
    NEVER_MIN,
    SLOW_MM_PER_MIN,
    WINDOWS_S,
    threshold_features,
)
from rencheng.engine.forecast.forecast import feature_row
from rencheng.engine.water.event import FloodEvent, PastEvent, Sample, extend, start
from rencheng.engine.water.tide import TIDE_S

DRY_S = 1e9


def event_of(samples: Iterable[Sample], dry_s: float = DRY_S) -> FloodEvent:
    first, *others = samples
    event = start(dry_s, *first)
    for sample in others:
        event = extend(event, *sample)
    return event


def minutes(*depths_mm: float) -> FloodEvent:
    """A sample a minute, the first a minute after a dry one."""
    return event_of((DRY_S + 60.0 * minute, mm) for minute, mm in enumerate(depths_mm, 1))


def shown(event: FloodEvent, *past_events: PastEvent, threshold_mm: float = 150.0) -> dict[str, float]:
    return dict(zip(FEATURE_NAMES, feature_row(event, past_events, threshold_mm), strict=True))


def test_for_a_constant_rise_each_window_has_the_same_slope() -> None:
    row = shown(minutes(*(10.0 * minute for minute in range(1, 31))), threshold_mm=400.0)

    assert [row[name] for name in ("rise_2", "rise_3", "rise_5", "rise_10", "rise_20")] == pytest.approx([10.0] * 5)
    assert (
        row["depth_mm"],
        row["peak_mm"],
        row["below_peak_mm"],
        row["since_peak_min"],
    ) == (300, 300, 0, 0)
    assert (row["last_rise"], row["age_min"], row["gap_min"], row["fastest"]) == (
        10,
        29,
        1,
        10,
    )
    assert row["roughness"] == 0
    assert (row["threshold_mm"], row["missing_mm"]) == (400, 100)
    assert [row[f"arrival_{window}_min"] for window in (3, 5, 10)] == pytest.approx([10.0] * 3)


@pytest.mark.parametrize("late_s", [0.0, 9.0])
def test_a_window_holds_its_minutes_a_late_sample_and_a_dry_street_before_the_event(late_s: float) -> None:
    depths_mm = [15.0, 12.0, 40.0, 44.0, 43.0, 70.0, 95.0, 93.0, 130.0]
    wet = [(DRY_S + 60.0 * minute + (late_s if minute % 2 else 0.0), mm) for minute, mm in enumerate(depths_mm, 1)]
    dry = [(DRY_S - 60.0 * minute, 0.0) for minute in range(30)]
    newest_s = wet[-1][0]
    row = shown(event_of(wet))

    for name, window_s in zip(("rise_2", "rise_3", "rise_5", "rise_10", "rise_20"), WINDOWS_S, strict=True):
        within = [(at_s / 60.0, mm) for at_s, mm in (*dry, *wet) if newest_s - at_s <= window_s]
        times = [at_min - newest_s / 60.0 for at_min, _ in within]
        assert row[name] == pytest.approx(linear_regression(times, [mm for _, mm in within]).slope, abs=1e-6), name


def test_a_first_wet_sample_is_held_against_the_dry_street_before_it() -> None:
    row = shown(event_of([(DRY_S + 120.0, 60.0)]))

    assert (row["last_rise"], row["gap_min"], row["age_min"], row["roughness"]) == (
        30,
        2,
        0,
        0,
    )
    assert shown(event_of([(DRY_S + 12.0, 60.0)]))["gap_min"] == 0.5
    assert shown(event_of([(DRY_S + 9e4, 60.0)]))["gap_min"] == 30.0


def test_falling_water_is_described_by_its_distance_below_the_peak_and_the_time_since() -> None:
    row = shown(minutes(20.0, 90.0, 60.0, 50.0))

    assert (
        row["peak_mm"],
        row["below_peak_mm"],
        row["since_peak_min"],
        row["fastest"],
    ) == (90, 40, 2, 70)


def test_roughness_is_the_way_up_and_down_that_led_nowhere_in_ten_minutes() -> None:
    assert shown(minutes(20.0, 50.0, 40.0, 70.0))["roughness"] == 20
    assert shown(minutes(70.0, 40.0, 50.0, 20.0))["roughness"] == 20
    assert shown(minutes(150.0, 20.0, *[50.0] * 9))["roughness"] == 60
    assert shown(minutes(150.0, 20.0, *[50.0] * 10))["roughness"] == 0  # eleven minutes ago


def test_a_rise_too_slow_to_matter_arrives_never() -> None:
    row = shown(minutes(*[20.0 + 0.19 * minute for minute in range(40)]))

    assert [row[f"arrival_{window}_min"] for window in (3, 5, 10)] == [NEVER_MIN] * 3
    assert shown(minutes(*[20.0 + 0.21 * minute for minute in range(40)]))["arrival_10_min"] == NEVER_MIN
    assert shown(minutes(*[80.0 + 0.21 * minute for minute in range(40)]))["arrival_10_min"] < NEVER_MIN


def flood(peak_h: float, peak_mm: float = 80.0, rise_min: float = 20.0, fastest: float = 9.0) -> PastEvent:
    """One that peaked so many hours before the first dry sample."""
    peak_s = DRY_S - 3600.0 * peak_h
    return PastEvent(peak_s - 60.0 * rise_min, peak_s, peak_mm, fastest)


def test_a_gauge_without_past_events_has_no_history_features() -> None:
    row = shown(minutes(40.0))
    past = ("usual_peak", "usual_rise_min", "usual_fastest", "tide_min", "tide_concentration", "last_flood_h")

    assert row["floods"] == 0
    assert all(isnan(row[name]) for name in (*past, "last_peak_mm", "went_on_share"))


def test_past_events_are_described_by_their_means_and_their_last() -> None:
    row = shown(minutes(40.0), flood(200, 100.0, 10.0, 4.0), flood(20, 380.0, 30.0, 8.0))

    assert row["floods"] == 2
    assert row["usual_peak"] == pytest.approx((log(120.0) + log(400.0)) / 2)
    assert (row["usual_rise_min"], row["usual_fastest"]) == (20, 6)
    assert row["last_flood_h"] == pytest.approx(20 + 1 / 60)
    assert row["last_peak_mm"] == 380
    assert shown(minutes(40.0), flood(5000))["last_flood_h"] == 1000


@pytest.mark.parametrize(("hours", "peak_mm"), [(29.9, 80.0), (30.0, nan)])
def test_the_last_peak_is_a_feature_for_a_day_of_tides(hours: float, peak_mm: float) -> None:
    row = shown(minutes(40.0), flood(hours))

    assert row["last_peak_mm"] == pytest.approx(peak_mm, nan_ok=True)


def tides(*after_high_h: float) -> list[PastEvent]:
    """Floods a tide apart, each so long after the hour at which the first came."""
    return [flood(TIDE_S / 3600.0 * (len(after_high_h) - place) - h) for place, h in enumerate(after_high_h)]


def test_past_events_at_one_phase_of_the_tide_predict_its_next_time() -> None:
    row = shown(minutes(40.0), *tides(0.0, 0.0, 0.0))

    assert row["tide_concentration"] == pytest.approx(1.0)
    assert row["tide_min"] == pytest.approx(-1.0)  # it was at the dry sample, a minute ago
    assert shown(minutes(40.0), *tides(3.0, 3.0))["tide_min"] == pytest.approx(179.0)
    assert shown(minutes(40.0), *tides(-3.0, -3.0))["tide_min"] == pytest.approx(-181.0)
    assert shown(minutes(40.0), *tides(2.0, 4.0))["tide_min"] == pytest.approx(179.0)


def test_floods_at_any_hour_and_a_single_one_are_not_the_tide_s() -> None:
    half_h = TIDE_S / 7200.0

    assert isnan(shown(minutes(40.0), *tides(0.0, half_h))["tide_min"])
    assert shown(minutes(40.0), *tides(0.0, half_h))["tide_concentration"] == pytest.approx(0.0, abs=1e-9)
    assert isnan(shown(minutes(40.0), *tides(1.0))["tide_min"])
    assert not isnan(shown(minutes(40.0), *tides(0.0, 0.39 * TIDE_S / 3600.0))["tide_min"])  # gathered by .34
    assert isnan(shown(minutes(40.0), *tides(0.0, 0.41 * TIDE_S / 3600.0))["tide_min"])  # by .28


def test_of_the_floods_that_reached_this_depth_a_share_went_on_to_the_threshold() -> None:
    past = [flood(100, mm) for mm in (30.0, 60.0, 150.0, 300.0)]

    def share(depth_mm: float, threshold_mm: float = 150.0) -> float:
        return shown(minutes(depth_mm), *past, threshold_mm=threshold_mm)["went_on_share"]

    assert share(50.0) == pytest.approx((2 + 0.5) / (3 + 2))
    assert share(60.0) == pytest.approx((2 + 0.5) / (3 + 2))
    assert share(61.0) == pytest.approx((2 + 0.5) / (2 + 2))
    assert share(20.0, 301.0) == pytest.approx(0.5 / (4 + 2))


def test_a_rise_of_exactly_the_slowest_that_matters_arrives_never() -> None:
    def arrivals(rise: float) -> tuple[float, ...]:
        return threshold_features((100.0, *[rise] * 5), None, 150.0)[2:5]

    assert arrivals(SLOW_MM_PER_MIN) == (NEVER_MIN,) * 3
    assert arrivals(SLOW_MM_PER_MIN * 1.25) == pytest.approx((200.0,) * 3)
