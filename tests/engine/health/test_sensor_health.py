"""The rules of what a gauge's lies cost it, and how it is called for them, at their edges."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from rencheng.engine.health import sensor_health
from rencheng.engine.health.sensor_health import FAULT_APART_S, FAULT_HALF_LIFE_S, HEALTHY, Fault, FaultPolicy, Health
from rencheng.engine.water.event import extend, start

DAY_S = 86_400.0


def faults(
    count: int,
    every_s: float = 1.0,
    *,
    step_mm: float = 0.0,
    samples: int = 3,
    policy: FaultPolicy = FaultPolicy.LOSS_OF_TRUST,
) -> Health:
    health = HEALTHY
    for place in range(count):
        at_s, top_mm = DAY_S + every_s * place, 500.0 + step_mm * place
        health = sensor_health.with_fault(health, at_s, top_mm, samples, fault_policy=policy)
    return health


def test_six_false_jumps_are_a_fault_and_it_ends_with_time() -> None:
    assert faults(5).fault is None
    health = faults(8)
    assert health.fault is not None
    assert health.fault_score == pytest.approx(sensor_health.SCORE_MAX, abs=0.1)
    assert sensor_health.with_fault(health, DAY_S + 10, 500.0, 1).fault_score == sensor_health.SCORE_MAX
    back_s = DAY_S + 7.0 + 2.5 * sensor_health.HALF_LIFE_S  # 8 lies halved 2.5 times are 1.41

    assert sensor_health.refreshed(health, DAY_S + 7.0 + 2.4 * sensor_health.HALF_LIFE_S).fault is not None
    assert sensor_health.refreshed(health, back_s).fault is None
    assert sensor_health.refreshed(HEALTHY, back_s) == HEALTHY


def test_the_score_halves_in_a_half_life_and_does_not_change_when_time_runs_back() -> None:
    health = sensor_health.with_fault(HEALTHY, 1000.0, 500.0, 1)

    assert sensor_health.fault_score_at(health, 1000.0 + sensor_health.HALF_LIFE_S) == pytest.approx(0.5)
    assert sensor_health.fault_score_at(health, 0.0) == 1.0
    assert sensor_health.fault_score_at(HEALTHY, 1e9) == 0.0


@pytest.mark.parametrize(
    ("step_mm", "samples", "why"),
    [
        (0.0, 3, Fault.BLOCKED),
        (9.0, 3, Fault.BLOCKED),
        (90.0, 3, Fault.SPIKY),  # to any depth
        (0.0, 2, Fault.SPIKY),  # for a moment only
    ],
)
def test_jumps_that_stay_at_one_depth_are_a_blocked_beam_and_others_are_spikes(
    step_mm: float, samples: int, why: Fault
) -> None:
    assert faults(7, step_mm=step_mm, samples=samples).fault is why


def test_the_kind_of_fault_changes_when_the_jumps_clearly_do() -> None:
    health = faults(10)
    assert health.fault is Fault.BLOCKED
    names = []
    for place in range(40):
        health = sensor_health.with_fault(health, DAY_S + 10 + place, 500.0, 1)
        names.append(health.fault)

    assert names[0] is Fault.BLOCKED
    assert names[-1] is Fault.SPIKY
    assert sum(one is not other for one, other in pairwise(names)) == 1  # and once


def test_depths_out_of_range_raise_the_score_and_are_never_a_fault() -> None:
    health = HEALTHY
    for place in range(100):
        health = sensor_health.with_out_of_range(health, DAY_S + place)

    assert health.fault is None
    assert (
        sensor_health.OUT_OF_RANGE_MAX
        <= health.fault_score
        < sensor_health.OUT_OF_RANGE_MAX + sensor_health.OUT_OF_RANGE_WEIGHT
    )


def test_zigzags_count_half_a_fault_and_are_no_solid_object() -> None:
    health = sensor_health.with_zigzag(faults(3), DAY_S + 2, 60.0)

    assert health.fault_score == pytest.approx(3 + sensor_health.ZIGZAG_WEIGHT, abs=0.01)
    assert (health.top_mm, health.recent_faults, health.solid_share) == (faults(3).top_mm, 3, faults(3).solid_share)


def test_a_stream_gauge_that_is_at_fault_on_five_occasions_is_chronic_until_it_was_sound_for_long() -> None:
    health = faults(6, FAULT_APART_S, policy=FaultPolicy.EACH_FAULT)
    assert faults(5, FAULT_APART_S, policy=FaultPolicy.EACH_FAULT).fault is None
    assert (health.fault, health.is_chronic) == (Fault.BLOCKED, True)
    last_s = health.fault_s
    assert last_s is not None

    assert sensor_health.refreshed(health, last_s + FAULT_HALF_LIFE_S).is_chronic
    mended = sensor_health.refreshed(health, last_s + 2 * FAULT_HALF_LIFE_S)
    assert (mended.fault, mended.is_chronic) == (None, False)


def test_faults_of_one_occasion_count_once_and_objects_under_a_street_gauge_do_not() -> None:
    assert faults(5, 60.0, policy=FaultPolicy.EACH_FAULT).faults == 1
    assert faults(2, FAULT_APART_S - 1, policy=FaultPolicy.EACH_FAULT).faults == 1
    assert faults(2, FAULT_APART_S, policy=FaultPolicy.EACH_FAULT).faults == pytest.approx(2, abs=0.1)
    assert faults(5, 1.0).faults == 0
    assert faults(40, 1.0).faults == 1  # that it lost all trust
    assert faults(40, 1.0, policy=FaultPolicy.NOTHING).faults == 0  # nothing counts for weeks there
    assert sensor_health.faults_at(HEALTHY, 1e9) == 0


def test_what_is_stuck_is_named_so_once() -> None:
    stuck = sensor_health.with_stuck(HEALTHY, 1000.0)

    assert (stuck.fault, stuck.fault_score, stuck.at_s) == (Fault.STUCK, sensor_health.HEALTHY_BELOW, 1000.0)
    assert sensor_health.with_stuck(faults(8), 2000.0) == faults(8)
    assert sensor_health.refreshed(stuck, 1000.0).fault is Fault.STUCK
    assert sensor_health.refreshed(stuck, 1001.0).fault is None


@pytest.mark.parametrize(("step_s", "half_life_h"), [(60, 2), (180, 2), (600, 20 / 3), (1800, 20), (1801, 2)])
def test_the_score_of_a_slow_gauge_halves_in_forty_intervals(step_s: float, half_life_h: float) -> None:
    health = sensor_health.with_fault(HEALTHY, DAY_S, 500.0, 1, step_s)

    assert sensor_health.fault_score_at(health, DAY_S + 3600 * half_life_h) == pytest.approx(0.5)


def test_two_zigzags_are_one_fault_and_six_depths_out_of_range_are_three() -> None:
    health = HEALTHY
    for place in range(5):
        health = sensor_health.with_out_of_range(health, DAY_S + 0.001 * place)

    assert health.fault_score == pytest.approx(2.5, abs=0.001)
    assert sensor_health.with_out_of_range(health, DAY_S + 0.01).fault_score == pytest.approx(3.0, abs=0.001)
    assert sensor_health.with_out_of_range(replace(health, fault_score=3.0), DAY_S + 0.004).fault_score == 3.0
    assert sensor_health.with_zigzag(HEALTHY, DAY_S, 60.0).fault_score == 0.5


@pytest.mark.parametrize(
    ("rise_mm", "rises", "after_s", "is_proven"),
    [
        (20.0, 3, 0.0, True),
        (20.0, 2, 0.0, False),
        (16.0, 3, 0.0, False),
        (7.9, 8, 1799.0, False),
        (7.9, 8, 1800.0, True),
    ],
)
def test_a_smooth_rise_proves_water_at_once_and_a_slow_one_half_an_hour_after_the_last_fault(
    rise_mm: float, rises: int, after_s: float, is_proven: bool
) -> None:
    found = start(0.0, 60.0, 10.0)
    for place in range(1, rises + 1):
        found = extend(found, 60.0 * (place + 1), 10.0 + rise_mm * place)
    faulty = faults(8)

    assert (sensor_health.rehabilitated(faulty, (faulty.at_s or 0.0) + after_s, found).fault is None) is is_proven
    assert sensor_health.rehabilitated(HEALTHY, after_s, found) == HEALTHY


def test_an_occasion_lasts_four_hours_counts_half_after_a_week_and_no_more_than_twelve_are_counted() -> None:
    once = faults(1, policy=FaultPolicy.EACH_FAULT)

    assert faults(2, 14_399, policy=FaultPolicy.EACH_FAULT).faults == 1
    assert faults(2, 14_400, policy=FaultPolicy.EACH_FAULT).faults > 1.9
    assert sensor_health.faults_at(once, DAY_S * 8) == pytest.approx(0.5)
    assert faults(100, 14_400, policy=FaultPolicy.EACH_FAULT).faults == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(("other_mm", "is_same"), [(510.0, True), (512.0, False), (490.5, True), (488.0, False)])
def test_depths_within_a_fiftieth_are_the_same(other_mm: float, is_same: bool) -> None:
    health = sensor_health.with_fault(faults(1), DAY_S + 1, other_mm, 3)

    assert (health.solid_share == 0.5) is is_same


@pytest.mark.parametrize(("solid", "why"), [(0.41, Fault.BLOCKED), (0.44, Fault.BLOCKED), (0.39, Fault.SPIKY)])
def test_two_solid_objects_in_five_are_a_blocked_gauge(solid: float, why: Fault) -> None:
    health = Health(fault_score=7.0, at_s=DAY_S, recent_faults=10_000, solid_share=solid)

    assert sensor_health.with_zigzag(health, DAY_S, 60.0).fault is why


def test_the_latest_32_jumps_count() -> None:
    assert faults(100).recent_faults == 32
