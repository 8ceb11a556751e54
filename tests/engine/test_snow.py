"""Snow under a gauge brings people to look and closes nothing; water in frost is still warned of."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_record

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind
from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import SiteType, default_profile
from rencheng.domain.warning import MessageType, SiteNoticeKind
from rencheng.engine.doubt import review_doubt, settle
from rencheng.engine.evaluate import evaluate
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.engine.site_policy import policy_of
from tests.support.gauge_play import at, reading, site

HOURS = 8


def levels_of(
    depths: Iterable[WaterReading], site_type: SiteType = SiteType.UNDERPASS, celsius: float | None = None
) -> tuple[Level, Level, list[tuple[float, Level]]]:
    """The highest level of a warning, that of a doubt, and the minutes at which levels were raised."""
    evaluator = Evaluator()
    one = replace(site("S", "G1", world="drill"), site_type=site_type, profile=default_profile(site_type))
    sensors = (*one.sensors, BoundSensor("R", Role.RAIN))
    evaluator.set_sites({"S": replace(one, sensors=sensors, rain_gauge_ids=("R",))})
    warned, doubted, raised = Level.NONE, Level.NONE, []
    for each in depths:
        each.temperature_c = celsius if each.rain_mm is None else None
        for found in evaluator.process_and_commit(each, each.time):
            if found.message and found.message.message_type is not MessageType.CANCEL:
                warned = max(warned, found.message.level)
                raised.append(((each.time - at(0)).total_seconds() / 60, found.message.level))
            if found.notice and found.notice.kind is SiteNoticeKind.DOUBTFUL:
                doubted = max(doubted, found.notice.level)
    return warned, doubted, raised


def growth(mm_per_min: float, until_mm: float, step_min: int, noise: Callable[[int], float]) -> list[WaterReading]:
    dry = [reading(-60 + minute, 0.0) for minute in range(0, 60, step_min)]
    minutes = range(0, 60 * HOURS, step_min)
    return [*dry, *(reading(each, max(0.0, min(mm_per_min * each, until_mm) + noise(each))) for each in minutes)]


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.2, 0.9),
    st.sampled_from([1, 5, 10, 15, 30]),
    st.sampled_from([SiteType.UNDERPASS, SiteType.ROAD, SiteType.UNDERGROUND_CAR_PARK]),
    st.sampled_from([None, -5.0, 1.0]),
    st.integers(0, 12),
)
def test_snow_of_any_growth_closes_nothing_and_is_looked_at(
    mm_per_min: float, step_min: int, site_type: SiteType, celsius: float | None, noise_mm: int
) -> None:
    snow = growth(mm_per_min, 400.0, step_min, lambda minute: noise_mm * ((minute * 7) % 5 - 2) / 2)
    warned, doubted, _ = levels_of(snow, site_type, celsius)
    deepest_mm = max(each.depth_mm or 0.0 for each in snow[:-1])
    due = max(
        (level for level in (Level.ORANGE, Level.RED) if default_profile(site_type).depth_mm(level) <= deepest_mm),
        default=Level.NONE,
    )

    assert warned <= (Level.YELLOW if celsius is None else Level.BLUE)
    assert doubted >= due


@pytest.mark.parametrize("celsius", [3.0, 25.0])
def test_slow_growth_in_warm_air_is_water(celsius: float) -> None:
    assert levels_of(growth(0.6, 300.0, 1, lambda _: 0.0), celsius=celsius)[0] is Level.RED


def test_slow_growth_in_rain_is_water() -> None:
    rain = [WaterReading("R", 0, at(minute), rain_mm=0.4 + 0.2 * (minute % 3)) for minute in range(0, 60 * HOURS, 10)]
    mixed = sorted([*growth(0.6, 300.0, 1, lambda _: 0.0), *rain], key=lambda each: (each.time, each.device_id))
    assert levels_of(mixed)[0] is Level.RED


@pytest.mark.parametrize("step_min", [1, 5, 10])
@pytest.mark.parametrize("site_type", [SiteType.UNDERPASS, SiteType.ROAD])
def test_a_burst_main_in_frost_is_warned_of(step_min: int, site_type: SiteType) -> None:
    warned, _, raised = levels_of(growth(12.0, 450.0, step_min, lambda _: 0.0), site_type, -8.0)

    assert warned is Level.RED
    assert min(minute for minute, level in raised if level is Level.RED) <= 450 / 12 + 2 * step_min


def test_snow_that_is_flooded_later_is_warned_of_as_water() -> None:
    snow = growth(0.5, 150.0, 1, lambda _: 0.0)
    flood = [reading(60 * HOURS + minute, 150.0 + 15.0 * minute) for minute in range(1, 20)]
    _, _, raised = levels_of([*snow, *flood], celsius=1.0)

    assert max(level for _, level in raised) is Level.RED
    assert all(minute > 60 * HOURS for minute, level in raised if level > Level.BLUE)


@pytest.mark.parametrize(
    ("kind", "highest"), [(DoubtAnswerKind.CONFIRM, Level.RED), (DoubtAnswerKind.DENY, Level.YELLOW)]
)
def test_a_person_who_looked_settles_slow_growth_for_good(kind: DoubtAnswerKind, highest: Level) -> None:
    one = replace(site("S", "G1", world="drill"), profile=default_profile(SiteType.UNDERPASS))
    policy, record, notices, levels = policy_of(one), SiteRecord(world="drill"), [], []
    for each in growth(0.7, 300.0, 1, lambda _: 0.0):
        state, change = evaluate(record.state, each, policy)
        state, notice = review_doubt(one, state, policy)
        record = replace_record(record, state=state)
        levels += [change.after] if change else []
        notices += [notice] if notice else []
        if notice and notice.doubt and notice.kind is SiteNoticeKind.DOUBTFUL:
            answer = DoubtAnswer("S", "drill", notice.doubt.doubt_id, kind, "patrol 3")
            settled = settle(one, record, policy, answer, each.time.timestamp())
            assert settled is not None
            record = settled.record
            levels.append(record.state.level)

    assert [notice.kind for notice in notices] == [SiteNoticeKind.DOUBTFUL]
    assert max(levels) is highest
