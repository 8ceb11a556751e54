"""The rules of rain, at their edges."""

import pytest

from rencheng.domain.site import SiteType
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.rainfall import (
    ARMED_SHARE,
    EVENTS_KEPT,
    HOLDS_S,
    KEPT_S,
    NO_RAIN,
    RAIN_THRESHOLDS,
    RainEvent,
    RainState,
    RainThresholds,
)

ANSWER = RainThresholds(10.0, 20.0, "test")
QUARTER_S, HOUR_S = 900.0, 3600.0
NOW_S = 1e9


def after(*fallen: tuple[float, float], gauge: str = "P", rain: RainState = NO_RAIN) -> RainState:
    """Rain of (s after NOW_S, mm)."""
    for at_s, amount_mm in fallen:
        rain = rainfall.add_rainfall(rain, NOW_S + at_s, amount_mm, gauge, ANSWER)
    return rain


@pytest.mark.parametrize(
    ("fallen", "raises", "arms"),
    [
        ([(0, 10.0)], True, True),
        ([(0, 9.9)], False, True),
        ([(0, 5.0)], False, True),
        ([(0, 4.9)], False, False),
        ([(0, 5.0), (QUARTER_S - 1, 5.0)], True, True),
        ([(0, 5.0), (QUARTER_S, 5.0)], False, True),  # the quarter leaves its beginning out
        ([(0, 7.0), (QUARTER_S, 7.0), (2 * QUARTER_S, 6.0)], True, True),  # the hour's 20
        ([(0, 7.0), (QUARTER_S, 7.0), (HOUR_S, 6.0)], False, True),
    ],
)
def test_a_quarter_s_rain_or_an_hour_s_raises_and_half_of_it_arms(
    fallen: list[tuple[float, float]], raises: bool, arms: bool
) -> None:
    rain, now_s = after(*fallen), NOW_S + fallen[-1][0]

    assert (rainfall.raises(rain, now_s), rainfall.is_armed(rain, now_s)) == (raises, arms)


def test_it_holds_for_three_hours_and_not_longer() -> None:
    rain = after((0, 10.0))

    for holds in (rainfall.raises, rainfall.is_armed):
        assert holds(rain, NOW_S + HOLDS_S)
        assert not holds(rain, NOW_S + HOLDS_S + 1)
        assert not holds(NO_RAIN, 0.0)


def test_two_gauges_see_the_same_rain() -> None:
    rain = after((10, 6.0), gauge="Q", rain=after((0, 3.0)))

    assert rainfall.sums(rain, NOW_S + 10) == (6.0, 6.0)
    assert rainfall.sums(after((20, 4.0), rain=rain), NOW_S + 20) == (7.0, 7.0)


def test_a_step_that_is_reported_twice_counts_once_and_a_late_one_in_its_place() -> None:
    rain = after((0, 3.0), (0, 3.0), (600, 2.0), (300, 1.0))

    assert [(at_s - NOW_S, mm) for at_s, mm, _ in rain.steps] == [(0, 3.0), (300, 1.0), (600, 2.0)]
    assert len(after((0, 3.0), gauge="Q", rain=after((0, 3.0))).steps) == 2


def test_less_than_nothing_does_not_fall_and_what_is_old_is_forgotten() -> None:
    assert rainfall.sums(after((0, -5.0)), NOW_S) == (0.0, 0.0)
    assert [mm for _, mm, _ in after((0, 3.0), (KEPT_S, 1.0)).steps] == [1.0]
    assert [mm for _, mm, _ in after((0, 3.0), (KEPT_S - 1, 1.0)).steps] == [3.0, 1.0]


def test_the_index_is_the_worse_of_quarter_and_hour() -> None:
    assert rainfall.index_at(after((0, 5.0)), NOW_S, ANSWER) == 0.5
    assert rainfall.index_at(after((0, 9.0), (1800, 9.0)), NOW_S + 1800, ANSWER) == 0.9


def test_a_storm_is_kept_with_its_strength_hour_and_whether_the_water_answered() -> None:
    storm = rainfall.mark_response(after((0, 8.0), (600, 1.0)))
    over = rainfall.close_event(storm, NOW_S + 600 + HOLDS_S + 1)

    assert rainfall.close_event(storm, NOW_S + 600 + HOLDS_S) == storm
    assert over.past_events == (RainEvent(0.9, flooded=True),)
    assert (over.strength, over.responded) == (0.0, False)
    assert rainfall.mark_response(NO_RAIN) == NO_RAIN


def test_what_did_not_arm_was_no_storm_and_only_so_many_are_kept() -> None:
    assert rainfall.close_event(after((0, 4.0)), NOW_S + 1e6).past_events == ()
    many = tuple(RainEvent(1.0, flooded=False) for _ in range(EVENTS_KEPT))
    rain = rainfall.close_event(RainState(strength=ARMED_SHARE, past_events=many), NOW_S)

    assert len(rain.past_events) == EVENTS_KEPT
    assert rain.past_events[-1] == RainEvent(ARMED_SHARE, flooded=False)


@pytest.mark.parametrize(
    ("storms", "share"),
    [
        ([], 1.0),
        ([RainEvent(0.6, flooded=False)], 1.0),  # what did not flood below the type's answer teaches nothing
        ([RainEvent(0.4, flooded=True)], (0.4 + 2) / 3),
        ([RainEvent(1.0, flooded=False)], 1.0),
        ([RainEvent(2.5, flooded=False)], (2.5 + 2) / 3),
        ([RainEvent(0.4, flooded=True), RainEvent(0.6, flooded=True)], (2 * 0.4 + 2) / 4),
        ([RainEvent(1.0, flooded=True), RainEvent(2.0, flooded=False)], (2 * 1.5 + 2) / 4),
        ([RainEvent(1.0, flooded=True), RainEvent(0.5, flooded=False)], (2 * 0.75 + 2) / 4),
        ([RainEvent(1.0, flooded=True), RainEvent(0.49, flooded=False)], 1.0),
        ([RainEvent(9.0, flooded=False)] * 9, 2.0),
        ([RainEvent(0.1, flooded=True)] * 9, 0.5),
    ],
)
def test_a_site_learns_its_own_answer_from_its_storms(storms: list[RainEvent], share: float) -> None:
    assert rainfall.site_factor(RainState(past_events=tuple(storms))) == pytest.approx(share)


def test_a_site_that_floods_sooner_is_raised_and_armed_sooner() -> None:
    eager = RainState(past_events=(RainEvent(0.4, flooded=True),) * 2)  # 0.7 of its type

    assert rainfall.raises(after((0, 7.0), rain=eager), NOW_S)
    assert not rainfall.raises(after((0, 6.9), rain=eager), NOW_S)
    assert rainfall.is_armed(after((0, 3.5), rain=eager), NOW_S)
    assert not rainfall.is_armed(after((0, 3.4), rain=eager), NOW_S)


@pytest.mark.parametrize(
    ("site_type", "quarter_mm", "hour_mm"),
    [
        (SiteType.CHANNEL, 3.0, 8.0),
        *((street, 12.0, 25.0) for street in (SiteType.ROAD, SiteType.LOW_LYING_COMMUNITY, SiteType.CHARGING_STATION)),
        *((below, 10.0, 20.0) for below in (SiteType.UNDERPASS, SiteType.TUNNEL)),
        *((below, 10.0, 20.0) for below in (SiteType.METRO_ENTRANCE, SiteType.UNDERGROUND_CAR_PARK)),
    ],
)
def test_below_ground_less_rain_floods_than_on_a_street_and_of_a_stream_least(
    site_type: SiteType, quarter_mm: float, hour_mm: float
) -> None:
    def raises(*fallen: tuple[float, float]) -> bool:
        rain = NO_RAIN
        for at_s, amount_mm in fallen:
            rain = rainfall.add_rainfall(rain, NOW_S + at_s, amount_mm, "P", RAIN_THRESHOLDS[site_type])
        return rainfall.raises(rain, NOW_S + fallen[-1][0])

    eighths_s = [450.0 * place for place in range(8)]

    assert raises((0, quarter_mm))
    assert not raises((0, quarter_mm - 0.1))
    assert raises(*((at_s, hour_mm / 8) for at_s in eighths_s))
    assert not raises(*((at_s, hour_mm / 8 - 0.1) for at_s in eighths_s))
