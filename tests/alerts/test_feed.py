"""What the engine hears after a gap: stored readings and live ones, merged, until nothing can be missing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from services.alerts.source import readings as feed_module
from services.alerts.source.readings import ReadingSource
from tests.alerts.services import REGION
from tests.support.source import MemorySource

NOW = datetime.now(UTC).replace(microsecond=0)
DIRECTORY = {"G1": Device("G1", Kind.WATERLOGGING, REGION)}


@pytest.fixture(autouse=True)
def _at_every_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at each take, not every second."""
    monkeypatch.setattr(feed_module, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(feed_module, "SETTLING_LOOK_S", 0.0)


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def feed(source: MemorySource, database: Engine) -> ReadingSource:
    return ReadingSource(source, database, ClockLimits())


def since() -> Mapping[str, datetime]:
    return {"G1": NOW - timedelta(hours=1)}


def live(source: MemorySource, ago_s: float, depth_mm: float) -> None:
    body = {"time": (NOW - timedelta(seconds=ago_s)).isoformat(), "depth_mm": depth_mm}
    source.put(f"rencheng/v1/{REGION}/waterlogging/G1/telemetry", json.dumps(body).encode())


def commit(database: Engine, through_s: float, *rows: tuple[float, float]) -> None:
    """Ingest commits (seconds ago, depth) rows, with all that it had received by so long after now."""
    through = datetime.now(UTC) + timedelta(seconds=through_s)
    progress = (
        "INSERT INTO ingest_progress VALUES ('w', now(), now(), :through, now())"
        " ON CONFLICT (writer) DO UPDATE SET committed_through = :through, seen_at = now()"
    )
    row = (
        "INSERT INTO waterlogging_readings (device_id, channel, time, depth_mm, quality, received_at)"
        " VALUES ('G1', 0, :time, :depth_mm, 0, :through)"
    )
    with database.begin() as connection:
        connection.execute(text(progress), {"through": through})
        for ago_s, depth_mm in rows:
            time = NOW - timedelta(seconds=ago_s)
            connection.execute(text(row), {"time": time, "depth_mm": depth_mm, "through": through})


def depths(feed: ReadingSource) -> list[float | None]:
    return [reading.depth_mm for reading, _ in feed.take(DIRECTORY, since)]


def test_what_arrives_before_the_subscription_stands_is_held(feed: ReadingSource, source: MemorySource) -> None:
    live(source, 5, 2)
    assert depths(feed) == []
    feed.connection_changed(up=True, why="")

    assert depths(feed) == [2]


def test_stored_and_live_readings_are_merged_in_the_order_of_their_time(
    feed: ReadingSource, source: MemorySource, database: Engine
) -> None:
    commit(database, -1, (30, 1), (10, 3))
    feed.connection_changed(up=True, why="")
    live(source, 20, 2)
    live(source, 5, 4)

    assert depths(feed) == [1, 2, 3, 4]


def test_it_can_evaluate_once_ingest_is_past_the_gap_and_not_while_it_is_cut_off(
    feed: ReadingSource, database: Engine
) -> None:
    found = [feed.can_evaluate]
    commit(database, -1, (30, 1))
    feed.connection_changed(up=True, why="")
    feed.take(DIRECTORY, since)
    found.append(feed.can_evaluate)
    commit(database, 1)
    feed.take(DIRECTORY, since)
    found.append(feed.can_evaluate)
    feed.connection_changed(up=False, why="")
    found.append(feed.can_evaluate)
    feed.connection_changed(up=True, why="")
    found.append(feed.can_evaluate)

    assert found == [False, False, True, False, False]


def test_what_the_broker_owed_to_ingest_is_read_even_after_ingest_was_past_the_gap(
    feed: ReadingSource, database: Engine
) -> None:
    feed.connection_changed(up=True, why="")
    commit(database, 1)
    assert depths(feed) == []
    assert feed.can_evaluate
    commit(database, 2, (60, 7))

    assert depths(feed) == [7]
    assert depths(feed) == []


def test_it_stops_looking_when_what_is_missing_would_be_too_late_to_count(
    feed: ReadingSource, database: Engine
) -> None:
    feed.connection_changed(up=True, why="")
    commit(database, 121)
    assert depths(feed) == []
    commit(database, 130, (60, 7))

    assert depths(feed) == []


def test_each_new_subscription_begins_it_anew(feed: ReadingSource, database: Engine) -> None:
    commit(database, 121, (60, 7))
    for _ in range(3):
        feed.connection_changed(up=True, why="")
        assert depths(feed) == [7]
        assert depths(feed) == []


def test_sites_that_were_not_known_before_begin_it_anew(feed: ReadingSource, database: Engine) -> None:
    feed.restart_catch_up()
    commit(database, 121, (60, 7))
    feed.connection_changed(up=True, why="")
    assert depths(feed) == [7]
    feed.restart_catch_up()

    assert depths(feed) == [7]


def test_with_no_ingest_alive_stored_readings_are_read_once(feed: ReadingSource, database: Engine) -> None:
    commit(database, 0, (60, 7))
    with database.begin() as connection:
        connection.execute(text("DELETE FROM ingest_progress"))
    feed.connection_changed(up=True, why="")

    assert [depths(feed), depths(feed)] == [[7], []]
    assert not feed.can_evaluate


def test_a_query_that_fails_does_not_make_it_deaf(feed: ReadingSource, source: MemorySource, database: Engine) -> None:
    def poisoned() -> Mapping[str, datetime]:
        raise KeyError("a site that is not there")

    feed.connection_changed(up=True, why="")
    live(source, 5, 2)

    assert [reading.depth_mm for reading, _ in feed.take(DIRECTORY, poisoned)] == [2]
