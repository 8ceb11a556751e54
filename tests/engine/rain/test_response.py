"""How a site's response to rain is learned from its storms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.engine.rain.response import WET_HALVES_S, Dose, RainThresholds, Storm, response, wetness

TYPE = RainThresholds(12.0, 25.0, "test", (0.6, 0.3, 0.1))
BLUE_MM, YELLOW_MM = 50.0, 150.0


def short(mm: float) -> Dose:
    """A shower that falls within a quarter of an hour."""
    return Dose(mm, mm, mm)


def flooded(mm: float, peak_mm: float = BLUE_MM) -> Storm:
    return Storm(0.0, short(mm), short(mm), peak_mm)


def spared(mm: float) -> Storm:
    return Storm(0.0, short(mm))


def chance(dose: Dose, *storms: Storm, depth_mm: float = BLUE_MM) -> float:
    return response(storms, TYPE, depth_mm, BLUE_MM).probability(dose)


storms = st.lists(st.builds(lambda mm, floods: flooded(mm) if floods else spared(mm), st.floats(1, 60), st.booleans()))
amounts = st.floats(0.1, 100)


@given(storms, amounts, amounts)
def test_more_rain_is_never_less_probable_to_flood(seen: list[Storm], one_mm: float, other_mm: float) -> None:
    less, more = sorted((chance(short(one_mm), *seen), chance(short(other_mm), *seen)))

    assert 0 <= less <= more <= 1
    assert (one_mm <= other_mm) == (chance(short(one_mm), *seen) <= chance(short(other_mm), *seen)) or less == more


@given(storms, amounts, st.floats(1, 60))
def test_a_storm_that_flooded_makes_floods_no_less_probable_and_one_that_did_not_no_more(
    seen: list[Storm], now_mm: float, storm_mm: float
) -> None:
    dose, tolerance = short(now_mm), 1e-9
    window = RainThresholds(12.0, 25.0, "one window", (1.0, 0.0, 0.0))
    dry_ground = [
        response(tuple(each), window, BLUE_MM, BLUE_MM).probability(dose)
        for each in ([*seen, flooded(storm_mm)], seen, [*seen, spared(storm_mm)])
    ]

    assert dry_ground[0] >= dry_ground[1] - tolerance
    assert dry_ground[1] >= dry_ground[2] - tolerance


def test_without_storms_the_type_decides() -> None:
    assert chance(short(12.0)) < 0.5 < chance(Dose(12.0, 25.0, 60.0))
    assert response((), TYPE, BLUE_MM, BLUE_MM).window_s == 900.0


def test_a_street_that_never_floods_in_heavy_rain_learns_that() -> None:
    heavy = short(20.0)

    assert chance(heavy) > 0.4
    assert chance(heavy, *[spared(20.0)] * 5) < 0.2


def test_a_street_that_floods_in_light_rain_learns_that() -> None:
    light = short(4.0)

    assert chance(light) < 0.1
    assert chance(light, *[flooded(4.0)] * 3) > 0.4


def test_the_window_that_tells_floods_from_dry_storms_is_learned() -> None:
    """Short showers never flooded here, hours of rain did."""
    showers = [Storm(0.0, Dose(15.0, 15.0, 15.0))] * 5
    long_rain = [Storm(0.0, dose, dose, BLUE_MM) for dose in [Dose(5.0, 20.0, 50.0)] * 5]
    known = response((*showers, *long_rain), TYPE, BLUE_MM, BLUE_MM)

    assert known.window_s > 900.0
    assert known.probability(Dose(5.0, 20.0, 50.0)) > 0.5 > known.probability(Dose(15.0, 15.0, 15.0))


def test_a_greater_depth_needs_more_rain() -> None:
    storms = [flooded(10.0, YELLOW_MM)] * 2

    assert chance(short(10.0), *storms, depth_mm=YELLOW_MM) < chance(short(10.0), *storms)


def test_wetness_is_the_rain_of_past_storms_and_halves_in_a_day() -> None:
    assert wetness((spared(20.0),), WET_HALVES_S) == pytest.approx(10.0)
    assert wetness((), 0.0) == 0.0


def test_wet_ground_counts_where_storms_show_it() -> None:
    wet = Dose(6.0, 6.0, 6.0, wet_mm=50.0)
    dry = Dose(6.0, 6.0, 6.0)
    seen = [Storm(0.0, wet, wet, BLUE_MM), Storm(0.0, dry)] * 4

    assert chance(wet, *seen) > 0.5 > chance(dry, *seen)
