"""The engine's rules, one at a time, on made readings."""

import pytest
from msgspec import structs

from rencheng.domain.level import Level
from rencheng.domain.quality import Quality
from rencheng.engine.record import SiteRecord
from rencheng.engine.state import SiteState
from tests.support.gauge_play import at, changes_of, play, profile, reading, steady

STILL = profile(horizon_s=0)
"""No look ahead: only what is seen."""


@pytest.mark.parametrize(
    ("depth_mm", "level"),
    [
        (49.9, "none"),
        (50.0, "blue"),
        (149.9, "blue"),
        (150.0, "yellow"),
        (269.9, "yellow"),
        (270.0, "orange"),
        (399.9, "orange"),
        (400.0, "red"),
        (5000.0, "red"),
    ],
)
def test_a_level_begins_exactly_at_its_threshold(depth_mm: float, level: str) -> None:
    state, _ = play([reading(0, depth_mm)], STILL)

    assert state.level.word == level


def test_the_grounds_are_the_numbers_that_made_the_change() -> None:
    _, changes = play([reading(0, 0), reading(1, 80), reading(2, 160)], STILL)
    grounds = changes[-1].grounds

    assert changes_of(changes) == [("none", "blue", 1, "observed"), ("blue", "yellow", 2, "observed")]
    assert (grounds.device_id, grounds.depth_mm, grounds.threshold_mm) == ("G1", 160, 150)
    assert (grounds.rise_mm_per_min, grounds.eta_s, grounds.profile_version) == (80.0, None, 1)


def test_one_level_may_be_jumped_over() -> None:
    _, changes = play([reading(0, 0), reading(1, 60), reading(6, 270)], STILL)

    assert changes_of(changes) == [("none", "blue", 1, "observed"), ("blue", "orange", 6, "observed")]


@pytest.mark.parametrize(("depth_mm", "cleared"), [(20.1, []), (20.0, [("blue", "none", 11, "receded")])])
def test_a_level_is_left_only_below_its_threshold_less_the_hysteresis(depth_mm: float, cleared: list[object]) -> None:
    _, changes = play([reading(0, 60), *steady(depth_mm, range(1, 30))], STILL)

    assert changes_of(changes) == [("none", "blue", 0, "observed"), *cleared]


def test_a_gauge_that_rests_at_some_millimetres_clears_where_the_hysteresis_is_as_large_as_the_threshold() -> None:
    car_park = profile(30, 80, 150, 250, clear_below_mm=30, horizon_s=0)
    _, changes = play([reading(0, 40), *steady(2, range(1, 20))], car_park)

    assert changes_of(changes) == [("none", "blue", 0, "observed"), ("blue", "none", 11, "receded")]


def test_water_that_stands_exactly_at_a_threshold_holds_its_level_without_hysteresis() -> None:
    _, changes = play(steady(50, range(60)), profile(clear_below_mm=0, horizon_s=0))

    assert changes_of(changes) == [("none", "blue", 0, "observed")]


def test_the_down_hold_is_in_event_time_and_restarts_with_each_rise() -> None:
    readings = [reading(0, 60), *steady(0, range(1, 8)), reading(8, 60), *steady(0, range(9, 20))]
    _, changes = play(readings, STILL)

    assert changes_of(changes) == [("none", "blue", 0, "observed"), ("blue", "none", 19, "receded")]


def test_the_up_hold_waits_in_event_time_for_water_that_stays() -> None:
    patient = profile(up_hold_s=120, horizon_s=0)
    readings = [reading(0, 60), reading(1, 10), reading(2, 60), reading(3, 60), reading(4, 60)]
    _, changes = play(readings, patient)

    assert changes_of(changes) == [("none", "blue", 4, "observed")]


def test_a_steady_rise_is_foreseen_before_it_crosses() -> None:
    _, changes = play([reading(minute, 10.0 * minute) for minute in range(28)], profile())
    by_level = {change.after.word: change for change in changes}

    assert changes_of(changes) == [
        ("none", "blue", 2, "predicted"),
        ("blue", "yellow", 5, "predicted"),
        ("yellow", "orange", 17, "predicted"),
    ]
    assert by_level["yellow"].grounds.eta_s == 600
    assert by_level["orange"].grounds.rise_mm_per_min == pytest.approx(10)


def test_nothing_is_foreseen_of_a_street_that_is_hardly_wet() -> None:
    _, changes = play([reading(minute, 2.4 * minute) for minute in range(5)], profile())

    assert changes == []


def test_nothing_is_foreseen_from_two_samples() -> None:
    _, changes = play([reading(0, 0), reading(1, 60)], profile())

    assert changes_of(changes) == [("none", "blue", 1, "observed")]


@pytest.mark.parametrize("first_mm", [0, 40, 90, 140])
def test_a_tunnel_that_fills_by_150_mm_a_minute_is_warned_within_two_samples(first_mm: float) -> None:
    tunnel = profile(50, 100, 150, 250)
    _, changes = play([reading(minute, first_mm + 150 * minute) for minute in range(3)], tunnel)

    assert changes[0].at <= at(2)
    assert changes[-1].after is Level.RED
    assert changes[-1].at <= at(2)


def test_a_falling_street_steps_down_level_by_level() -> None:
    falling = [reading(minute, max(0.0, 420 - 5 * minute)) for minute in range(140)]
    _, changes = play(falling, profile())

    assert [change.after.word for change in changes] == ["red", "red", "orange", "yellow", "blue", "none"]
    assert [change.grounds.is_unconfirmed for change in changes[:2]] == [True, False], "the second sample confirms it"
    assert {change.grounds.rule for change in changes[2:]} == {"receded"}


def test_a_street_that_is_dry_at_once_is_cleared_after_one_hold() -> None:
    _, changes = play([reading(0, 420), *steady(0, range(1, 30))], profile())

    assert changes_of(changes) == [("none", "red", 0, "observed"), ("red", "none", 11, "receded")]


def test_flapping_nearby_a_threshold_is_one_warning() -> None:
    flapping = [reading(minute, 55 if minute % 2 else 45) for minute in range(120)]
    _, changes = play([*flapping, *steady(0, range(120, 140))], STILL)

    assert changes_of(changes) == [("none", "blue", 1, "observed"), ("blue", "none", 130, "receded")]


@pytest.mark.parametrize(
    ("depth_mm", "quality"),
    [(None, Quality.MISSING), (0.0, Quality.MISSING), (None, Quality.NOTHING_FOUND)],
)
def test_what_says_nothing_about_the_water_changes_nothing_of_it(depth_mm: float | None, quality: Quality) -> None:
    before, _ = play([reading(0, 160)], STILL)
    after, changes = play([reading(m, depth_mm, quality=quality) for m in range(1, 60)], STILL, before)

    assert changes == []
    assert without_reports(after) == without_reports(before)


def without_reports(state: SiteState) -> SiteState:
    """Return the state without what reports that measure nothing show of a gauge."""
    gauges = {
        name: structs.replace(
            gauge,
            unmeasured_s=None,
            unmeasured_since_s=None,
            unmeasured_share=0.0,
        )
        for name, gauge in state.gauges.items()
    }
    return structs.replace(state, gauges=gauges)


def test_silence_is_never_dryness() -> None:
    before, _ = play([reading(0, 160)], STILL)
    state, changes = play([reading(24 * 60, 160)], STILL, before)

    assert changes_of(changes) == [("yellow", "yellow", 24 * 60, "lost_trust")]  # it reads the same for a day
    assert state.level is Level.YELLOW


def test_a_reading_that_comes_late_changes_nothing() -> None:
    before, _ = play([reading(0, 0), reading(2, 0)], STILL)
    state, changes = play([reading(1, 450)], STILL, before)

    assert changes == []
    assert state == before


def test_a_repeated_time_keeps_the_first_depth() -> None:
    before, _ = play([reading(0, 0)], STILL)
    state, changes = play([reading(0, 450)], STILL, before)

    assert (state, changes) == (before, [])


def test_the_deepest_of_two_gauges_decides() -> None:
    _, changes = play([reading(0, 10, "G1"), reading(0.5, 160, "G2"), reading(1, 10, "G1")], STILL)

    assert changes_of(changes) == [("none", "yellow", 0.5, "observed")]
    assert changes[0].grounds.device_id == "G2"


def test_two_channels_of_a_gauge_at_one_moment_are_both_evaluated() -> None:
    _, changes = play([reading(0, 0, channel=0), reading(0, 160, channel=1)], STILL)

    assert changes_of(changes) == [("none", "yellow", 0, "observed")]


def test_a_gauge_whose_clock_is_ahead_does_not_silence_its_neighbour() -> None:
    ahead = reading(5, 0, "fast")
    _, changes = play([ahead, reading(1, 80, "G1"), reading(2, 160, "G1")], STILL)

    assert changes_of(changes) == [("none", "blue", 5, "observed"), ("blue", "yellow", 5, "observed")]


def test_a_drowned_gauge_is_not_outvoted_by_its_dry_neighbour() -> None:
    readings = [reading(0, 500, "low"), *steady(0, range(1, 120), "high")]
    state, changes = play(readings, STILL)

    assert changes_of(changes) == [("none", "red", 0, "observed")]
    assert state.level is Level.RED


def test_a_silent_gauge_holds_until_it_reports_again_or_is_retired() -> None:
    drowned, _ = play([reading(0, 500, "low"), *steady(0, range(1, 60), "high")], STILL)
    _, issued = play([reading(60, 0, "low"), *steady(0, range(61, 80), "high")], STILL, drowned)
    _, retired = play(steady(0, range(60, 80), "high"), STILL, drowned.of_gauges(["high"]))

    assert changes_of(issued) == [("red", "none", 70, "receded")]
    assert changes_of(retired) == [("red", "none", 70, "receded")]


def test_a_silent_gauge_raises_nothing() -> None:
    before, _ = play([reading(0, 45, "low")], STILL)
    _, changes = play(steady(0, range(1, 60), "high"), STILL, before)

    assert changes == []


def test_a_state_remembers_only_the_last_minutes() -> None:
    state, _ = play([reading(minute, 160 + minute % 7) for minute in range(2000)], profile())
    event = state.gauges["G1/0"].event

    assert event is not None
    assert len(event.samples) <= 22
    assert SiteRecord.from_json(SiteRecord(state=state).to_json()).state == state
