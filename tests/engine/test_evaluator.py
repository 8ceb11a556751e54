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
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.record import SiteRecord
from tests.support.evaluation import messages_at, messages_of
from tests.support.gauge_play import NOON, at, profile, reading, site, steady

DRILL = "drill-1"


def book_of(*sites: Site) -> Evaluator:
    book = Evaluator()
    book.set_sites({one.site_id: one for one in sites})
    return book


def hear(book: Evaluator, readings: Iterable[WaterReading], *, delay_s: float = 1) -> list[WarningMessage]:
    """Everything on time by its own clock."""
    return [message for one in readings for message in messages_of(book, one, one.time + timedelta(seconds=delay_s))]


def words(messages: Iterable[WarningMessage]) -> list[tuple[str, str, str]]:
    return [(message.site_id, message.message_type.value, message.level.word) for message in messages]


def test_a_gauge_that_no_site_binds_raises_nothing() -> None:
    assert hear(book_of(site("A", "G1")), [reading(0, 500, "stranger")]) == []


@pytest.mark.parametrize(("delay_s", "said"), [(120, [("A", "Alert", "red")]), (120.1, [])])
def test_in_the_actual_world_a_reading_is_late_by_when_it_reached_us(
    delay_s: float, said: list[tuple[str, str, str]]
) -> None:
    assert words(hear(book_of(site("A", "G1")), [reading(0, 500)], delay_s=delay_s)) == said


@pytest.mark.parametrize(("behind_min", "said"), [(2, [("B", "Alert", "red")]), (2.01, [])])
def test_in_an_exercise_a_reading_is_late_by_the_greatest_time_seen_there(
    behind_min: float, said: list[tuple[str, str, str]]
) -> None:
    book = book_of(site("A", "G1", world=DRILL), site("B", "G2", world=DRILL))
    hear(book, [reading(10, 0, "G1")], delay_s=10**7)

    assert words(hear(book, [reading(10 - behind_min, 500, "G2")], delay_s=10**7)) == said


def test_worlds_do_not_make_each_other_late() -> None:
    book = book_of(site("A", "G1", world=DRILL), site("B", "G2", world="drill-2"), site("C", "G3"))
    hear(book, [reading(10_000, 0, "G1")])
    said = hear(book, [reading(0, 500, "G2"), reading(0, 500, "G3")])

    assert words(said) == [("B", "Alert", "red"), ("C", "Alert", "red")]
    assert [message.world for message in said] == ["drill-2", "actual"]


@pytest.mark.parametrize("delay_s", [0.0, 86_400.0, 20 * 86_400.0])
def test_an_exercise_gives_the_same_messages_at_any_speed(delay_s: float) -> None:
    flood = [reading(minute, 20.0 * minute) for minute in range(20)] + steady(0, range(20, 60))
    here = hear(book_of(site("A", "G1", world=DRILL)), flood)
    there = hear(book_of(site("A", "G1", world=DRILL)), flood, delay_s=delay_s)

    assert here == there
    assert [message.message_type.value for message in here][-1] == "Cancel"


def test_a_site_that_changes_its_world_begins_afresh() -> None:
    book = book_of(site("A", "G1"))
    hear(book, [reading(0, 500)])
    moved = site("A", "G1", world=DRILL)
    book.set_sites({"A": moved})

    assert book.record("A") == SiteRecord(DRILL)
    assert words(hear(book, [reading(1, 160)])) == [("A", "Alert", "yellow")]


def test_a_page_that_was_kept_in_another_world_is_not_taken_up() -> None:
    book = book_of(site("A", "G1"))
    hear(book, [reading(0, 500)])
    kept = book.dirty_records()
    other = book_of(site("A", "G1", world=DRILL))
    other.restore(kept)

    assert other.record("A") == SiteRecord(DRILL)


def test_a_site_that_was_removed_and_comes_back_begins_afresh() -> None:
    book = book_of(site("A", "G1"))
    hear(book, [reading(0, 500)])
    book.set_sites({})
    assert book.dirty_records() == {}
    book.set_sites({"A": site("A", "G1")})

    assert book.record("A") == SiteRecord()


def test_new_thresholds_keep_the_standing_warning() -> None:
    book = book_of(site("A", "G1"))
    hear(book, [reading(0, 160)])
    book.set_sites({"A": site("A", "G1", by=replace(profile(20, 40, 60, 80), version=2))})
    said = hear(book, [reading(1, 160)])

    assert words(said) == [("A", "Update", "red")]
    assert said[0].grounds.profile_version == 2


def test_only_a_new_gauge_asks_for_its_earlier_readings() -> None:
    book = Evaluator()
    a, b = site("A", "G1"), site("B", "G2")

    assert book.set_sites({}) is False
    assert book.set_sites({"A": a}) is True
    assert book.set_sites({"A": replace(a, radius_m=500.0)}) is False
    assert book.set_sites({"A": a, "B": b}) is True
    assert book.set_sites({"A": site("A", "G1", "G3")}) is True
    assert book.set_sites({"A": replace(a, world=DRILL)}) is True
    assert book.set_sites({}) is False


def test_it_says_until_when_it_has_heard_each_gauge() -> None:
    book = book_of(site("A", "G1", "G2"), site("B", "G3"))
    hear(book, [reading(0, 10, "G1"), reading(1, 10, "G1"), reading(2, None, "G3")])

    assert [(s.site_id, gauge, heard) for s, gauge, heard in book.last_readings()] == [
        ("A", "G1", at(1)),
        ("A", "G2", None),
        ("B", "G3", None),
    ]


def test_changed_pages_are_told_once_and_come_back_from_json() -> None:
    book = book_of(site("A", "G1"), site("B", "G2"))
    hear(book, [reading(0, 160, "G1")])
    pages = book.dirty_records()
    through_json = {name: SiteRecord.from_json(json.loads(json.dumps(page.to_json()))) for name, page in pages.items()}

    assert list(pages) == ["A"]
    assert through_json == pages
    assert book.dirty_records() == {}


def test_an_evaluation_that_is_not_committed_is_found_again() -> None:
    book = book_of(site("A", "G1"))
    first = list(book.process(reading(0, 160), at(0)))

    assert [one.message is not None for one in first] == [True]
    assert book.record("A") == SiteRecord()
    assert list(book.process(reading(0, 160), at(0))) == first
    assert book.dirty_records() == {}

    book.commit(first[0])
    assert book.dirty_records() == {"A": first[0].record}
    assert list(book.process(reading(1, 160), at(1))) == []


def test_an_evaluation_that_carries_nothing_is_committed_at_once() -> None:
    book = book_of(site("A", "G1"))

    assert list(book.process(reading(0, 0), at(0))) == []
    assert book.record("A").state.watermark == at(0)


@pytest.mark.parametrize("wait_s", [0.0, 30.0])
def test_a_failure_at_one_site_of_a_shared_rain_gauge_stops_no_other_site(wait_s: float) -> None:
    def readiness(one: Site, _now: datetime) -> Readiness:
        if one.site_id == "B":
            raise ValueError("the weather of B")
        return NO_SIGNAL

    failed: list[str] = []
    plain = [site(name, f"G{name}") for name in "ABC"]
    sites = {one.site_id: replace(one, sensors=(*one.sensors, BoundSensor("R", Role.RAIN))) for one in plain}
    book = Evaluator(
        None, readiness, timedelta(seconds=wait_s), on_failure=lambda name, error: failed.append(f"{name}: {error}")
    )
    book.set_sites(sites)
    found = messages_of(book, WaterReading("R", 0, at(0), rain_mm=60.0), at(0)) + messages_at(book, at(2))

    assert words(found) == [("A", "Alert", "blue"), ("C", "Alert", "blue")]
    assert failed == ["B: the weather of B"]


def test_a_retired_gauge_holds_nothing_up() -> None:
    book = book_of(site("A", "low", "high"))
    hear(book, [reading(0, 500, "low"), *steady(0, range(1, 60), "high")])
    book.set_sites({"A": site("A", "high")})

    assert words(hear(book, steady(0, range(60, 80), "high"))) == [("A", "Cancel", "red")]


def as_readings(flood: FloodRecording, gauge: str, start: datetime) -> list[WaterReading]:
    """A recorded flood, and half an hour of dry street after it."""
    samples = list(zip(flood.offsets_s, flood.depths_mm, strict=True))
    dry = [(samples[-1][0] + 60 * minute, 0.0) for minute in range(1, 31)]
    return [WaterReading(gauge, 0, start + timedelta(seconds=second), mm) for second, mm in [*samples, *dry]]


@pytest.mark.parametrize("world", ["actual", DRILL])
@pytest.mark.parametrize("site_type", [SiteType.ROAD, SiteType.TUNNEL, SiteType.UNDERGROUND_CAR_PARK])
@pytest.mark.parametrize("flood", floods(), ids=lambda flood: flood.sensor_id)
def test_every_recorded_flood_is_warned_of_and_cleared(flood: FloodRecording, site_type: SiteType, world: str) -> None:
    book = book_of(site("A", "G1", world=world, by=default_profile(site_type)))
    readings = as_readings(flood, "G1", NOON)
    said = hear(book, readings)
    crossing = next(one.time for one in readings if (one.depth_mm or 0) >= 150)

    assert said[0].message_type is MessageType.ALERT
    assert said[-1].message_type is MessageType.CANCEL
    assert book.record("A").state.level is Level.NONE
    assert book.record("A").open_warning is None
    assert said[0].issued_at <= crossing
    assert len({message.identifier for message in said}) == len(said)


def test_twelve_floods_at_once_are_the_same_as_each_alone() -> None:
    sites = [site(f"S{n}", f"G{n}", world=DRILL) for n in range(12)]
    each = [as_readings(flood, f"G{n}", NOON) for n, flood in enumerate(floods())]
    together = hear(book_of(*sites), sorted((one for readings in each for one in readings), key=lambda one: one.time))
    alone = [message for one, readings in zip(sites, each, strict=True) for message in hear(book_of(one), readings)]

    assert sorted(together, key=lambda message: message.identifier) == sorted(alone, key=lambda m: m.identifier)
