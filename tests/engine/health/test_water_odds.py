"""The evidence by which a jump is water, kind by kind, and what it adds up to."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.engine.health import jump_filter
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.water_odds import (
    NEEDED_ODDS,
    NEEDED_ODDS_FAIL_SAFE,
    NEEDED_ODDS_NEAR_CURRENT,
    JumpEvidence,
    JumpSetting,
    evidence,
)

CALM = JumpSetting(rapid_rises_nearby=0)


def jumped(
    *depths_mm: float, from_mm: float = 0.0, from_water: bool = False, from_wet: bool = False, interval_s: float = 60.0
) -> PendingJump:
    jump = jump_filter.start(from_mm, depths_mm[0], from_water=from_water, from_wet=from_wet, interval_s=interval_s)
    for depth_mm in depths_mm[1:]:
        jump = jump_filter.extend(jump, depth_mm, interval_s)
    return jump


def odds(jump: PendingJump, setting: JumpSetting = JumpSetting()) -> float:  # noqa: B008 - immutable
    return sum(evidence(jump, setting).values())


JUMPS_MM = [100.0 * (place + 1) for place in range(6)]


@pytest.mark.parametrize(
    ("jump", "fault_score", "is_water"),
    [
        (jumped(200.0, 200.0), 0.0, False),
        (jumped(*[200.0] * 60), 0.0, False),  # a parked car
        (jumped(200.0, 200.0, from_water=True), 0.0, True),  # out of water that was rising
        (jumped(200.0, 200.0, from_wet=True), 0.0, False),
        (jumped(200.0, 200.0, 200.0, from_wet=True), 0.0, True),
        (jumped(200.0, 204.0, 208.0, 212.0, 216.0), 0.0, True),  # it moves by 8 % of the jump
        (jumped(200.0, 204.0, 208.0, 212.0, 215.9), 0.0, False),
        (jumped(300.0, 304.0, 308.0, 312.0, 316.0, from_mm=100.0), 0.0, True),
        (jumped(200.0, 204.0, 208.0, 216.0), 0.0, False),  # three samples are no movement
        (jumped(200.0, 189.0, 200.0, 204.0, 208.0, 210.0), 0.0, True),  # after a slip the count starts again
        (jumped(200.0, 189.0, 200.0, 204.0, 208.0), 0.0, False),
        (jumped(200.0, 204.0, 208.0, 212.0, 216.0), 1.0, False),
        (jumped(200.0, 204.0, 208.0, 212.0, 216.0, 217.0, 218.0), 1.0, True),
        (jumped(100.0, 175.0), 0.9, True),  # it grows by three quarters of its jump
        (jumped(100.0, 174.9), 0.0, False),
        (jumped(100.0, 175.0), 1.0, False),
        (jumped(200.0, 190.0, 185.0, 184.0, 184.0, 184.0), 0.0, True),  # it falls as water does
        (jumped(200.0, 190.0, 185.0, 184.0, 184.0), 0.0, False),
        (jumped(200.0, 190.0, 185.0, 184.1, 184.1, 184.1), 0.0, False),
        (jumped(130.0, 400.0, 535.0), 0.0, True),  # three even rises, however great
        (jumped(130.0, 400.0, 535.0), 1.0, False),
        (jumped(130.0, 400.0), 0.0, False),
    ],
)
def test_on_a_street_a_jump_is_water_that_behaves_like_it(
    jump: PendingJump, fault_score: float, is_water: bool
) -> None:
    assert (odds(jump, JumpSetting(fault_score)) >= NEEDED_ODDS) is is_water


@pytest.mark.parametrize(
    ("jump", "interval_s", "is_water"),
    [
        ((300.0, 400.0), 300.0, False),
        ((300.0, 500.0), 300.0, True),  # a second even rise
        ((300.0, 300.0, 300.0), 300.0, False),  # a car parks for longer
        ((300.0, 310.0, 324.0), 300.0, True),
        ((300.0,), inf, False),
        ((300.0, 300.0), 600.0, True),
        ((300.0, 300.0), 500.0, True),
        ((300.0, 300.0), 450.0, False),
    ],
)
def test_a_slow_gauge_needs_fewer_samples_and_never_less_than_two(
    jump: tuple[float, ...], interval_s: float, is_water: bool
) -> None:
    assert (odds(jumped(*jump, interval_s=interval_s)) >= NEEDED_ODDS) is is_water


def test_what_a_miss_costs_decides_how_much_is_needed() -> None:
    first, stood = jumped(300.0), jumped(300.0, 300.0, 300.0)

    assert odds(first) >= NEEDED_ODDS_FAIL_SAFE
    assert odds(first, JumpSetting(fault_score=1.0)) < NEEDED_ODDS_FAIL_SAFE
    assert odds(stood, JumpSetting(fault_score=1.0)) >= NEEDED_ODDS_FAIL_SAFE
    assert odds(jumped(300.0, 300.0)) < NEEDED_ODDS_NEAR_CURRENT <= odds(stood)


def test_calm_neighbours_take_the_weight_from_even_rises_only() -> None:
    assert odds(jumped(*JUMPS_MM[:3]), CALM) < NEEDED_ODDS
    assert odds(jumped(*JUMPS_MM[:5]), CALM) < NEEDED_ODDS  # a heap is tipped within five samples
    assert odds(jumped(*JUMPS_MM), CALM) >= NEEDED_ODDS
    assert odds(jumped(*JUMPS_MM[:3]), JumpSetting(rapid_rises_nearby=1)) > odds(jumped(*JUMPS_MM[:3]))


def test_on_a_stream_only_movement_is_water() -> None:
    stream = JumpSetting(is_stream=True)

    assert odds(jumped(300.0, 300.0, interval_s=1800.0), stream) < NEEDED_ODDS
    assert odds(jumped(*JUMPS_MM[:3]), stream) < NEEDED_ODDS
    assert odds(jumped(200.0, 204.0, 208.0, 212.0, 216.0), stream) >= NEEDED_ODDS


def test_each_kind_is_named_and_what_adds_nothing_is_left_out() -> None:
    assert evidence(jumped(200.0), JumpSetting()) == {}
    found = evidence(jumped(200.0, 300.0, interval_s=120.0), JumpSetting(2.5, is_armed=True, rapid_rises_nearby=2))

    assert found == {
        JumpEvidence.STAYS: 1.0,
        JumpEvidence.SHAPE: 2.0,
        JumpEvidence.FAULTS: -4.0,
        JumpEvidence.ARMED: 5.0,
        JumpEvidence.RISES_NEARBY: 2.0,
        JumpEvidence.INTERVAL: 1.65,
    }


@given(
    st.lists(st.floats(11.0, 400.0), min_size=3, max_size=3),
    st.sampled_from([60.0, 300.0, 600.0, 900.0, 1800.0]),
)
def test_three_even_rises_are_water_at_any_interval(rises_mm: list[float], interval_s: float) -> None:
    even_mm = [max(rise, jump_filter.EVEN_SHARE * max(rises_mm) + 0.1) for rise in rises_mm]
    depths_mm = [100.0 + sum(even_mm[: place + 1]) for place in range(3)]

    assert odds(jumped(*depths_mm, from_mm=100.0, interval_s=interval_s)) >= NEEDED_ODDS


@given(
    st.lists(st.floats(90.0, 900.0), min_size=1, max_size=6),
    st.booleans(),
    st.integers(1, 5),
    st.sampled_from([60.0, 300.0, 600.0, 1800.0]),
    st.floats(0.0, 6.0),
)
def test_more_evidence_never_lowers_the_odds_and_only_a_contradiction_does(
    depths_mm: list[float], is_armed: bool, nearby: int, interval_s: float, fault_score: float
) -> None:
    jump = jumped(*depths_mm, interval_s=interval_s)
    before = odds(jump, JumpSetting(fault_score, is_armed))

    assert odds(jump, JumpSetting(fault_score, is_armed=True)) >= before
    assert odds(jump, JumpSetting(fault_score, is_armed, rapid_rises_nearby=nearby)) >= before
    assert odds(jump, JumpSetting(fault_score, is_armed, corroborated_by=nearby % 3)) >= before
    assert odds(jump, JumpSetting(fault_score, is_armed, is_contradicted=True)) < before
    assert odds(jump, JumpSetting(0.0, is_armed)) >= before
