"""Where people can drown: a tunnel is warned of in time, and one lying gauge of three changes nothing."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from rencheng.cap.mapping import VALID_FOR
from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import MessageType, WarningMessage, WarningRule
from rencheng.engine.evaluator import Evaluator
from tests.support.evaluation import messages_of
from tests.support.gauge_play import reading, site

WORLD = "drill"


def place(site_type: SiteType, *gauges: str) -> Evaluator:
    evaluator = Evaluator()
    one = replace(site("S", *gauges, world=WORLD), site_type=site_type, profile=default_profile(site_type))
    evaluator.set_sites({"S": one})
    return evaluator


def messages_for(evaluator: Evaluator, readings: Iterable[WaterReading]) -> list[WarningMessage]:
    in_order = sorted(readings, key=lambda one: (one.time, one.device_id))
    return [message for one in in_order for message in messages_of(evaluator, one, one.time)]


def highest(messages: Iterable[WarningMessage]) -> Level:
    warned = (message.level for message in messages if message.message_type is not MessageType.CANCEL)
    return max(warned, default=Level.NONE)


@pytest.mark.parametrize("site_type", [SiteType.TUNNEL, SiteType.UNDERPASS, SiteType.METRO_ENTRANCE])
@pytest.mark.parametrize("first_mm", [20.0, 75.0, 140.0, 150.0])
@pytest.mark.parametrize("dry_minutes", [0, 1, 600])
def test_a_tunnel_that_fills_by_150_mm_a_minute_is_warned_of_by_the_second_sample_at_yellow(
    site_type: SiteType, first_mm: float, dry_minutes: int
) -> None:
    """Zhengzhou's rose by 140 to 170 mm a minute: domain reference, 1.4. The first may be anything that passes by."""
    yellow_mm = default_profile(site_type).depth_mm(Level.YELLOW)
    dry = [reading(-minute - 1, 0.0) for minute in range(dry_minutes)]
    rising = [reading(minute, first_mm + 150 * minute) for minute in range(4)]
    messages = messages_for(place(site_type, "G1"), [*dry, *rising])
    second = [one.time for one in rising if one.depth_mm is not None and one.depth_mm >= yellow_mm][1]

    assert highest(message for message in messages if message.issued_at <= second) >= Level.YELLOW
    assert highest(messages) is Level.RED


def stuck_high(minute: int, _true_mm: float, _dice: random.Random) -> float:
    return 2400.0 if minute > 5 else 0.0


def stuck_low(_minute: int, _true_mm: float, _dice: random.Random) -> float:
    return 0.0


def spiky(_minute: int, true_mm: float, dice: random.Random) -> float:
    return dice.uniform(0, 1500) if dice.random() < 0.4 else true_mm


def drifting(minute: int, _true_mm: float, _dice: random.Random) -> float:
    return 6.0 * minute


def absurd(minute: int, true_mm: float, _dice: random.Random) -> float:
    return true_mm if minute % 3 else 5000.0


STANDS: list[Callable[[int, float, random.Random], float]] = [stuck_high, stuck_low, spiky, drifting, absurd]


def three(true_mm: Callable[[int], float], stand: Callable[[int, float, random.Random], float]) -> list[WaterReading]:
    dice = random.Random(7)  # noqa: S311 - the same lies each time
    found = []
    for minute in range(180):
        depths = {"A": true_mm(minute), "B": true_mm(minute) + 3, "L": stand(minute, true_mm(minute), dice)}
        found += [reading(minute + 0.1 * place, mm, gauge) for place, (gauge, mm) in enumerate(depths.items())]
    return found


def dry(_minute: int) -> float:
    return 0.0


def flood(minute: int) -> float:
    """Up to 320 mm within 40 minutes, from the thirtieth on, and away again."""
    return max(0.0, min(8.0 * (minute - 30), 320.0, 320 - 8.0 * (minute - 110)))


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL])
@pytest.mark.parametrize("stand", STANDS)
def test_one_lying_gauge_of_three_raises_no_warning(
    site_type: SiteType, stand: Callable[[int, float, random.Random], float]
) -> None:
    messages = messages_for(place(site_type, "A", "B", "L"), three(dry, stand))

    assert highest(messages) is Level.NONE


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL])
@pytest.mark.parametrize("stand", STANDS)
def test_one_lying_gauge_of_three_hides_no_flood(
    site_type: SiteType, stand: Callable[[int, float, random.Random], float]
) -> None:
    honest = messages_for(place(site_type, "A", "B"), [one for one in three(flood, stand) if one.device_id != "L"])
    messages = messages_for(place(site_type, "A", "B", "L"), three(flood, stand))

    assert highest(messages) >= Level.ORANGE
    reached = {message.level: message.issued_at for message in reversed(honest)}
    for level in (Level.YELLOW, Level.ORANGE):
        before = [message.issued_at for message in messages if message.level >= level]
        assert before, f"{level.word} is missed"
        if level in reached:
            assert before[0] <= reached[level] + timedelta(minutes=2)


def test_a_warning_whose_only_gauge_is_at_fault_names_it_once_and_holds() -> None:
    street = place(SiteType.ROAD, "G1")
    flood = [reading(minute, min(12.0 * minute, 300.0)) for minute in range(-10, 30)]
    zigzag = [reading(30 + minute, 300.0 if minute % 2 else 120.0) for minute in range(40)]
    messages = messages_for(street, [*flood, *zigzag])
    lost = [message for message in messages if message.grounds.rule is WarningRule.LOST_TRUST]

    assert [(one.message_type, one.grounds.device_id, one.grounds.depth_mm) for one in lost] == [
        (MessageType.UPDATE, "G1", None)
    ]
    assert lost[0].level >= Level.YELLOW
    assert messages[-1].message_type is not MessageType.CANCEL


def test_a_warning_whose_gauge_reports_on_at_fault_is_renewed_or_ended_before_its_cap_message_ends() -> None:
    street = place(SiteType.ROAD, "G1")
    flood = [reading(minute, min(12.0 * minute, 300.0)) for minute in range(-10, 30)]
    zigzag = [reading(30 + minute, 300.0 if minute % 2 else 120.0) for minute in range(24 * 60)]
    messages = messages_for(street, [*flood, *zigzag])
    times = [message.issued_at for message in messages] + [zigzag[-1].time]
    is_open = [message.message_type is not MessageType.CANCEL for message in messages]

    gaps = [after - before for before, after, still in zip(times, times[1:], is_open, strict=False) if still]
    assert max(gaps) < VALID_FOR


@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.UNDERPASS])
@pytest.mark.parametrize(
    ("died_mm", "minutes", "is_forgotten"), [(60.0, 70, True), (60.0, 7, False), (180.0, 70, False), (600.0, 70, False)]
)
def test_a_puddle_under_a_gauge_that_died_is_forgotten_within_a_day_and_deep_or_rising_water_is_not(
    site_type: SiteType, died_mm: float, minutes: int, *, is_forgotten: bool
) -> None:
    street = place(site_type, "A", "B")
    rise = [reading(minute, min(10.0 * max(minute, 0), died_mm), "A") for minute in range(-10, minutes)]
    dry = [reading(minute, 0.0, "B") for minute in range(-10, 4 * 24 * 60, 10)]
    messages = messages_for(street, [*rise, *dry])

    assert (messages[-1].message_type is MessageType.CANCEL) is is_forgotten
    if is_forgotten:
        assert messages[-1].issued_at <= rise[-1].time + timedelta(hours=25)
        assert len(messages) <= 6
