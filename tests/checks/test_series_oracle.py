"""Held against `ioos-qc`, the US ocean observing system's own implementation of QARTOD."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from ioos_qc import qartod  # type: ignore[import-untyped]

from rencheng.domain.quality import Quality
from tests.checks.series_play import PLAIN, Sample, judged, series

GOOD, UNKNOWN, SUSPECT, FAIL = 1, 2, 3, 4


def split(samples: list[Sample]) -> tuple[list[float], list[float]]:
    return [time_s for time_s, _ in samples], [cast("float", depth_mm) for _, depth_mm in samples]


@given(series())
def test_a_spike_is_one_for_both(samples: list[Sample]) -> None:
    _, depths = split(samples)
    oracle = qartod.spike_test(depths, PLAIN.spike_suspect_mm, PLAIN.spike_fail_mm, method="differential")
    grades = {UNKNOWN: Quality.NOT_EVALUATED, GOOD: Quality(0), SUSPECT: Quality.SPIKE_SUSPECT, FAIL: Quality.SPIKE}
    ours = [flags & (Quality.SPIKE | Quality.SPIKE_SUSPECT | Quality.NOT_EVALUATED) for flags in judged(samples, PLAIN)]

    assert ours == [grades[int(flag)] for flag in oracle]


@given(series())
def test_a_rate_is_of_interest_to_both(samples: list[Sample]) -> None:
    times, depths = split(samples)
    oracle = qartod.rate_of_change_test(depths, times, PLAIN.rate_mm_per_s)

    assert [Quality.RATE in flags for flags in judged(samples, PLAIN)] == [flag == SUSPECT for flag in oracle]


@given(
    st.sampled_from([60, 300, 600]), st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90)), min_size=1, max_size=6)
)
def test_a_still_series_is_flat_and_then_stuck_for_both(step_s: int, runs: list[tuple[int, int]]) -> None:
    depths = [100.0 * value for value, length in runs for _ in range(length)]
    times = [float(step_s * index) for index in range(len(depths))]
    oracle = qartod.flat_line_test(depths, times, int(PLAIN.flat_s), int(PLAIN.stuck_s), PLAIN.flat_mm)
    grades = {GOOD: Quality(0), SUSPECT: Quality.FLAT_LINE, FAIL: Quality.STUCK}
    ours = [
        flags & (Quality.FLAT_LINE | Quality.STUCK) for flags in judged(list(zip(times, depths, strict=True)), PLAIN)
    ]

    assert ours == [grades[int(flag)] for flag in oracle] or len(depths) < 3  # it judges no fewer


@given(st.lists(st.integers(0, 8), min_size=3, max_size=120))
def test_what_drifts_is_never_called_still_where_the_oracle_sees_it_move(tenths: list[int]) -> None:
    depths = [100 + value / 5 for value in tenths]
    times = [300.0 * index for index in range(len(depths))]
    oracle = qartod.flat_line_test(depths, times, int(PLAIN.flat_s), int(PLAIN.stuck_s), PLAIN.flat_mm)
    ours = judged(list(zip(times, depths, strict=True)), PLAIN)

    assert not [flag for flag, flags in zip(oracle, ours, strict=True) if Quality.FLAT_LINE in flags and flag == GOOD]
