"""All sites side by side: worlds, lateness, floods as they were recorded."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from device_sims.recordings import FloodRecording, floods
from rencheng.domain.level import Level
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import Certainty, MessageType, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.record import SiteRecord
from tests.support.evaluation import messages_at, messages_of
from tests.support.gauge_play import NOON, at, profile, reading, site, steady

DRILL = "drill-1"


def evaluator_of(*sites: Site) -> Evaluator:
    evaluator = Evaluator()
    evaluator.set_sites({one.site_id: one for one in sites})
    return evaluator


def play(evaluator: Evaluator, readings: Iterable[WaterReading], *, delay_s: float = 1) -> list[WarningMessage]:
    """Everything on time by its own clock."""
    return [
        message for one in readings for message in messages_of(evaluator, one, one.time + timedelta(seconds=delay_s))
    ]


def summary(messages: Iterable[WarningMessage]) -> list[tuple[str, str, str]]:
    return [(message.site_id, message.message_type.value, message.level.word) for message in messages]


def test_a_gauge_that_no_site_binds_raises_nothing() -> None:
    assert play(evaluator_of(site("A", "G1")), [reading(0, 500, "unregistered")]) == []


@pytest.mark.parametrize(("delay_s", "found"), [(1800, [("A", "Alert", "red")]), (1800.1, [])])
def test_in_the_actual_world_a_reading_is_late_by_when_it_reached_us(
    delay_s: float, found: list[tuple[str, str, str]]
) -> None:
    assert summary(play(evaluator_of(site("A", "G1")), [reading(0, 500)], delay_s=delay_s)) == found


@pytest.mark.parametrize(("behind_min", "found"), [(30, [("B", "Alert", "red")]), (30.01, [])])
def test_in_an_exercise_a_reading_is_late_by_the_greatest_time_seen_there(
    behind_min: float, found: list[tuple[str, str, str]]
) -> None:
    evaluator = evaluator_of(site("A", "G1", world=DRILL), site("B", "G2", world=DRILL))
    play(evaluator, [reading(10, 0, "G1")], delay_s=10**7)

    assert summary(play(evaluator, [reading(10 - behind_min, 500, "G2")], delay_s=10**7)) == found


def test_worlds_do_not_make_each_other_late() -> None:
    evaluator = evaluator_of(site("A", "G1", world=DRILL), site("B", "G2", world="drill-2"), site("C", "G3"))
    play(evaluator, [reading(10_000, 0, "G1")])
    found = play(evaluator, [reading(0, 500, "G2"), reading(0, 500, "G3")])

    assert summary(found) == [("B", "Alert", "red"), ("C", "Alert", "red")]
    assert [message.world for message in found] == ["drill-2", "actual"]


@pytest.mark.parametrize("delay_s", [0.0, 86_400.0, 20 * 86_400.0])
def test_an_exercise_gives_the_same_messages_at_any_speed(delay_s: float) -> None:
    flood = [reading(minute, 20.0 * minute) for minute in range(20)] + steady(0, range(20, 60))
    here = play(evaluator_of(site("A", "G1", world=DRILL)), flood)
    there = play(evaluator_of(site("A", "G1", world=DRILL)), flood, delay_s=delay_s)

    assert here == there
    assert [message.message_type.value for message in here][-1] == "Cancel"


def test_a_site_that_changes_its_world_begins_afresh() -> None:
    evaluator = evaluator_of(site("A", "G1"))
    play(evaluator, [reading(0, 500)])
    moved = site("A", "G1", world=DRILL)
    evaluator.set_sites({"A": moved})

    assert evaluator.record("A") == SiteRecord(DRILL)
    assert summary(play(evaluator, [reading(1, 160)])) == [("A", "Alert", "yellow")]


def test_a_record_of_another_world_is_not_restored() -> None:
    evaluator = evaluator_of(site("A", "G1"))
    play(evaluator, [reading(0, 500)])
    kept = evaluator.dirty_records()
    other = evaluator_of(site("A", "G1", world=DRILL))
    other.restore(kept)

    assert other.record("A") == SiteRecord(DRILL)


def test_a_site_that_was_removed_and_comes_back_begins_afresh() -> None:
    evaluator = evaluator_of(site("A", "G1"))
    play(evaluator, [reading(0, 500)])
    evaluator.set_sites({})
    assert evaluator.dirty_records() == {}
    evaluator.set_sites({"A": site("A", "G1")})

    assert evaluator.record("A") == SiteRecord()


def test_new_thresholds_keep_the_standing_warning() -> None:
    evaluator = evaluator_of(site("A", "G1"))
    play(evaluator, [reading(0, 160)])
    evaluator.set_sites({"A": site("A", "G1", by=replace(profile(20, 40, 60, 80), version=2))})
    found = play(evaluator, [reading(1, 160)])

    assert summary(found) == [("A", "Update", "red")]
    assert found[0].grounds.profile_version == 2


def test_only_a_new_gauge_asks_for_its_earlier_readings() -> None:
    evaluator = Evaluator()
    a, b = site("A", "G1"), site("B", "G2")

    assert evaluator.set_sites({}) is False
    assert evaluator.set_sites({"A": a}) is True
    assert evaluator.set_sites({"A": replace(a, radius_m=500.0)}) is False
    assert evaluator.set_sites({"A": a, "B": b}) is True
    assert evaluator.set_sites({"A": site("A", "G1", "G3")}) is True
    assert evaluator.set_sites({"A": replace(a, world=DRILL)}) is True
    assert evaluator.set_sites({}) is False


def test_it_returns_the_last_reading_of_each_gauge() -> None:
    evaluator = evaluator_of(site("A", "G1", "G2"), site("B", "G3"))
    play(evaluator, [reading(0, 10, "G1"), reading(1, 10, "G1"), reading(2, None, "G3")])

    assert [(s.site_id, gauge, gauge_after) for s, gauge, gauge_after in evaluator.last_readings()] == [
        ("A", "G1", at(1)),
        ("A", "G2", None),
        ("B", "G3", None),
    ]


def test_dirty_records_are_returned_once_and_come_back_from_json() -> None:
    evaluator = evaluator_of(site("A", "G1"), site("B", "G2"))
    play(evaluator, [reading(0, 160, "G1")])
    records = evaluator.dirty_records()
    kept = {name: SiteRecord.from_json(json.loads(json.dumps(record.to_json()))) for name, record in records.items()}

    assert list(records) == ["A"]
    assert kept == records
    assert evaluator.dirty_records() == {}


def test_an_evaluation_that_is_not_committed_is_found_again() -> None:
    evaluator = evaluator_of(site("A", "G1"))
    first = list(evaluator.process(reading(0, 160), at(0)))

    assert [one.message is not None for one in first] == [True]
    assert evaluator.record("A") == SiteRecord()
    assert list(evaluator.process(reading(0, 160), at(0))) == first
    assert evaluator.dirty_records() == {}

    evaluator.commit(first[0])
    assert evaluator.dirty_records() == {"A": first[0].record}
    [confirmed] = evaluator.process(reading(1, 160), at(1))
    evaluator.commit(confirmed)

    assert confirmed.message is not None
    assert confirmed.message.certainty is Certainty.OBSERVED
    assert list(evaluator.process(reading(2, 160), at(2))) == []


def test_an_evaluation_that_carries_nothing_is_committed_at_once() -> None:
    evaluator = evaluator_of(site("A", "G1"))

    assert list(evaluator.process(reading(0, 0), at(0))) == []
    assert evaluator.record("A").state.watermark == at(0)


@pytest.mark.parametrize("wait_s", [0.0, 30.0])
def test_a_failure_at_one_site_of_a_shared_rain_gauge_stops_no_other_site(wait_s: float) -> None:
    def readiness(one: Site, _now: datetime) -> Readiness:
        if one.site_id == "B":
            raise ValueError("the weather of B")
        return NO_SIGNAL

    failed: list[str] = []
    plain = [site(name, f"G{name}") for name in "ABC"]
    sites = {one.site_id: replace(one, sensors=(*one.sensors, BoundSensor("R", Role.RAIN))) for one in plain}
    evaluator = Evaluator(
        None, readiness, timedelta(seconds=wait_s), on_failure=lambda name, error: failed.append(f"{name}: {error}")
    )
    evaluator.set_sites(sites)
    found = messages_of(evaluator, WaterReading("R", 0, at(0), rain_mm=60.0), at(0)) + messages_at(evaluator, at(2))

    assert summary(found) == [("A", "Alert", "blue"), ("C", "Alert", "blue")]
    assert failed == ["B: the weather of B"]


def test_a_retired_gauge_holds_nothing_up() -> None:
    evaluator = evaluator_of(site("A", "low", "high"))
    play(evaluator, [reading(0, 500, "low"), *steady(0, range(1, 60), "high")])
    evaluator.set_sites({"A": site("A", "high")})

    assert summary(play(evaluator, steady(0, range(60, 80), "high"))) == [("A", "Cancel", "red")]


def as_readings(flood: FloodRecording, gauge: str, start: datetime) -> list[WaterReading]:
    """A recorded flood, and half an hour of dry street after it."""
    samples = list(zip(flood.offsets_s, flood.depths_mm, strict=True))
    dry = [(samples[-1][0] + 60 * minute, 0.0) for minute in range(1, 31)]
    return [WaterReading(gauge, 0, start + timedelta(seconds=second), mm) for second, mm in [*samples, *dry]]


@pytest.mark.parametrize("world", ["actual", DRILL])
@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL, SiteType.UNDERGROUND_CAR_PARK])
@pytest.mark.parametrize("flood", floods(), ids=lambda flood: flood.sensor_id)
def test_every_recorded_flood_is_warned_of_and_cleared(flood: FloodRecording, site_type: SiteType, world: str) -> None:
    evaluator = evaluator_of(site("A", "G1", world=world, by=default_profile(site_type)))
    readings = as_readings(flood, "G1", NOON)
    found = play(evaluator, readings)
    threshold = next(one.time for one in readings if (one.depth_mm or 0) >= 150)

    assert found[0].message_type is MessageType.ALERT
    assert found[-1].message_type is MessageType.CANCEL
    assert evaluator.record("A").state.level is Level.NONE
    assert evaluator.record("A").open_warning is None
    assert found[0].issued_at <= threshold
    assert len({message.identifier for message in found}) == len(found)


def without_neighbours(messages: Iterable[WarningMessage]) -> list[WarningMessage]:
    """Leave out what names rises at other sites, which is evidence and no news."""
    return sorted(
        (
            replace(
                one,
                grounds=replace(
                    one.grounds,
                    jump_evidence=tuple(kept for kept in one.grounds.jump_evidence if kept[0] != "rises_nearby"),
                ),
            )
            for one in messages
        ),
        key=lambda one: one.identifier,
    )


def test_twelve_floods_at_once_are_the_same_as_each_alone() -> None:
    sites = [site(f"S{n}", f"G{n}", world=DRILL) for n in range(12)]
    each = [as_readings(flood, f"G{n}", NOON) for n, flood in enumerate(floods())]
    together = play(
        evaluator_of(*sites), sorted((one for readings in each for one in readings), key=lambda one: one.time)
    )
    alone = [
        message for one, readings in zip(sites, each, strict=True) for message in play(evaluator_of(one), readings)
    ]

    assert without_neighbours(together) == without_neighbours(alone)
