import json
from math import inf, nan

from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from rencheng.checks.series.limits import STREET
from rencheng.checks.series.step import NEW_SERIES, series_from_json, step
from rencheng.domain.quality import FROM_A_SERIES, UNUSABLE, Quality
from tests.checks.series_play import Sample, judged, series

WAITING = Quality.NOT_EVALUATED
MINUTE = 60.0


def every_minute(*depths_mm: float | None) -> list[Sample]:
    return [(MINUTE * index, depth_mm) for index, depth_mm in enumerate(depths_mm)]


@given(series(missing=True))
def test_every_flag_is_one_of_a_series_and_none_makes_a_depth_unusable(samples: list[Sample]) -> None:
    for flags in judged(samples, STREET):
        assert flags & ~FROM_A_SERIES == 0
        assert flags & UNUSABLE == 0


@given(series(missing=True), st.integers(0, 40))
def test_a_state_that_was_kept_goes_on_as_if_it_had_not_been(samples: list[Sample], cut: int) -> None:
    straight, kept = NEW_SERIES, NEW_SERIES
    for index, (time_s, depth_mm) in enumerate(samples):
        straight, *flags = step(straight, time_s, depth_mm, STREET)
        if index == cut:
            kept = series_from_json(json.loads(json.dumps(to_builtins(kept))))
        kept, *flags_kept = step(kept, time_s, depth_mm, STREET)
        assert flags_kept == flags

    assert kept == straight


def test_the_newest_samples_spike_result_waits_for_the_next_sample() -> None:
    first, second = judged(every_minute(0, 0, 500), STREET), judged(every_minute(0, 0, 500, 0), STREET)

    assert WAITING in first[-1]
    assert Quality.SPIKE not in first[-1]
    assert Quality.SPIKE in second[2]
    assert WAITING not in second[2]
    assert WAITING in second[-1]


def test_a_small_spike_is_suspect_and_a_large_one_fails() -> None:
    flags = judged(every_minute(0, 0, 150, 0, 0, 250, 0, 0), STREET)

    assert [Quality.SPIKE_SUSPECT in one for one in flags] == [False, False, True, False, False, False, False, False]
    assert [Quality.SPIKE in one for one in flags] == [False, False, False, False, False, True, False, False]


def test_a_tunnel_that_fills_at_150_mm_a_minute_is_of_high_interest_and_nothing_in_it_is_bad() -> None:
    flags = judged(every_minute(0, 0, *(150 * minute for minute in range(1, 12))), STREET)

    assert [Quality.RATE in one for one in flags] == [False, False] + [True] * 11
    assert not any(one & ~(Quality.RATE | WAITING) for one in flags)


def test_the_last_dry_sample_before_a_jump_is_no_spike() -> None:
    assert not any(
        one & (Quality.SPIKE | Quality.SPIKE_SUSPECT) for one in judged(every_minute(0, 0, 400, 420), STREET)
    )


def test_neighbours_too_far_apart_say_nothing_about_a_spike() -> None:
    flags = judged([(0, 0.0), (600, 500.0), (1200, 0.0), (1260, 0.0)], STREET)

    assert WAITING in flags[1]
    assert Quality.SPIKE not in flags[1]


def test_noise_within_a_second_is_no_rise() -> None:
    assert not any(Quality.RATE in one for one in judged([(0, 0.0), (1, 24.0), (2, 0.0), (3, 20.0)], STREET))


def test_a_dry_street_is_flat_for_months_and_that_is_well() -> None:
    month = [(600.0 * index, 0.0) for index in range(4320)]

    assert all(one & ~WAITING == 0 for one in judged(month, STREET))


def test_water_that_does_not_move_is_first_a_flat_line_and_then_a_stuck_sensor() -> None:
    samples = [(600.0 * index, 300.0) for index in range(40)]
    flags = judged(samples, STREET)

    assert [bool(one & (Quality.FLAT_LINE | Quality.STUCK)) for one in flags] == [
        time_s >= 3600 for time_s, _ in samples
    ]
    assert [Quality.STUCK in one for one in flags] == [time_s >= 6 * 3600 for time_s, _ in samples]


def test_a_gap_is_flagged_on_the_reading_that_ends_it_measured_or_not() -> None:
    flags = judged([(0, 0.0), (3600, 0.0), (7201, None), (7260, 0.0)], STREET)

    assert [Quality.GAP in one for one in flags] == [False, False, True, False]


def test_a_missing_sample_settles_nothing_and_does_not_part_its_neighbours() -> None:
    flags = judged([(0, 0.0), (60, 500.0), (120, None), (180, 0.0)], STREET)

    assert Quality.SPIKE in flags[1]
    assert flags[2] == Quality.NOTHING_FOUND


def test_a_sample_that_is_not_newer_than_the_last_decides_nothing() -> None:
    state, _, _ = step(NEW_SERIES, 100.0, 10.0, STREET)

    assert step(state, 100.0, 900.0, STREET) == (state, int(WAITING), 0)
    assert step(state, 40.0, 900.0, STREET) == (state, int(WAITING), 0)


def test_the_first_sample_has_no_neighbours_to_be_held_against() -> None:
    for depth_mm in (0.0, 9999.0, -500.0):
        state, flags, settled = step(NEW_SERIES, 0.0, depth_mm, STREET)
        assert (flags, settled) == (int(WAITING), 0)
        assert state.depth_mm == depth_mm


def test_numbers_that_are_none_do_no_harm() -> None:
    for depth_mm in (nan, inf, -inf):
        state, _, _ = step(NEW_SERIES, 0.0, depth_mm, STREET)
        step(state, 60.0, 0.0, STREET)
