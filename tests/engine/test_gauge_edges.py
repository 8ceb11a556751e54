"""The rules of what one gauge is accepted, at their edges: what mutants survived."""

import pytest

from rencheng.engine.arming import JumpContext
from rencheng.engine.gauge import NEW, GaugeState
from rencheng.engine.gauge_update import update
from rencheng.engine.health.water_odds import NEEDED_ODDS, NEEDED_ODDS_FAIL_SAFE

DAY_S = 86_400.0


def after(*depths_mm: float, gauge: GaugeState = NEW, step_s: float = 60.0, fail_safe: bool = False) -> GaugeState:
    """Samples a step apart; the first at 0, or a step after the gauge's last."""
    begin_s = 0.0 if gauge.measured_s is None else gauge.measured_s + step_s
    context = JumpContext(NEEDED_ODDS_FAIL_SAFE if fail_safe else NEEDED_ODDS)
    for place, depth_mm in enumerate(depths_mm):
        gauge = update(gauge, begin_s + place * step_s, depth_mm, context)
    return gauge


FELL = after(0.0, 75.0, 150.0, 225.0, 300.0, 0.0)
"""Water at 300 mm, and gone from one sample to the next."""


@pytest.mark.parametrize(("depth_mm", "accepted_mm"), [(269.9, 0), (270, 270), (330, 330), (330.1, 0)])
def test_a_return_to_within_a_tenth_of_the_depth_before_a_dip_is_accepted(depth_mm: float, accepted_mm: float) -> None:
    assert after(depth_mm, gauge=FELL).accepted_mm == accepted_mm


def each_day_a_passer_by(*, is_stream: bool, at_once: bool) -> GaugeState:
    gauge = NEW
    for day in range(10):
        for minute, depth_mm in enumerate((0.0, 500.0, 0.0)):
            gauge = update(
                gauge,
                day * DAY_S + 60.0 * minute,
                depth_mm,
                JumpContext(NEEDED_ODDS_FAIL_SAFE if at_once else NEEDED_ODDS, is_stream=is_stream),
            )
    return gauge


@pytest.mark.parametrize(
    ("is_stream", "at_once", "is_faulty"), [(False, False, False), (False, True, False), (True, False, True)]
)
def test_a_daily_object_under_a_street_gauge_is_no_fault_and_under_a_stream_gauge_it_is(
    is_stream: bool, at_once: bool, is_faulty: bool
) -> None:
    health = each_day_a_passer_by(is_stream=is_stream, at_once=at_once).health

    assert (health.is_chronic, health.fault is not None) == (is_faulty, is_faulty)


@pytest.mark.parametrize(
    ("first_s", "second_s", "is_seen"),
    [
        (240.0, 60.0, True),  # five minutes, or
        (241.0, 60.0, False),
        (600.0, 300.0, True),  # three of its steps
        (601.0, 300.0, False),
    ],
)
def test_up_and_down_within_five_minutes_or_three_steps_is_no_water(
    first_s: float, second_s: float, is_seen: bool
) -> None:
    gauge = update(after(0.0, 0.0), 60.0 + first_s, 45.0)
    gauge = update(gauge, 60.0 + first_s + second_s, 0.0)

    assert (gauge.health.fault_score > 0) is is_seen


@pytest.mark.parametrize("stood_mm", [0.0, 9.9, 10.0, 79.0])
def test_at_a_fail_safe_site_a_jump_is_accepted_at_once_and_unconfirmed(stood_mm: float) -> None:
    gauge = update(after(0.0, stood_mm, fail_safe=True), 120.0, 400.0, JumpContext(NEEDED_ODDS_FAIL_SAFE))

    assert (gauge.accepted_mm, gauge.unconfirmed_from_mm) == (400.0, stood_mm)
