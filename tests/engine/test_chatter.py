"""A level that comes and goes is not news each time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from math import cos, pi

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.water.tide import TIDE_S
from rencheng.text.sentences import description
from rencheng.text.zh import CHINESE
from tests.support.evaluation import messages_of
from tests.support.gauge_play import at, reading, site

HOURS = 8


def played(readings: Iterable[WaterReading], site_type: SiteType) -> list[WarningMessage]:
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
    messages = played([*calm, *flood], site_type)
    red_mm = default_profile(site_type).depth_mm(messages[-1].level)
    reached = next(one.time for one in flood if one.depth_mm is not None and one.depth_mm >= red_mm)

    assert messages[-1].level.word == "red"
    assert messages[-1].issued_at <= reached


def tides(high_mm: Sequence[float], step_min: int, begins_min: float = 0.0) -> Iterator[WaterReading]:
    """A tide to each of these depths, each half a lunar day; at low water the street is dry."""
    minutes = TIDE_S / 60 * len(high_mm)
    for minute in range(0, int(minutes), step_min):
        turn = minute / (TIDE_S / 60)
        high = high_mm[int(turn)]
        yield reading(begins_min + minute, round(max(0.0, high * (1 - 3 * abs(turn % 1 - 0.5) ** 2 * 4))))


@settings(max_examples=8, deadline=None)
@given(st.floats(90, 250), st.sampled_from([5, 10]), st.lists(st.floats(-0.06, 0.06), min_size=14, max_size=14))
def test_a_week_of_tide_at_a_street_makes_at_most_two_messages_a_tide_once_two_are_known(
    high_mm: float, step_min: int, varies: list[float]
) -> None:
    messages = played(tides([high_mm * (1 + share) for share in varies], step_min), SiteType.ROAD)
    assert len(messages) <= 2 * len(varies) + 4


def test_the_usual_tide_is_in_the_message_and_a_flood_above_it_is_news_at_once() -> None:
    usual = played(tides([200.0] * 8, 5), SiteType.ROAD)
    high = played(tides([200.0] * 7 + [330.0], 5), SiteType.ROAD)
    alerts = [message for message in usual if message.message_type is MessageType.ALERT]

    assert [message.grounds.usual_mm for message in alerts[2:]] == [200] * len(alerts[2:])
    assert "通常最深约20厘米" in description(alerts[-1], site("S"), CHINESE)
    assert max(message.level for message in high) is Level.ORANGE
    first = next(message for message in high if message.level is Level.ORANGE)
    assert "明显高于该处随潮汐涨落的通常水深" in description(first, site("S"), CHINESE)


def test_a_cloudburst_in_the_hour_of_a_usual_tide_is_warned_of_at_once() -> None:
    burst = (reading(8.25 * TIDE_S / 60 + minute, 30.0 * minute) for minute in range(6))
    messages = played(chain(tides([200.0] * 8, 5), burst), SiteType.ROAD)
    assert messages[-1].level >= Level.YELLOW
    assert messages[-1].issued_at >= at(8.25 * TIDE_S / 60)


def test_where_people_drown_each_tide_is_news() -> None:
    messages = played(tides([200.0] * 8, 5), SiteType.UNDERPASS)
    assert sum(message.message_type is MessageType.ALERT for message in messages) == 8
