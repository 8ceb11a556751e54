"""The readings after a gap: stored and live ones, merged, until nothing can be missing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from services.alerts.source.catch_up import CatchUp
from services.alerts.source.readings import ReadingSource
from services.alerts.source.subscription_state import SubscriptionState
from tests.support.alert_database import REGION
from tests.support.source import MemorySource, live_readings

NOW = datetime.now(UTC).replace(microsecond=0)
DIRECTORY = {"G1": Device("G1", Kind.WATERLOGGING, REGION)}


@pytest.fixture
def messages() -> MemorySource:
    return MemorySource()


@pytest.fixture
def subscription() -> SubscriptionState:
    return SubscriptionState()


@pytest.fixture
def source(messages: MemorySource, subscription: SubscriptionState, database: Engine) -> ReadingSource:
    """A source that looks for stored readings at every read."""
    catch_up = CatchUp(database, look_every_s=(0.0, 0.0))
    return ReadingSource(messages, subscription, catch_up, live_readings())


def since() -> Mapping[str, datetime]:
    return {"G1": NOW - timedelta(hours=1)}


def live(messages: MemorySource, ago_s: float, depth_mm: float) -> None:
    body = {"time": (NOW - timedelta(seconds=ago_s)).isoformat(), "depth_mm": depth_mm}
    messages.put(f"rencheng/v1/{REGION}/waterlogging/G1/telemetry", json.dumps(body).encode())


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


def depths(source: ReadingSource) -> list[float | None]:
    return [reading.depth_mm for reading, _ in source.read(DIRECTORY, since)]


def test_a_message_before_the_subscription_waits(
    source: ReadingSource, subscription: SubscriptionState, messages: MemorySource
) -> None:
    live(messages, 5, 2)
    assert depths(source) == []
    subscription.changed(up=True, why="")

    assert depths(source) == [2]


def test_stored_and_live_readings_are_merged_in_the_order_of_their_time(
    source: ReadingSource, subscription: SubscriptionState, messages: MemorySource, database: Engine
) -> None:
    commit(database, -1, (30, 1), (10, 3))
    subscription.changed(up=True, why="")
    live(messages, 20, 2)
    live(messages, 5, 4)

    assert depths(source) == [1, 2, 3, 4]


def test_it_can_evaluate_once_ingest_is_past_the_gap_and_not_while_it_is_disconnected(
    source: ReadingSource, subscription: SubscriptionState, database: Engine
) -> None:
    found = [source.can_evaluate]
    commit(database, -1, (30, 1))
    subscription.changed(up=True, why="")
    source.read(DIRECTORY, since)
    found.append(source.can_evaluate)
    commit(database, 1)
    source.read(DIRECTORY, since)
    found.append(source.can_evaluate)
    subscription.changed(up=False, why="")
    found.append(source.can_evaluate)
    subscription.changed(up=True, why="")
    found.append(source.can_evaluate)

    assert found == [False, False, True, False, False]


def test_a_backlog_of_ingest_is_read_even_after_ingest_was_past_the_gap(
    source: ReadingSource, subscription: SubscriptionState, database: Engine
) -> None:
    subscription.changed(up=True, why="")
    commit(database, 1)
    assert depths(source) == []
    assert source.can_evaluate
    commit(database, 2, (60, 7))

    assert depths(source) == [7]
    assert depths(source) == []


def test_it_stops_looking_when_what_is_missing_would_be_too_late_to_count(
    source: ReadingSource, subscription: SubscriptionState, database: Engine
) -> None:
    subscription.changed(up=True, why="")
    commit(database, 121)
    assert depths(source) == []
    commit(database, 130, (60, 7))

    assert depths(source) == []


def test_each_new_subscription_starts_it_again(
    source: ReadingSource, subscription: SubscriptionState, database: Engine
) -> None:
    commit(database, 121, (60, 7))
    for _ in range(3):
        subscription.changed(up=True, why="")
        assert depths(source) == [7]
        assert depths(source) == []


def test_new_sites_start_it_again(source: ReadingSource, subscription: SubscriptionState, database: Engine) -> None:
    source.restart_catch_up()
    commit(database, 121, (60, 7))
    subscription.changed(up=True, why="")
    assert depths(source) == [7]
    source.restart_catch_up()

    assert depths(source) == [7]


def test_with_no_ingest_alive_stored_readings_are_read_once(
    source: ReadingSource, subscription: SubscriptionState, database: Engine
) -> None:
    commit(database, 0, (60, 7))
    with database.begin() as connection:
        connection.execute(text("DELETE FROM ingest_progress"))
    subscription.changed(up=True, why="")

    assert [depths(source), depths(source)] == [[7], []]
    assert not source.can_evaluate


def test_after_a_query_that_fails_live_readings_go_on(
    source: ReadingSource, subscription: SubscriptionState, messages: MemorySource, database: Engine
) -> None:
    def poisoned() -> Mapping[str, datetime]:
        raise KeyError("a site that is not there")

    subscription.changed(up=True, why="")
    live(messages, 5, 2)

    assert [reading.depth_mm for reading, _ in source.read(DIRECTORY, poisoned)] == [2]
