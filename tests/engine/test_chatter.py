"""A level that comes and goes is not news each time."""

from collections.abc import Iterator
from dataclasses import replace
from math import cos, pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from tests.support.evaluation import messages_of
from tests.support.gauge_play import reading, site

HOURS = 8


def played(readings: Iterator[WaterReading], site_type: SiteType) -> list[WarningMessage]:
    evaluator = Evaluator(street_model())
    place = replace(site("S", "G1", world="drill"), site_type=site_type, profile=default_profile(site_type))
    evaluator.set_sites({"S": place})
    return [message for one in readings for message in messages_of(evaluator, one, one.time)]


def pumped(
    mean_mm: float, amplitude_mm: float, period_min: float, share: float, step_min: int
) -> Iterator[WaterReading]:
    """Dry for an hour, then rising for a share of each period and falling for the rest."""
    yield from (reading(minute, 0.0) for minute in range(-60, 0, step_min))
    for minute in range(0, 60 * HOURS, step_min):
        phase = minute % period_min / period_min
        turn = phase / share / 2 if phase < share else 0.5 + (phase - share) / (1 - share) / 2
        swing = -cos(2 * pi * turn)
        yield reading(minute, round(max(0.0, (mean_mm + amplitude_mm * swing) * min(1.0, minute / 20))))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(60, 300),
    st.floats(0.1, 0.95),
    st.floats(5, 60),
    st.floats(0.2, 0.8),
    st.sampled_from([1, 5]),
    st.sampled_from([SiteType.UNDERPASS, SiteType.ROAD, SiteType.UNDERGROUND_CAR_PARK]),
)
def test_a_pump_of_any_period_and_amplitude_makes_at_most_15_messages_in_eight_hours(
    mean_mm: float, amplitude_share: float, period_min: float, share: float, step_min: int, site_type: SiteType
) -> None:
    readings = pumped(mean_mm, amplitude_share * mean_mm, period_min, share, step_min)
    assert len(played(readings, site_type)) <= 15


@pytest.mark.parametrize("site_type", [SiteType.UNDERPASS, SiteType.ROAD])
def test_a_flood_above_a_pumped_level_is_warned_of_at_once(site_type: SiteType) -> None:
    calm = list(pumped(110.0, 60.0, 30.0, 0.5, 1))
    flood = [reading(60 * HOURS + minute, 50.0 + 25.0 * minute) for minute in range(30)]
    messages = played(iter([*calm, *flood]), site_type)
    red_mm = default_profile(site_type).depth_mm(messages[-1].level)
    reached = next(one.time for one in flood if one.depth_mm is not None and one.depth_mm >= red_mm)

    assert messages[-1].level.word == "red"
    assert messages[-1].issued_at <= reached
