"""The rules of what a gauge's lies cost it, and how it is called for them, at their edges."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from rencheng.engine.health import sensor_health as trusts
from rencheng.engine.health.sensor_health import FAULT_APART_S, FAULT_HALF_LIFE_S, HEALTHY, Fault, FaultPolicy, Health
from rencheng.engine.water.event import extend, start

DAY_S = 86_400.0


def lies(
    count: int,
    every_s: float = 1.0,
    *,
    step_mm: float = 0.0,
    samples: int = 3,
    blame: FaultPolicy = FaultPolicy.LOSS_OF_TRUST,
) -> Health:
    trust = HEALTHY
    for place in range(count):
        at_s, top_mm = DAY_S + every_s * place, 500.0 + step_mm * place
        trust = trusts.with_fault(trust, at_s, top_mm, samples, fault_policy=blame)
    return trust


def test_six_lies_cost_all_trust_and_it_comes_back_with_time() -> None:
    assert lies(5).fault is None
    trust = lies(8)
    assert trust.fault is not None
    assert trust.fault_score == pytest.approx(trusts.SCORE_MAX, abs=0.1)
    assert trusts.with_fault(trust, DAY_S + 10, 500.0, 1).fault_score == trusts.SCORE_MAX
    back_s = DAY_S + 7.0 + 2.5 * trusts.HALF_LIFE_S  # 8 lies halved 2.5 times are 1.41

    assert trusts.refreshed(trust, DAY_S + 7.0 + 2.4 * trusts.HALF_LIFE_S).fault is not None
    assert trusts.refreshed(trust, back_s).fault is None
    assert trusts.refreshed(HEALTHY, back_s) == HEALTHY


def test_a_lie_is_half_forgiven_in_a_half_life_and_time_that_runs_back_forgives_nothing() -> None:
    trust = trusts.with_fault(HEALTHY, 1000.0, 500.0, 1)

    assert trusts.fault_score_at(trust, 1000.0 + trusts.HALF_LIFE_S) == pytest.approx(0.5)
    assert trusts.fault_score_at(trust, 0.0) == 1.0
    assert trusts.fault_score_at(HEALTHY, 1e9) == 0.0


@pytest.mark.parametrize(
    ("step_mm", "samples", "why"),
    [
        (0.0, 3, Fault.BLOCKED),
        (9.0, 3, Fault.BLOCKED),
        (90.0, 3, Fault.SPIKY),  # to any depth
        (0.0, 2, Fault.SPIKY),  # for a moment only
    ],
)
def test_lies_that_stay_at_one_depth_are_a_thing_in_the_beam_and_others_are_spikes(
    step_mm: float, samples: int, why: Fault
) -> None:
    assert lies(7, step_mm=step_mm, samples=samples).fault is why


def test_a_distrusted_gauge_is_called_by_another_name_when_its_lies_are_clearly_others() -> None:
    trust = lies(10)
    assert trust.fault is Fault.BLOCKED
    names = []
    for place in range(40):
        trust = trusts.with_fault(trust, DAY_S + 10 + place, 500.0, 1)
        names.append(trust.fault)

    assert names[0] is Fault.BLOCKED
    assert names[-1] is Fault.SPIKY
    assert sum(one is not other for one, other in pairwise(names)) == 1  # and once


def test_what_nobody_can_have_measured_makes_a_gauge_doubtful_and_never_blind() -> None:
    trust = HEALTHY
    for place in range(100):
        trust = trusts.with_out_of_range(trust, DAY_S + place)

    assert trust.fault is None
    assert trusts.OUT_OF_RANGE_MAX <= trust.fault_score < trusts.OUT_OF_RANGE_MAX + trusts.OUT_OF_RANGE_WEIGHT


def test_ups_and_downs_count_half_a_lie_and_tell_nothing_of_what_stands_there() -> None:
    trust = trusts.with_zigzag(lies(3), DAY_S + 2, 60.0)

    assert trust.fault_score == pytest.approx(3 + trusts.ZIGZAG_WEIGHT, abs=0.01)
    assert (trust.top_mm, trust.recent_faults, trust.solid_share) == (lies(3).top_mm, 3, lies(3).solid_share)


def test_a_stream_gauge_that_is_at_fault_on_five_occasions_is_distrusted_until_it_was_sound_for_long() -> None:
    trust = lies(6, FAULT_APART_S, blame=FaultPolicy.EACH_FAULT)
    assert lies(5, FAULT_APART_S, blame=FaultPolicy.EACH_FAULT).fault is None
    assert (trust.fault, trust.is_chronic) == (Fault.BLOCKED, True)
    last_s = trust.fault_s
    assert last_s is not None

    assert trusts.refreshed(trust, last_s + FAULT_HALF_LIFE_S).is_chronic
    mended = trusts.refreshed(trust, last_s + 2 * FAULT_HALF_LIFE_S)
    assert (mended.fault, mended.is_chronic) == (None, False)


def test_lies_of_one_occasion_are_one_fault_and_under_a_street_gauge_somebody_passes() -> None:
    assert lies(5, 60.0, blame=FaultPolicy.EACH_FAULT).faults == 1
    assert lies(2, FAULT_APART_S - 1, blame=FaultPolicy.EACH_FAULT).faults == 1
    assert lies(2, FAULT_APART_S, blame=FaultPolicy.EACH_FAULT).faults == pytest.approx(2, abs=0.1)
    assert lies(5, 1.0).faults == 0
    assert lies(40, 1.0).faults == 1  # that it lost all trust
    assert lies(40, 1.0, blame=FaultPolicy.NOTHING).faults == 0  # and where people can drown nothing counts for weeks
    assert trusts.faults_at(HEALTHY, 1e9) == 0


def test_what_is_stuck_is_named_so_once() -> None:
    stuck = trusts.with_stuck(HEALTHY, 1000.0)

    assert (stuck.fault, stuck.fault_score, stuck.at_s) == (Fault.STUCK, trusts.HEALTHY_BELOW, 1000.0)
    assert trusts.with_stuck(lies(8), 2000.0) == lies(8)
    assert trusts.refreshed(stuck, 1000.0).fault is Fault.STUCK
    assert trusts.refreshed(stuck, 1001.0).fault is None


@pytest.mark.parametrize(("step_s", "half_life_h"), [(60, 2), (180, 2), (600, 20 / 3), (1800, 20), (1801, 2)])
def test_a_gauge_that_speaks_seldom_is_forgiven_in_forty_steps(step_s: float, half_life_h: float) -> None:
    trust = trusts.with_fault(HEALTHY, DAY_S, 500.0, 1, step_s)

    assert trusts.fault_score_at(trust, DAY_S + 3600 * half_life_h) == pytest.approx(0.5)


def test_two_ups_and_downs_are_one_lie_and_six_absurd_codes_are_three() -> None:
    trust = HEALTHY
    for place in range(5):
        trust = trusts.with_out_of_range(trust, DAY_S + 0.001 * place)

    assert trust.fault_score == pytest.approx(2.5, abs=0.001)
    assert trusts.with_out_of_range(trust, DAY_S + 0.01).fault_score == pytest.approx(3.0, abs=0.001)
    assert trusts.with_out_of_range(replace(trust, fault_score=3.0), DAY_S + 0.004).fault_score == 3.0
    assert trusts.with_zigzag(HEALTHY, DAY_S, 60.0).fault_score == 0.5


@pytest.mark.parametrize(
    ("rise_mm", "after_s", "is_proven"), [(4.0, 1800.0, True), (3.9, 1800.0, False), (4.0, 1799.0, False)]
)
def test_six_samples_that_rise_by_20_mm_prove_water_half_an_hour_after_the_last_lie(
    rise_mm: float, after_s: float, is_proven: bool
) -> None:
    found = start(0.0, 60.0, 10.0)
    for place in range(1, 6):
        found = extend(found, 60.0 * (place + 1), 10.0 + rise_mm * place)
    liar = lies(8)
    assert liar.at_s is not None

    assert (trusts.rehabilitated(liar, liar.at_s + after_s, found).fault is None) is is_proven
    assert trusts.rehabilitated(HEALTHY, liar.at_s + after_s, found) == HEALTHY


def test_an_occasion_lasts_four_hours_counts_half_after_a_week_and_no_more_than_twelve_are_counted() -> None:
    once = lies(1, blame=FaultPolicy.EACH_FAULT)

    assert lies(2, 14_399, blame=FaultPolicy.EACH_FAULT).faults == 1
    assert lies(2, 14_400, blame=FaultPolicy.EACH_FAULT).faults > 1.9
    assert trusts.faults_at(once, DAY_S * 8) == pytest.approx(0.5)
    assert lies(100, 14_400, blame=FaultPolicy.EACH_FAULT).faults == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(("other_mm", "is_same"), [(510.0, True), (512.0, False), (490.5, True), (488.0, False)])
def test_depths_within_a_fiftieth_are_the_same(other_mm: float, is_same: bool) -> None:
    trust = trusts.with_fault(lies(1), DAY_S + 1, other_mm, 3)

    assert (trust.solid_share == 0.5) is is_same


@pytest.mark.parametrize(("solid", "why"), [(0.41, Fault.BLOCKED), (0.44, Fault.BLOCKED), (0.39, Fault.SPIKY)])
def test_two_solid_lies_in_five_are_a_blocked_gauge(solid: float, why: Fault) -> None:
    trust = Health(fault_score=7.0, at_s=DAY_S, recent_faults=10_000, solid_share=solid)

    assert trusts.with_zigzag(trust, DAY_S, 60.0).fault is why


def test_the_latest_32_lies_are_looked_at() -> None:
    assert lies(100).recent_faults == 32
