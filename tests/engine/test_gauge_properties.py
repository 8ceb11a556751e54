"""What holds of a street gauge's health, whatever water rises under it and whatever stands there."""

from hypothesis import given
from hypothesis import strategies as st

from rencheng.engine.gauge import NEW, GaugeState
from rencheng.engine.gauge_update import update
from rencheng.engine.health.jump_filter import STEP_MM
from rencheng.engine.water.event import WET_MM

STEP_S = 60.0
_TOPS_MM = st.floats(140.0, 1500.0)
_OF_A_PULSE = st.lists(st.floats(0.6, 1.0), min_size=1, max_size=4)
_NOTHING = st.integers(1, 3)


def gauge_after(depths_mm: list[float]) -> list[GaugeState]:
    """The gauge after each of some samples, a minute apart, above a dry street before."""
    gauge, found = update(NEW, 0.0, 0.0), []
    for minute, depth_mm in enumerate(depths_mm, 1):
        gauge = update(gauge, STEP_S * minute, depth_mm)
        found.append(gauge)
    return found


@given(st.lists(st.floats(0.0, STEP_MM - 1.0), min_size=1, max_size=40))
def test_water_that_rises_through_the_depths_between_is_accepted_at_every_sample(rises_mm: list[float]) -> None:
    depths_mm = [sum(rises_mm[: place + 1]) for place in range(len(rises_mm))]
    gauges = gauge_after(depths_mm)

    assert [one.accepted_mm for one in gauges] == depths_mm
    assert all(one.is_trusted for one in gauges)


@given(_TOPS_MM, st.lists(st.tuples(_OF_A_PULSE, _NOTHING), min_size=1, max_size=30))
def test_bicycles_and_grass_are_never_accepted(top_mm: float, pulses: list[tuple[list[float], int]]) -> None:
    depths_mm = [
        depth_mm for shares, nothing in pulses for depth_mm in [*(top_mm * share for share in shares), *[0.0] * nothing]
    ]

    assert all(one.accepted_mm is not None and one.accepted_mm < WET_MM for one in gauge_after(depths_mm))


@given(st.floats(85.0, 1500.0), st.lists(st.floats(0.98, 1.02), min_size=1, max_size=120))
def test_a_parked_car_is_never_accepted_at_any_duration(top_mm: float, ripples: list[float]) -> None:
    gauges = gauge_after([top_mm * ripple for ripple in ripples])

    assert all(one.accepted_mm == 0.0 for one in gauges)
    assert gauge_after([*[top_mm * ripple for ripple in ripples], 0.0])[-1].accepted_mm == 0.0
