"""The zero of a gauge is what it reads above a dry street; standing water is none."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType
from rencheng.engine.evaluate import evaluate
from rencheng.engine.health.baseline import GREATEST_MM, STEP_LASTS_S, UNLEARNED, learned
from rencheng.engine.site_policy import policy_of
from rencheng.engine.state import SiteState
from tests.support.gauge_play import at, reading, site

ROAD = replace(site("S", "G1"), site_type=SiteType.ROAD)


def levels(readings: Iterable[WaterReading]) -> list[tuple[float, str]]:
    state, policy = SiteState(), policy_of(ROAD)
    found: list[tuple[float, str]] = []
    for one in readings:
        state, change = evaluate(state, one, policy)
        if change:
            found.append(((one.time - at(0)).total_seconds() / 60, change.after.word))
    return found


def flood(offset_mm: float, dry_min: int) -> list[WaterReading]:
    """A gauge that reads this too much: dry for some minutes, then 10 mm a minute to 300 mm."""
    return [reading(m, offset_mm + m % 3 + min(300.0, max(0.0, 10.0 * (m - dry_min)))) for m in range(dry_min + 60)]


@pytest.mark.parametrize("offset_mm", [-60.0, -30.0, 0.0, 40.0, 60.0])
def test_a_gauge_with_an_offset_warns_as_one_without(offset_mm: float) -> None:
    found = {word: minute for minute, word in levels(flood(offset_mm, 800))}
    right = {word: minute for minute, word in levels(flood(0.0, 800))}

    assert {word: found[word] for word in ("yellow", "orange")} == {word: right[word] for word in ("yellow", "orange")}


def test_a_gauge_that_never_read_a_dry_street_does_not_stay_blue_for_days() -> None:
    found = levels([reading(m, 60.0 + m // 10 % 3) for m in range(0, 4320, 10)])

    assert [word for _, word in found][-1] == "none"
    assert len(found) <= 3


def test_water_that_stands_after_a_dry_street_is_no_zero() -> None:
    rise = [reading(m, min(80.0, max(0.0, 2.0 * (m - 100)))) for m in range(2000)]

    state, policy = SiteState(), policy_of(ROAD)
    for one in rise:
        state, _ = evaluate(state, one, policy)

    assert state.gauges["G1/0"].zero.offset_mm == 0.0


def knocked(offset_mm: float) -> list[WaterReading]:
    """A gauge whose pole is knocked after two hours: from then on it reads so much more; a flood follows on day 3."""
    flood_mm = [min(400.0, max(0.0, 5.0 * (minute - 4320))) for minute in range(0, 4600, 5)]
    return [
        reading(5.0 * place, place % 3 + mm + (offset_mm if place >= 24 else 0.0)) for place, mm in enumerate(flood_mm)
    ]


@pytest.mark.parametrize("offset_mm", [55.0, 70.0, 95.0])
def test_a_knocked_pole_is_blue_for_a_day_and_a_later_flood_is_warned_of(offset_mm: float) -> None:
    found = levels(knocked(offset_mm))

    assert "yellow" not in [word for minute, word in found if minute < 4320]
    assert [word for minute, word in found if minute < 4320][-1] == "none"
    assert 4340 <= {word: minute for minute, word in found}["yellow"] <= 4360


def test_a_step_in_rain_and_water_that_rose_in_several_steps_are_no_zero() -> None:
    steps = [0.0] * 12 + [55.0] * 12 + [85.0] * 600
    for depths_mm, is_dry in ((steps, True), ([0.0] * 12 + [70.0] * 600, False)):
        zero = UNLEARNED
        for place, depth_mm in enumerate(depths_mm):
            is_dry_weather = is_dry or place > 20
            zero = learned(zero, place * 300.0, depth_mm, is_dry_weather=is_dry_weather, most_mm=GREATEST_MM)
        assert zero.offset_mm == 0.0


@given(st.lists(st.floats(-400, 400), min_size=1, max_size=60), st.sampled_from([60.0, 600.0, 3600.0]), st.booleans())
def test_the_offset_is_bounded_and_a_street_that_was_dry_has_none_above_it_within_a_day(
    depths_mm: list[float], step_s: float, is_dry_weather: bool
) -> None:
    zero, was_dry = UNLEARNED, False
    for place, depth_mm in enumerate(depths_mm):
        zero = learned(zero, place * step_s, depth_mm, is_dry_weather=is_dry_weather, most_mm=GREATEST_MM)
        was_dry = (was_dry or depth_mm < 10.0) and place * step_s < STEP_LASTS_S
        assert abs(zero.offset_mm) <= GREATEST_MM
        assert not (was_dry and zero.offset_mm > 10.0)
        assert is_dry_weather or not zero.offset_mm
