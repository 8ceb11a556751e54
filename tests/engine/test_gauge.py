"""Health before depth: what jumps is not accepted until it moves as water does, and lies cost trust."""

import pytest

from rencheng.engine.arming import JumpContext, Nearby
from rencheng.engine.gauge import NEW, GaugeState, may_forecast
from rencheng.engine.gauge_update import update
from rencheng.engine.health import sensor_health
from rencheng.engine.health.jump_filter import STEP_MM, max_step_mm
from rencheng.engine.health.sensor_health import Fault
from rencheng.engine.health.water_odds import NEEDED_ODDS, NEEDED_ODDS_FAIL_SAFE


def after(
    depths_mm: list[float],
    *,
    fail_safe: bool = False,
    step_s: float = 60.0,
    gauge: GaugeState = NEW,
    context: JumpContext | None = None,
) -> GaugeState:
    """A gauge after samples a step apart, on a dry street before."""
    begin_s = 0.0 if gauge.measured_s is None else gauge.measured_s + step_s
    context = context or JumpContext(NEEDED_ODDS_FAIL_SAFE if fail_safe else NEEDED_ODDS)
    for place, depth_mm in enumerate([0.0, 0.0, *depths_mm] if gauge is NEW else depths_mm):
        gauge = update(gauge, begin_s + place * step_s, depth_mm, context)
    return gauge


def test_a_gauge_that_starts_in_a_flood_is_accepted_at_its_second_sample_and_at_once_at_a_fail_safe_site() -> None:
    first = update(NEW, 0.0, 500.0)

    assert update(NEW, 0.0, 500.0, JumpContext(NEEDED_ODDS_FAIL_SAFE)).accepted_mm == 500.0
    assert update(NEW, 0.0, STEP_MM - 1).accepted_mm == STEP_MM - 1
    assert first.accepted_mm is None
    assert update(first, 60.0, 520.0).accepted_mm == 520.0
    assert update(first, 60.0, 500.0 + STEP_MM + 1).accepted_mm == 500.0 + STEP_MM + 1
    assert update(first, 60.0, 0.0).accepted_mm == 0.0


@pytest.mark.parametrize("fail_safe", [True, False])
def test_one_sample_that_jumps_is_unconfirmed_or_pending_and_is_a_fault_when_it_reverts(*, fail_safe: bool) -> None:
    up = after([600], fail_safe=fail_safe)
    gone = after([0], fail_safe=fail_safe, gauge=up)

    assert (up.accepted_mm, up.unconfirmed_from_mm) == ((600, 0.0) if fail_safe else (0.0, None))
    assert (gone.accepted_mm, gone.pending_jump) == (0, None)
    assert sensor_health.fault_score_at(gone.health, gone.measured_s or 0.0) >= sensor_health.FAULT_WEIGHT


def test_at_a_fail_safe_site_a_jump_is_confirmed_by_its_second_sample() -> None:
    assert after([600, 610], fail_safe=True).accepted_mm == 610
    assert after([600, 610], fail_safe=True).unconfirmed_from_mm is None
    assert after([150, 300], fail_safe=True).accepted_mm == 300
    assert after([600, 610]).accepted_mm == 0


def test_a_parked_car_is_never_accepted_where_the_site_is_not_fail_safe() -> None:
    car = after([600 + (minute * 7) % 23 for minute in range(180)])
    gone = after([0], gauge=car)

    assert car.accepted_mm == 0
    assert gone.accepted_mm == 0


def test_a_jump_that_goes_on_rising_is_water() -> None:
    assert after([170, 185, 190, 195]).accepted_mm == 0
    assert after([170, 185, 190, 195, 200]).accepted_mm == 200


def test_a_low_jump_that_grows_by_three_quarters_at_once_is_water() -> None:
    assert after([90, 150]).accepted_mm == 0
    assert after([90, 160]).accepted_mm == 160


def test_a_jump_that_drains_slowly_is_water() -> None:
    draining = [300.0 - 6 * minute for minute in range(6)]

    assert after(draining[:5]).accepted_mm == 0
    assert after(draining).accepted_mm == draining[-1]


def test_an_object_tipped_within_five_samples_is_no_water_in_a_calm_city_and_a_sixth_jump_is() -> None:
    heap = [200.0, 400.0, 600.0, 800.0, 1000.0]
    calm = JumpContext(nearby=Nearby(lambda: 0))

    assert after([*heap, 1004.0, 998.0, 1001.0], context=calm).accepted_mm == 0
    assert after([*heap, 1200.0], context=calm).accepted_mm == 1200
    assert after(heap[:3]).accepted_mm == 600  # nobody knows of the neighbours


def test_a_jump_out_of_rising_water_is_accepted_when_it_stays() -> None:
    rising, standing = [20.0, 60.0, 110.0], [60.0, 111.0, 110.0]

    assert after([*rising, 230]).accepted_mm == 230  # the fourth rise in a row
    assert after([*rising[:2], 230]).accepted_mm == 230
    assert after([60.0, 90.0, 88.0, 230]).accepted_mm == 88
    assert after([*standing, 230, 231]).accepted_mm == 110


def months(*, is_stream: bool) -> GaugeState:
    """A gauge after ten pulse chains, one a day, and two dry days."""
    gauge = NEW
    for day in range(12):
        for minute in range(40):
            depth_mm = 600.0 if day < 10 and minute % 2 else 0.0
            gauge = update(gauge, 86_400.0 * day + 60.0 * minute, depth_mm, JumpContext(is_stream=is_stream))
    return gauge


def test_a_gauge_at_fault_again_and_again_is_healthy_only_after_weeks() -> None:
    street = months(is_stream=False)
    month_s = 30 * 86_400.0

    assert (street.health.fault, street.health.is_chronic) == (Fault.SPIKY, True)
    assert update(street, (street.measured_s or 0.0) + month_s, 0.0).health.fault is None


def test_on_a_street_a_faulty_gauge_can_prove_a_flood_and_on_a_stream_it_cannot() -> None:
    flood = [12.0 * minute for minute in range(9)]
    street, stream = months(is_stream=False), months(is_stream=True)
    for minute, depth_mm in enumerate(flood, 1):
        street = update(street, 86_400.0 * 12 + 60.0 * minute, depth_mm)
        stream = update(stream, 86_400.0 * 12 + 60.0 * minute, depth_mm, JumpContext(is_stream=True))

    assert stream.health.fault is Fault.SPIKY
    assert street.health.fault is None
    assert after([700.0, 0.0], gauge=street).health.fault is Fault.SPIKY  # the next lie ends that


@pytest.mark.parametrize("step_s", [60.0, 310.0])
def test_a_gauge_at_fault_can_be_rehabilitated_at_any_reporting_interval(step_s: float) -> None:
    chain = after([400.0, 0.0] * 9, step_s=step_s)
    flooded = after([*[0.0] * 40, *[12.0 * minute for minute in range(9)]], gauge=chain, step_s=step_s)

    assert chain.health.fault is not None
    assert flooded.health.fault is None


def test_a_gauge_that_went_up_and_down_by_turns_is_not_helped_by_where_it_stood_before() -> None:
    pulses = after([590.0, 600.0, 610.0, 620.0, 640.0, 0.0, 300.0, 0.0])

    assert after([640.0], gauge=pulses).accepted_mm == 0


def test_there_is_no_forecast_for_a_gauge_with_recent_faults_before_it_moves_as_water_does() -> None:
    def forecasts(*depths_mm: float, faulty: int) -> bool:
        gauge = after([*[400.0, 0.0] * faulty, *depths_mm])
        return may_forecast(gauge, gauge.measured_s or 0.0)

    assert forecasts(30.0, faulty=0)
    assert not forecasts(30.0, 60.0, 90.0, faulty=1)
    assert forecasts(30.0, 60.0, 90.0, 120.0, faulty=1)
    assert not forecasts(30.0, 60.0, 45.0, 80.0, faulty=1)
    assert not forecasts(*[30.0 + 20 * minute for minute in range(12)], faulty=9)


def test_after_silence_a_greater_step_is_accepted() -> None:
    assert max_step_mm(60) == STEP_MM
    assert max_step_mm(180) == STEP_MM + 90
    assert max_step_mm(86_400) == max_step_mm(600)


def test_a_gauge_that_jumps_again_and_again_is_at_fault_and_recovers_with_time() -> None:
    chain = after([400.0, 0.0, 700.0, 0.0, 250.0, 0.0] * 3)
    rested = after([0.0] * 420, gauge=chain)

    assert chain.health.fault is Fault.SPIKY
    assert after([0.0] * 100, gauge=chain).health.fault is Fault.SPIKY
    assert rested.health.fault is None


def test_a_gauge_that_jumps_to_one_depth_is_blocked() -> None:
    assert after([2400.0, 2400.0, 2400.0, 0.0] * 9).health.fault is Fault.BLOCKED
    assert after([2400.0, 0.0] * 9).health.fault is Fault.SPIKY


def test_a_gauge_at_fault_that_moves_as_only_water_does_is_healthy_at_once() -> None:
    chain = after([400.0, 0.0] * 9)
    flooded = after([*[0.0] * 40, *[12.0 * minute for minute in range(9)]], gauge=chain)

    assert chain.health.fault is not None
    assert flooded.health.fault is None


def test_a_gauge_that_says_the_same_for_hours_is_stuck() -> None:
    assert after([60.0] * 380).health.fault is Fault.STUCK
    assert after([60.0 + minute % 5 for minute in range(380)]).health.fault is None


def test_a_dip_is_a_fault_and_not_a_fall() -> None:
    deep = after([60.0, 120.0, 180.0, 240.0, 300.0])
    back = after([20.0, 302.0], gauge=deep)

    assert back.accepted_mm == 302
    assert back.health.fault_score > 0


@pytest.mark.parametrize(
    ("depths_mm", "accepted_mm"),
    [
        ([200.0], 200.0),  # out of a dry street
        ([201.0], 0.0),
        ([100.0, 300.0], 300.0),  # out of water that rises
        ([100.0, 301.0], 100.0),
    ],
)
def test_a_slow_gauge_may_step_by_200_mm(depths_mm: list[float], accepted_mm: float) -> None:
    assert after(depths_mm, step_s=600.0, context=JumpContext(is_stream=True)).accepted_mm == accepted_mm


def test_an_event_in_which_the_gauge_had_faults_is_no_past_event() -> None:
    rising = [20.0, 60.0, 100.0, 60.0, 20.0]

    assert [one.peak_mm for one in after([*rising, *[0.0] * 30, 15.0]).past_events] == [100.0]
    assert after([400.0, 0.0, 300.0, 0.0, *rising, *[0.0] * 30, 15.0]).past_events == ()


def test_floods_are_remembered_with_their_peaks_and_puddles_are_not() -> None:
    flood = [20.0, 60.0, 100.0, 60.0, 20.0, *[0.0] * 30]
    twice = after([*flood, 15.0, *[0.0] * 30, *flood])

    assert [one.peak_mm for one in twice.past_events] == [100.0, 100.0]
    assert twice.event is None


@pytest.mark.parametrize(
    ("depths_mm", "faults"), [((30.0, 0.0, 30.0), 0.0), ((30.1, 0.0), 0.5), ((30.1, 0.0, 30.1), 1.0)]
)
def test_up_and_down_by_more_than_30_mm_is_half_a_fault_each_time(depths_mm: tuple[float, ...], faults: float) -> None:
    gauge = after(list(depths_mm))

    assert sensor_health.fault_score_at(gauge.health, gauge.measured_s or 0.0) == pytest.approx(faults, abs=0.01)
