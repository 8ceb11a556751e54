"""Monitoring of a site is reported lost once it lasts, and restored once it holds; across restarts."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from tests.support.evaluation import notices_of
from tests.support.gauge_play import NOON, at, reading, site, steady

DRILL = "drill"
LOST, RESTORED = SiteNoticeKind.MONITORING_LOST, SiteNoticeKind.MONITORING_RESTORED
STREET = replace(site("S", "G1", world=DRILL), site_type=SiteType.ROAD)
CLOCK = site("clock", "C", world=DRILL)
"""A second site, whose readings advance the time of the exercise."""

NoticeTime = tuple[SiteNoticeKind, float]
"""A kind of notice, and the minute after noon at which it is issued."""


def open_evaluator(street: Site = STREET, kept: SiteRecord | None = None) -> Evaluator:
    evaluator = Evaluator()
    evaluator.set_sites({street.site_id: street, "clock": CLOCK})
    evaluator.restore({street.site_id: kept} if kept else {})
    return evaluator


def in_order(*readings: WaterReading) -> list[WaterReading]:
    return sorted(readings, key=lambda one: one.time)


def notices(readings: Sequence[WaterReading], street: Site = STREET) -> list[SiteNotice]:
    evaluator = open_evaluator(street)
    return [notice for one in readings for notice in notices_of(evaluator, one, one.time) if notice.site_id == "S"]


def times(found: Iterable[SiteNotice]) -> list[NoticeTime]:
    return [(one.kind, (one.issued_at - NOON).total_seconds() / 60) for one in found]


def missing(minutes: Iterable[float]) -> list[WaterReading]:
    return [reading(minute, None, quality=Quality.MISSING) for minute in minutes]


def clock(minutes: int) -> list[WaterReading]:
    return steady(0, range(minutes), "C")


def test_a_silent_site_is_lost_a_quarter_of_an_hour_after_its_gauge_is_silent() -> None:
    found = notices(in_order(*steady(0, range(10)), *clock(200)))

    assert times(found) == [(LOST, 9 + 15 + 15 + 1)]
    assert found[0].gauges == (("G1", "silent"),)
    assert found[0].level is Level.BLUE


def test_a_gap_that_closes_within_the_on_delay_is_not_reported() -> None:
    assert notices(in_order(*steady(0, range(10)), *steady(0, range(38, 60)), *clock(60))) == []


def test_a_site_is_restored_once_it_has_had_data_for_as_long_as_it_had_none() -> None:
    back = steady(0, range(100, 300))
    found = notices(in_order(*steady(0, range(10)), *back, *clock(300)))

    assert times(found) == [(LOST, 40), (RESTORED, 100 + (100 - 24))]
    assert found[1].gauges == (("G1", "reporting"),)


@pytest.mark.parametrize(("gap_min", "held_min"), [(41, 17), (2000, 180)])
def test_the_off_delay_is_as_long_as_the_loss_but_three_hours_at_most(gap_min: int, held_min: int) -> None:
    begins = 9 + gap_min
    readings = in_order(*steady(0, range(10)), *steady(0, range(begins, begins + 300)), *clock(begins + 300))

    assert times(notices(readings))[1:] == [(RESTORED, begins + max(held_min, gap_min - 15 if gap_min < 100 else 0))]


def test_a_site_is_not_restored_while_its_data_is_missing_again() -> None:
    once = [*steady(0, range(10)), reading(60, 0), *missing(range(61, 400))]
    assert times(notices(in_order(*once, *clock(400)))) == [(LOST, 40)]

    again = [*steady(0, range(10)), *steady(0, range(60, 80)), *missing(range(80, 110)), *steady(0, range(110, 300))]
    assert times(notices(in_order(*again, *clock(300)))) == [(LOST, 40), (RESTORED, 110 + (110 - 24))]


def test_a_reading_of_another_gauge_does_not_restore_a_site() -> None:
    street = replace(STREET, sensors=(*STREET.sensors, BoundSensor("R", Role.RAIN)), rain_gauge_ids=("R",))
    rain = [WaterReading("R", 0, at(minute), rain_mm=0.1) for minute in range(0, 240, 5)]

    assert times(notices(in_order(*steady(0, range(10)), *rain, *clock(240)), street)) == [(LOST, 40)]


def test_in_rain_a_silent_gauge_is_reported_sooner_and_more_urgently() -> None:
    street = replace(STREET, sensors=(*STREET.sensors, BoundSensor("R1", Role.RAIN)), rain_gauge_ids=("R1",))
    rain = WaterReading("R1", 0, at(9), rain_mm=20)
    found = notices(in_order(*steady(0, range(10)), *clock(60), rain), street)

    assert times(found) == [(LOST, 9 + 5 + 5 + 1)]
    assert found[0].level is Level.YELLOW


def test_a_site_whose_only_gauge_is_at_fault_is_lost_with_the_fault_as_the_reason() -> None:
    pulses = [reading(minute, 700.0 if minute % 4 else 0.0) for minute in range(60)]
    found = notices(in_order(*pulses, *clock(60)))

    assert [(one.kind, one.gauges) for one in found] == [(LOST, (("G1", "blocked"),))]


def test_a_lost_site_is_reported_again_when_its_gauge_has_another_fault() -> None:
    blocked = [reading(minute, 700.0 if minute % 4 else 0.0) for minute in range(60)]
    spiky = [reading(minute, 700.0 if minute % 2 else 0.0) for minute in range(60, 140)]
    found = notices(in_order(*blocked, *spiky, *clock(140)))

    assert [(one.kind, dict(one.gauges)["G1"]) for one in found] == [(LOST, "blocked"), (LOST, "spiky")]


def failing(step_min: float, on_mean: float, off_mean: float, days: float = 30, seed: int = 1) -> list[WaterReading]:
    """A gauge that reports at each step, and measures a depth in one report of three, in runs."""
    dice, is_on, found = random.Random(seed), False, list[WaterReading]()  # noqa: S311 - reproducible
    for step in range(int(days * 1440 / step_min)):
        if dice.random() < 1 / (on_mean if is_on else off_mean):
            is_on = not is_on
        depth = reading(step * step_min, round(abs(dice.gauss(0, 3)), 1))
        found.append(depth if is_on else missing([step * step_min])[0])
    return found


@pytest.mark.parametrize(
    ("step_min", "on_mean", "off_mean", "most"), [(10, 5, 10, 100), (2, 5, 10, 10), (1, 3, 6, 40), (0.5, 3, 6, 0)]
)
def test_a_gauge_that_measures_one_sample_in_three_is_not_reported_all_the_time(
    step_min: float, on_mean: float, off_mean: float, most: int
) -> None:
    """Before, each of the four made hundreds to thousands of notices in 30 days, the first of them 2,938."""
    found = notices(failing(step_min, on_mean, off_mean))

    assert len(found) <= most
    kinds = [one.kind for one in found]
    assert kinds == [LOST if place % 2 == 0 else RESTORED for place in range(len(kinds))]


@pytest.mark.parametrize("minutes", [45, 120, 300, 720])
def test_a_gauge_that_measures_by_turns_makes_a_few_notices_a_month(minutes: int) -> None:
    """Before, turns of 45 minutes made 959 notices."""
    turns = [
        reading(m, 0) if m // minutes % 2 else reading(m, None, quality=Quality.MISSING) for m in range(0, 30 * 1440, 5)
    ]
    assert len(notices(turns)) <= 20


@given(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 600), st.booleans()), min_size=60, max_size=60))
@settings(max_examples=8, deadline=None)
def test_whatever_fails_in_a_month_makes_at_most_twenty_notices(turns: list[tuple[int, int, bool]]) -> None:
    minute, found = 0, list[WaterReading]()
    for good, bad, is_null in turns:
        found += steady(0, range(minute, minute + good, 5))
        found += missing(range(minute + good, minute + good + bad, 5)) if is_null else []
        minute += good + bad
    month = [one for one in found if one.time < at(30 * 1440)]

    assert len(notices(in_order(*month, *steady(0, range(0, 30 * 1440, 10), "C")))) <= 20


def test_a_gauge_that_reports_and_cannot_measure_is_not_silent() -> None:
    drowned = [*steady(0, range(10)), *missing(range(10, 120))]
    assert [(one.kind, one.gauges) for one in notices(drowned)] == [(LOST, (("G1", "no_measurement"),))]

    never = missing(range(120))
    assert [(one.kind, one.gauges) for one in notices(never)] == [(LOST, (("G1", "no_measurement"),))]


def test_each_reason_of_a_loss_is_reported_once() -> None:
    hours = [minute // 60 for minute in range(60 * 12)]
    turns = [reading(m, 700.0 if m % (2 if hour % 2 else 4) else 0.0) for m, hour in enumerate(hours)]

    assert [dict(one.gauges)["G1"] for one in notices(turns)] == ["blocked", "spiky"]


def test_a_site_is_not_restored_while_a_depth_waits_for_its_proof_and_the_notice_names_the_water() -> None:
    object_at = [reading(m, 800.0 if m == 140 else 0.0) for m in range(100, 300)]
    found = notices(in_order(*steady(0, range(10)), *object_at, *clock(300)))
    assert times(found) == [(LOST, 40), (RESTORED, 100 + (100 - 24))]

    back = notices(in_order(*steady(0, range(10)), *steady(800, range(100, 300)), *clock(300)))
    assert [(one.kind, one.depth_mm) for one in back] == [(LOST, None), (RESTORED, 800.0)]


def test_a_restart_between_any_two_readings_changes_no_notice() -> None:
    readings = failing(10, 5, 10, days=2)
    evaluator, found = open_evaluator(), list[SiteNotice]()
    for one in readings:
        found += notices_of(evaluator, one, one.time)
        kept = json.loads(json.dumps(evaluator.record("S").to_json()))
        evaluator = open_evaluator(kept=SiteRecord.from_json(kept))

    assert found == notices(readings)
    assert len(found) > 1


def test_a_notice_that_is_not_committed_is_found_again() -> None:
    evaluator = open_evaluator()
    for one in in_order(*steady(0, range(10)), *clock(40)):
        assert evaluator.process_and_commit(one, one.time) == []
    first, second = (list(evaluator.process(reading(minute, 0, "C"), at(minute))) for minute in (40, 41))

    assert [one.notice.kind for one in (*first, *second) if one.notice] == [LOST, LOST]
    evaluator.commit(second[0])
    assert list(evaluator.process(reading(42, 0, "C"), at(42))) == []
    assert evaluator.record("S").state.lost_since_s == (NOON + timedelta(minutes=24)).timestamp()
