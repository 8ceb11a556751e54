"""The rules of what leaps, and of what is one wet spell, at their edges."""

import pytest

from rencheng.engine.health import jump_filter as leaps
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.water import event as spells
from rencheng.engine.water.event import FloodEvent, PastEvent


@pytest.mark.parametrize(
    ("gap_s", "most_mm"), [(1, 80), (45, 80), (60, 80), (90, 102.5), (120, 125), (600, 485), (601, 485), (9e9, 485)]
)
def test_the_longer_the_silence_the_more_is_believed_at_once(gap_s: float, most_mm: float) -> None:
    assert leaps.max_step_mm(gap_s) == most_mm


def leapt(*depths_mm: float, from_mm: float = 0.0, from_water: bool = False) -> PendingJump:
    leap = leaps.start(from_mm, depths_mm[0], from_water=from_water)
    for depth_mm in depths_mm[1:]:
        leap = leaps.extend(leap, depth_mm, 60.0)
    return leap


def run_of(jump: PendingJump) -> tuple[float, int]:
    return jump.run_mm, jump.run


LEAPS_MM = [100.0 * (place + 1) for place in range(leaps.JUMPS_THAT_ARE_WATER)]


@pytest.mark.parametrize(("depth_mm", "is_gone"), [(249.9, True), (250.0, False), (0.0, True), (400.0, False)])
def test_what_keeps_less_than_half_of_its_leap_is_gone(depth_mm: float, is_gone: bool) -> None:
    assert leaps.has_reverted(leapt(400.0, from_mm=100.0), depth_mm) is is_gone


def test_a_leap_upon_a_leap_begins_the_count_anew() -> None:
    again = leapt(200.0, 281.0)
    assert (again.from_mm, again.first_mm, again.last_mm, again.run_mm) == (0.0, 281.0, 281.0, 281.0)
    assert (again.samples, again.jumps, again.run, again.from_water) == (1, 2, 0, False)
    once = leapt(200.0, 280.0)
    assert (once.from_mm, once.first_mm, once.last_mm, once.samples, once.jumps) == (0.0, 200.0, 280.0, 2, 1)


def test_what_gives_back_more_than_a_twentieth_from_one_sample_to_the_next_begins_its_run_anew() -> None:
    assert run_of(leapt(200.0, 190.0, 200.0)) == (200.0, 2)
    assert run_of(leapt(200.0, 189.9)) == (189.9, 0)
    assert run_of(leapt(300.0, 290.0, from_mm=100.0)) == (300.0, 1)
    assert run_of(leapt(300.0, 289.9, from_mm=100.0)) == (289.9, 0)
    assert run_of(leapt(200.0, 189.9, 195.0, 196.0)) == (189.9, 2)


@pytest.mark.parametrize(
    ("leap", "hasty", "doubt", "is_believed"),
    [
        (leapt(200.0), True, 0.0, False),
        (leapt(200.0, 200.0), True, 0.0, True),  # where doubt warns the second sample is enough
        (leapt(200.0, 300.0), True, 0.0, True),
        (leapt(200.0, 200.0), True, 1.0, False),
        (leapt(200.0, 200.0, 200.0), True, 1.9, True),
        (leapt(200.0, 200.0), False, 0.0, False),
        (leapt(200.0, 200.0, from_water=True), False, 0.0, True),  # out of water that was rising
        (leapt(200.0, 204.0, 208.0, 212.0, 216.0), False, 0.0, True),  # it moves by 8 % of the leap
        (leapt(200.0, 204.0, 208.0, 212.0, 215.9), False, 0.0, False),
        (leapt(300.0, 304.0, 308.0, 312.0, 316.0, from_mm=100.0), False, 0.0, True),
        (leapt(200.0, 204.0, 208.0, 216.0), False, 0.0, False),  # three samples are no movement
        (leapt(200.0, 189.0, 200.0, 204.0, 208.0, 210.0), False, 0.0, True),  # after a slip it is watched anew
        (leapt(200.0, 189.0, 200.0, 204.0, 208.0), False, 0.0, False),
        (leapt(200.0, 204.0, 208.0, 212.0, 216.0), False, 1.0, False),
        (leapt(200.0, 204.0, 208.0, 212.0, 216.0, 217.0, 218.0), False, 1.0, True),
        (leapt(200.0, 275.0, from_mm=100.0), False, 0.0, True),
        (leapt(100.0, 175.0), False, 1.9, True),  # it grows by three quarters of its leap
        (leapt(100.0, 174.9), False, 0.0, False),
        (leapt(100.0, 175.0), False, 2.0, False),
        (leapt(200.0, 190.0, 185.0, 184.0, 184.0, 184.0), False, 0.0, True),  # it falls as water does
        (leapt(200.0, 190.0, 185.0, 184.0, 184.0), False, 0.0, False),
        (leapt(200.0, 190.0, 185.0, 184.1, 184.1, 184.1), False, 0.0, False),
        (leapt(*LEAPS_MM), False, 0.0, True),  # so many leaps in a row are water
        (leapt(*LEAPS_MM[1:]), False, 0.0, False),
        (leapt(*LEAPS_MM), False, 1.0, False),
    ],
)
def test_a_leap_is_believed_when_it_behaves_like_water(
    leap: PendingJump, hasty: bool, doubt: float, is_believed: bool
) -> None:
    assert leaps.is_accepted(leap, fail_safe=hasty, doubt=doubt) is is_believed


@pytest.mark.parametrize(
    ("leap", "usual_s", "doubt", "is_believed"),
    [
        (leapt(300.0, 310.0, 320.0, 324.0), 270.0, 0.0, True),  # three samples of a gauge that speaks seldom
        (leapt(300.0, 310.0, 320.0, 324.0), 269.0, 0.0, False),
        (leapt(300.0, 310.0, 324.0), 270.0, 0.0, False),
        (leapt(100.0, 175.0), 270.0, 0.0, False),  # in so long a step anything can grow
        (leapt(300.0, 600.0), 500.0, 0.0, True),  # a leap upon a leap
        (leapt(300.0, 600.0), 499.0, 0.0, False),
        (leapt(300.0, 600.0), 500.0, 1.0, False),
    ],
)
def test_a_gauge_that_speaks_seldom_is_believed_after_fewer_samples(
    leap: PendingJump, usual_s: float, doubt: float, is_believed: bool
) -> None:
    assert leaps.is_accepted(leap, fail_safe=False, doubt=doubt, usual_s=usual_s) is is_believed


@pytest.mark.parametrize(
    ("gap_s", "usual_s", "doubt", "most_mm"),
    [
        (600, 270, 0, 200),
        (600, 269, 0, 485),
        (600, None, 0, 200),
        (270, None, 0, 200),
        (269, None, 0, 237),
        (600, 60, 2, 80),
        (600, 60, 1.9, 485),
    ],
)
def test_silence_leaves_less_room_to_a_gauge_that_speaks_seldom_and_none_to_one_in_doubt(
    gap_s: float, usual_s: float | None, doubt: float, most_mm: float
) -> None:
    assert round(leaps.max_step_mm(gap_s, usual_s, doubt=doubt)) == most_mm


def spell(*samples: tuple[float, float]) -> FloodEvent:
    first = samples[0]
    found = spells.start(first[0] - 60, *first)
    for sample in samples[1:]:
        found = spells.extend(found, *sample)
    return found


def test_a_spell_knows_its_peak_its_fastest_rise_and_its_last_wet_sample() -> None:
    found = spell((60, 20), (120, 50), (240, 60), (300, 9.9), (360, 60))

    assert (found.began_s, found.dry_s, found.wet_s) == (60, 0, 360)
    assert (found.peak_mm, found.peak_s, found.fastest_mm_per_min) == (60, 240, 50.1)
    assert spell((60, 20), (120, 9.9)).wet_s == 60
    assert spell((60, 20), (120, 10.0)).wet_s == 120
    assert spell((60, 30), (90, 70)).fastest_mm_per_min == 40  # less than a minute counts as one


def test_it_is_over_after_twenty_dry_minutes_and_forgets_what_is_older_than_its_windows() -> None:
    assert not spells.has_ended(spell((60, 20)), 60 + spells.DRY_FOR_S)
    assert spells.has_ended(spell((60, 20)), 61 + spells.DRY_FOR_S)
    last = [(spells.KEPT_S + at_s, 20.0) for at_s in range(55, 61)]
    assert spell((60, 20), *last).samples[0][0] == 60
    assert spell((59, 20), *last).samples == tuple(last)
    assert spell((0, 20), (600, 20), (1200, 20), (1800, 20)).samples[0][0] == 0  # six are kept however old


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
    found = spell(*((60.0 * place, depth_mm) for place, depth_mm in enumerate(depths_mm)))

    assert spells.is_smooth(found, samples) is is_smooth


@pytest.mark.parametrize(
    ("depths_mm", "is_still"),
    [((10.0, 24.9), True), ((10.0, 25.0), False), ((40.0,), False), ((60.0, 10.0), True)],
)
def test_water_that_was_not_seen_to_rise_is_still(depths_mm: tuple[float, ...], is_still: bool) -> None:
    found = spell(*((60.0 * place, depth_mm) for place, depth_mm in enumerate(depths_mm)))

    assert spells.is_still(found) is is_still


@pytest.mark.parametrize(
    ("depths_mm", "is_rising"),
    [((10.0, 25.0), True), ((10.0, 24.9), False), ((9.9, 40.0), False), ((40.0,), False), ((10.0, 60.0, 61.0), False)],
)
def test_water_is_rising_that_was_last_seen_to_rise_by_more_than_ripples(
    depths_mm: tuple[float, ...], is_rising: bool
) -> None:
    found = spell(*((60.0 * place, depth_mm) for place, depth_mm in enumerate(depths_mm)))

    assert spells.is_rising(found) is is_rising


def test_a_puddle_is_no_flood_and_only_so_many_are_kept() -> None:
    assert spells.archive((), spell((60, 20), (120, 29.9))) == ()
    assert spells.archive((), spell((60, 50), (120, 50))) == ()  # it was there at once: a thing
    assert spells.archive((), spell((60, 20), (120, 30))) == (PastEvent(60, 120, 30, 20),)
    many = (PastEvent(0, 0, 1, 1),) * spells.PAST_EVENTS_KEPT
    assert len(spells.archive(many, spell((60, 20), (120, 30)))) == spells.PAST_EVENTS_KEPT
    assert spells.archive(many, spell((60, 20), (120, 30)))[-1].peak_mm == 30


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
def test_nothing_is_foretold_of_what_might_be_a_thing_before_it_rises_or_lasts(
    samples: tuple[tuple[float, float], ...], has_shown_itself: bool
) -> None:
    assert spells.is_confirmed(spell(*samples)) is has_shown_itself


@pytest.mark.parametrize(("after_s", "fastest"), [(30.0, 60.0), (60.0, 60.0), (120.0, 30.0)])
def test_a_rise_within_less_than_a_minute_counts_as_of_a_minute(after_s: float, fastest: float) -> None:
    first = spells.start(0.0, after_s, 60.0)
    later = spells.extend(spells.start(0.0, 6000.0, 20.0), 6000.0 + after_s, 80.0)

    assert (first.fastest_mm_per_min, later.fastest_mm_per_min) == (fastest, fastest)
