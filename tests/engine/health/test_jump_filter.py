"""The rules of what jumps, and of what is one wet event, at their edges."""

import pytest

from rencheng.engine.health import jump_filter
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.water import event as flood_event
from rencheng.engine.water.event import FloodEvent, PastEvent


@pytest.mark.parametrize(
    ("gap_s", "most_mm"), [(1, 80), (45, 80), (60, 80), (90, 102.5), (120, 125), (219, 199.25), (221, 200), (9e9, 200)]
)
def test_after_a_longer_silence_a_greater_step_is_accepted(gap_s: float, most_mm: float) -> None:
    assert jump_filter.max_step_mm(gap_s) == most_mm


def jumped(*depths_mm: float, from_mm: float = 0.0, from_water: bool = False) -> PendingJump:
    jump = jump_filter.start(from_mm, depths_mm[0], from_water=from_water)
    for depth_mm in depths_mm[1:]:
        jump = jump_filter.extend(jump, depth_mm, 60.0)
    return jump


def run_of(jump: PendingJump) -> tuple[float, int]:
    return jump.run_mm, jump.run


@pytest.mark.parametrize(("depth_mm", "is_gone"), [(249.9, True), (250.0, False), (0.0, True), (400.0, False)])
def test_a_jump_that_keeps_less_than_half_has_reverted(depth_mm: float, is_gone: bool) -> None:
    assert jump_filter.has_reverted(jumped(400.0, from_mm=100.0), depth_mm) is is_gone


@pytest.mark.parametrize(
    ("gap_s", "depth_mm", "is_gone"),
    [(269, 317.9, True), (270, 299.9, True), (270, 300, False), (1800, 317.9, False), (1800, 299.9, True)],
)
def test_within_a_long_interval_water_drains_by_more_than_half(gap_s: float, depth_mm: float, is_gone: bool) -> None:
    assert jump_filter.has_reverted(jumped(556.0, from_mm=100.0), depth_mm, gap_s) is is_gone


def test_a_jump_upon_a_jump_restarts_the_count() -> None:
    again = jumped(200.0, 281.0)
    assert (again.from_mm, again.first_mm, again.last_mm, again.run_mm) == (0.0, 281.0, 281.0, 281.0)
    assert (again.samples, again.jumps, again.run, again.from_water) == (2, 2, 0, False)
    once = jumped(200.0, 280.0)
    assert (once.from_mm, once.first_mm, once.last_mm, once.samples, once.jumps) == (0.0, 200.0, 280.0, 2, 1)


def test_a_slip_by_more_than_a_twentieth_restarts_the_run() -> None:
    assert run_of(jumped(200.0, 190.0, 200.0)) == (200.0, 2)
    assert run_of(jumped(200.0, 189.9)) == (189.9, 0)
    assert run_of(jumped(300.0, 290.0, from_mm=100.0)) == (300.0, 1)
    assert run_of(jumped(300.0, 289.9, from_mm=100.0)) == (289.9, 0)
    assert run_of(jumped(200.0, 189.9, 195.0, 196.0)) == (189.9, 2)


@pytest.mark.parametrize(
    ("gap_s", "fault_score", "most_mm"), [(120, 1.9, 125), (120, 2, 80), (600, 0, 200), (600, 2, 80)]
)
def test_silence_allows_a_greater_step_to_a_gauge_without_a_fault(
    gap_s: float, fault_score: float, most_mm: float
) -> None:
    assert jump_filter.max_step_mm(gap_s, fault_score) == most_mm


def event(*samples: tuple[float, float]) -> FloodEvent:
    first = samples[0]
    found = flood_event.start(first[0] - 60, *first)
    for sample in samples[1:]:
        found = flood_event.extend(found, *sample)
    return found


def test_an_event_has_its_peak_its_fastest_rise_and_its_last_wet_sample() -> None:
    found = event((60, 20), (120, 50), (240, 60), (300, 9.9), (360, 60))

    assert (found.began_s, found.dry_s, found.wet_s) == (60, 0, 360)
    assert (found.peak_mm, found.peak_s, found.fastest_mm_per_min) == (60, 240, 50.1)
    assert event((60, 20), (120, 9.9)).wet_s == 60
    assert event((60, 20), (120, 10.0)).wet_s == 120
    assert event((60, 30), (90, 70)).fastest_mm_per_min == 40  # less than a minute counts as one


def test_it_is_over_after_twenty_dry_minutes_and_forgets_what_is_older_than_its_windows() -> None:
    assert not flood_event.has_ended(event((60, 20)), 60 + flood_event.DRY_FOR_S)
    assert flood_event.has_ended(event((60, 20)), 61 + flood_event.DRY_FOR_S)
    last = [(flood_event.KEPT_S + at_s, 20.0) for at_s in range(55, 61)]
    assert event((60, 20), *last).samples[0][0] == 60
    assert event((59, 20), *last).samples == tuple(last)
    assert event((0, 20), (600, 20), (1200, 20), (1800, 20)).samples[0][0] == 0  # six are kept however old


@pytest.mark.parametrize(
    ("depths_mm", "samples", "is_smooth"),
    [
        ((10.0, 40.0, 30.0), 3, True),
        ((10.0, 40.0, 29.9), 3, False),
        ((10.0, 40.0, 29.9), 2, False),
        ((40.0, 30.0), 3, False),
        ((9.9, 40.0, 41.0), 3, False),
        ((9.9, 40.0, 41.0), 2, True),
    ],
)
def test_water_that_rises_slips_by_no_more_than_noise(
    depths_mm: tuple[float, ...], samples: int, is_smooth: bool
) -> None:
    found = event(*((60.0 * place, depth_mm) for place, depth_mm in enumerate(depths_mm)))

    assert flood_event.is_smooth(found, samples) is is_smooth


@pytest.mark.parametrize(
    ("depths_mm", "is_rising"),
    [((10.0, 25.0), True), ((10.0, 24.9), False), ((9.9, 40.0), False), ((40.0,), False), ((10.0, 60.0, 61.0), False)],
)
def test_water_is_rising_that_was_last_seen_to_rise_by_more_than_ripples(
    depths_mm: tuple[float, ...], is_rising: bool
) -> None:
    found = event(*((60.0 * place, depth_mm) for place, depth_mm in enumerate(depths_mm)))

    assert flood_event.is_rising(found) is is_rising


def test_a_puddle_is_no_flood_and_only_so_many_are_kept() -> None:
    assert flood_event.archive((), event((60, 20), (120, 29.9))) == ()
    assert flood_event.archive((), event((60, 50), (120, 50))) == ()  # it was there at once: a thing
    assert flood_event.archive((), event((60, 20), (120, 30))) == (PastEvent(60, 120, 30, 20),)
    many = (PastEvent(0, 0, 1, 1),) * flood_event.PAST_EVENTS_KEPT
    assert len(flood_event.archive(many, event((60, 20), (120, 30)))) == flood_event.PAST_EVENTS_KEPT
    assert flood_event.archive(many, event((60, 20), (120, 30)))[-1].peak_mm == 30


@pytest.mark.parametrize(
    ("samples", "has_shown_itself"),
    [
        (((60.0, 49.9),), True),  # lower than any thing
        (((60.0, 50.0),), False),
        (((60.0, 50.0), (120.0, 50.0)), False),
        (((60.0, 50.0), (120.0, 50.1)), True),  # it rises
        (((60.0, 50.0), (359.0, 50.0)), False),
        (((60.0, 50.0), (360.0, 50.0)), True),  # it lasts
    ],
)
def test_a_possible_object_is_not_confirmed_before_it_rises_or_lasts(
    samples: tuple[tuple[float, float], ...], has_shown_itself: bool
) -> None:
    assert flood_event.is_confirmed(event(*samples)) is has_shown_itself


@pytest.mark.parametrize(("after_s", "fastest"), [(30.0, 60.0), (60.0, 60.0), (120.0, 30.0)])
def test_a_rise_within_less_than_a_minute_counts_as_of_a_minute(after_s: float, fastest: float) -> None:
    first = flood_event.start(0.0, after_s, 60.0)
    later = flood_event.extend(flood_event.start(0.0, 6000.0, 20.0), 6000.0 + after_s, 80.0)

    assert (first.fastest_mm_per_min, later.fastest_mm_per_min) == (fastest, fastest)
