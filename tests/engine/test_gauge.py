"""Health before depth: what leaps is not believed until it moves as water does, and lies cost trust."""

import pytest

from rencheng.engine.gauge import NEW, GaugeState, may_forecast, update
from rencheng.engine.health import sensor_health as trusts
from rencheng.engine.health.jump_filter import STEP_MM, max_step_mm
from rencheng.engine.health.sensor_health import Fault


def told(depths_mm: list[float], *, hasty: bool = False, step_s: float = 60.0, gauge: GaugeState = NEW) -> GaugeState:
    """A gauge after samples a step apart, on a dry street before."""
    begin_s = 0.0 if gauge.measured_s is None else gauge.measured_s + step_s
    for place, depth_mm in enumerate([0.0, 0.0, *depths_mm] if gauge is NEW else depths_mm):
        gauge = update(gauge, begin_s + place * step_s, depth_mm, fail_safe=hasty)
    return gauge


def test_a_gauge_that_is_switched_on_in_a_flood_is_believed_at_its_second_word_and_at_once_where_doubt_warns() -> None:
    first = update(NEW, 0.0, 500.0, fail_safe=False)

    assert update(NEW, 0.0, 500.0, fail_safe=True).accepted_mm == 500.0
    assert update(NEW, 0.0, STEP_MM - 1, fail_safe=False).accepted_mm == STEP_MM - 1
    assert first.accepted_mm is None
    assert update(first, 60.0, 520.0, fail_safe=False).accepted_mm == 520.0
    assert update(first, 60.0, 500.0 + STEP_MM + 1, fail_safe=False).accepted_mm is None
    assert update(first, 60.0, 0.0, fail_safe=False).accepted_mm == 0.0


@pytest.mark.parametrize("hasty", [True, False])
def test_one_sample_that_leaps_is_not_believed_and_is_a_lie_when_it_is_gone(*, hasty: bool) -> None:
    up = told([600], hasty=hasty)
    gone = told([0], hasty=hasty, gauge=up)

    assert up.accepted_mm == 0
    assert (gone.accepted_mm, gone.pending_jump) == (0, None)
    assert trusts.fault_score_at(gone.health, gone.measured_s or 0.0) >= trusts.FAULT_WEIGHT


def test_where_doubt_warns_a_leap_is_believed_at_its_second_sample() -> None:
    assert told([600, 610], hasty=True).accepted_mm == 610
    assert told([150, 300], hasty=True).accepted_mm == 300
    assert told([600, 610]).accepted_mm == 0


def test_a_parked_car_is_never_believed_where_doubt_is_quiet() -> None:
    car = told([600 + (minute * 7) % 23 for minute in range(180)])
    gone = told([0], gauge=car)

    assert car.accepted_mm == 0
    assert gone.accepted_mm == 0


def test_a_leap_that_goes_on_rising_is_water() -> None:
    assert told([170, 185, 190, 195]).accepted_mm == 0
    assert told([170, 185, 190, 195, 200]).accepted_mm == 200


def test_a_low_leap_that_grows_by_three_quarters_at_once_is_water() -> None:
    assert told([90, 150]).accepted_mm == 0
    assert told([90, 160]).accepted_mm == 160


def test_a_leap_that_drains_slowly_is_water() -> None:
    draining = [300.0 - 6 * minute for minute in range(6)]

    assert told(draining[:5]).accepted_mm == 0
    assert told(draining).accepted_mm == draining[-1]


def test_what_is_tipped_out_within_five_samples_is_no_water_and_what_leaps_on_is() -> None:
    heap = [200.0, 400.0, 600.0, 800.0, 1000.0]

    assert told([*heap, 1004.0, 998.0, 1001.0]).accepted_mm == 0
    assert told([*heap, 1200.0]).accepted_mm == 1200


def test_a_leap_out_of_rising_water_is_believed_when_it_stays() -> None:
    rising, standing = [20.0, 60.0, 110.0], [60.0, 111.0, 110.0]

    assert told([*rising, 230]).accepted_mm == 110
    assert told([*rising, 230, 231]).accepted_mm == 231
    assert told([*standing, 230, 231]).accepted_mm == 110


def months(*, is_stream: bool) -> GaugeState:
    """A gauge after ten pulse chains, one a day, and two dry days."""
    gauge = NEW
    for day in range(12):
        for minute in range(40):
            depth_mm = 600.0 if day < 10 and minute % 2 else 0.0
            gauge = update(gauge, 86_400.0 * day + 60.0 * minute, depth_mm, fail_safe=False, is_stream=is_stream)
    return gauge


def test_a_gauge_that_loses_all_trust_again_and_again_has_it_back_only_after_weeks() -> None:
    street = months(is_stream=False)
    month_s = 30 * 86_400.0

    assert (street.health.fault, street.health.is_chronic) == (Fault.SPIKY, True)
    assert update(street, (street.measured_s or 0.0) + month_s, 0.0, fail_safe=False).health.fault is None


def test_on_a_street_a_faulty_gauge_can_prove_a_flood_and_on_a_stream_it_cannot() -> None:
    flood = [12.0 * minute for minute in range(9)]
    street, stream = months(is_stream=False), months(is_stream=True)
    for minute, depth_mm in enumerate(flood, 1):
        street = update(street, 86_400.0 * 12 + 60.0 * minute, depth_mm, fail_safe=False)
        stream = update(stream, 86_400.0 * 12 + 60.0 * minute, depth_mm, fail_safe=False, is_stream=True)

    assert stream.health.fault is Fault.SPIKY
    assert street.health.fault is None
    assert told([700.0, 0.0], gauge=street).health.fault is Fault.SPIKY  # the next lie ends that


@pytest.mark.parametrize("step_s", [60.0, 310.0])
def test_a_distrusted_gauge_can_prove_itself_at_whatever_step_it_speaks(step_s: float) -> None:
    chain = told([400.0, 0.0] * 9, step_s=step_s)
    flooded = told([*[0.0] * 40, *[12.0 * minute for minute in range(9)]], gauge=chain, step_s=step_s)

    assert chain.health.fault is not None
    assert flooded.health.fault is None


def test_a_gauge_that_went_up_and_down_by_turns_is_not_helped_by_where_it_stood_before() -> None:
    pulses = told([590.0, 600.0, 610.0, 620.0, 640.0, 0.0, 300.0, 0.0])

    assert told([640.0], gauge=pulses).accepted_mm == 0


def test_nothing_is_foretold_of_a_gauge_that_lied_lately_before_it_moved_as_water_does() -> None:
    def foretells(*depths_mm: float, lied: int) -> bool:
        gauge = told([*[400.0, 0.0] * lied, *depths_mm])
        return may_forecast(gauge, gauge.measured_s or 0.0)

    assert foretells(30.0, lied=0)
    assert not foretells(30.0, 60.0, 90.0, lied=1)
    assert foretells(30.0, 60.0, 90.0, 120.0, lied=1)
    assert not foretells(30.0, 60.0, 45.0, 80.0, lied=1)
    assert not foretells(*[30.0 + 20 * minute for minute in range(12)], lied=9)


def test_after_silence_more_is_believed_at_once() -> None:
    assert max_step_mm(60) == STEP_MM
    assert max_step_mm(180) == STEP_MM + 90
    assert max_step_mm(86_400) == max_step_mm(600)


def test_a_gauge_that_leaps_again_and_again_loses_all_trust_and_has_it_back_by_time() -> None:
    chain = told([400.0, 0.0, 700.0, 0.0, 250.0, 0.0] * 3)
    rested = told([0.0] * 420, gauge=chain)

    assert chain.health.fault is Fault.SPIKY
    assert told([0.0] * 100, gauge=chain).health.fault is Fault.SPIKY
    assert rested.health.fault is None


def test_a_gauge_that_leaps_to_one_depth_is_blocked() -> None:
    assert told([2400.0, 2400.0, 2400.0, 0.0] * 9).health.fault is Fault.BLOCKED
    assert told([2400.0, 0.0] * 9).health.fault is Fault.SPIKY


def test_a_distrusted_gauge_that_moves_as_only_water_does_is_trusted_at_once() -> None:
    chain = told([400.0, 0.0] * 9)
    flooded = told([*[0.0] * 40, *[12.0 * minute for minute in range(9)]], gauge=chain)

    assert chain.health.fault is not None
    assert flooded.health.fault is None


def test_a_gauge_that_says_the_same_for_hours_is_stuck() -> None:
    assert told([60.0] * 380).health.fault is Fault.STUCK
    assert told([60.0 + minute % 5 for minute in range(380)]).health.fault is None


def test_a_dip_is_a_lie_and_not_a_fall() -> None:
    deep = told([60.0, 120.0, 180.0, 240.0, 300.0])
    back = told([20.0, 302.0], gauge=deep)

    assert back.accepted_mm == 302
    assert back.health.fault_score > 0


@pytest.mark.parametrize(
    ("depths_mm", "believed_mm"),
    [
        ([200.0], 200.0),  # out of a dry street
        ([201.0], 0.0),
        ([100.0, 300.0], 300.0),  # out of water that rises
        ([100.0, 301.0], 100.0),
        ([100.0, 114.0, 264.0], 264.0),  # out of water that stands still
        ([100.0, 114.0, 265.0], 114.0),
    ],
)
def test_a_gauge_that_speaks_seldom_is_believed_less_far_out_of_water_that_stands_still(
    depths_mm: list[float], believed_mm: float
) -> None:
    assert told(depths_mm, step_s=600.0).accepted_mm == believed_mm


def test_a_spell_in_which_the_gauge_lied_is_no_flood_of_the_street() -> None:
    rising = [20.0, 60.0, 100.0, 60.0, 20.0]

    assert [one.peak_mm for one in told([*rising, *[0.0] * 30, 15.0]).past_events] == [100.0]
    assert told([400.0, 0.0, 300.0, 0.0, *rising, *[0.0] * 30, 15.0]).past_events == ()


def test_floods_are_remembered_with_their_peaks_and_puddles_are_not() -> None:
    flood = [20.0, 60.0, 100.0, 60.0, 20.0, *[0.0] * 30]
    twice = told([*flood, 15.0, *[0.0] * 30, *flood])

    assert [one.peak_mm for one in twice.past_events] == [100.0, 100.0]
    assert twice.event is None


@pytest.mark.parametrize(
    ("depths_mm", "lies"), [((30.0, 0.0, 30.0), 0.0), ((30.1, 0.0), 0.5), ((30.1, 0.0, 30.1), 1.0)]
)
def test_up_and_down_by_more_than_30_mm_is_half_a_lie_each_time(depths_mm: tuple[float, ...], lies: float) -> None:
    gauge = told(list(depths_mm))

    assert trusts.fault_score_at(gauge.health, gauge.measured_s or 0.0) == pytest.approx(lies, abs=0.01)
