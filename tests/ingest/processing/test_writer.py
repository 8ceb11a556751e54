"""A commit without a confirmation is counted once, whether it took effect or not."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import psycopg
import pytest
from sqlalchemy import Engine, PoolProxiedConnection, event, text

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.intake import IntakeResult, admit
from rencheng.store.accounting.counts import ReadingCounts
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from services.ingest.processing.writer import Stopped, Writer
from tests.support.device_client import REGION
from tests.support.ingest import counts, scalar

NOW = datetime.now(UTC)
DIRECTORY = {"G1": Device("G1", Kind.WATERLOGGING, REGION)}


def batch(count: int = 3, *, first: int = 0) -> list[IntakeResult]:
    bodies = [
        b'{"time": "%s", "depth_mm": 1}' % (NOW - timedelta(seconds=first + n)).isoformat().encode()
        for n in range(count)
    ]
    topic = f"rencheng/v1/{REGION}/waterlogging/G1/telemetry"
    return [admit(ReceivedMessage(topic, body, NOW), DIRECTORY, ClockLimits()) for body in [*bodies, b"broken"]]


@pytest.fixture
def engine(database_url: str, database: Engine) -> Iterator[Engine]:
    engine = open_database(database_url, name="writer tests")
    create_staging_on_connect(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    writer = Writer(engine, name="rencheng-ingest-0", stop=threading.Event())
    yield writer
    writer.close()


Fault = Callable[[str], None]


@pytest.fixture
def next_commit(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Fault:
    """Make the next commit take effect, or not, and lose its confirmation either way."""
    waiting: list[str] = []
    commit = engine.dialect.do_commit

    def do_commit(connection: PoolProxiedConnection) -> None:
        fault = waiting.pop() if waiting else ""
        if fault == "takes effect":
            commit(connection)
        if fault:
            cast("psycopg.Connection", connection.driver_connection).close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        commit(connection)

    monkeypatch.setattr(engine.dialect, "do_commit", do_commit)
    return waiting.append


@pytest.mark.parametrize("fault", ["takes effect", "is lost"])
def test_a_commit_without_a_confirmation_counts_once(
    writer: Writer, next_commit: Fault, database: Engine, fault: str
) -> None:
    writer.write(batch(first=100), received_through=NOW)
    next_commit(fault)
    result = writer.write(batch(), received_through=NOW).counts  # the time of the batch before, and still another batch

    assert result == ReadingCounts(stored=3, quarantined=1)
    assert counts(database) == (6, 0, 2)
    assert scalar(database, "SELECT count(*) FROM waterlogging_readings") == 6
    assert scalar(database, "SELECT times FROM quarantine") == 2


def test_the_very_first_commit_without_a_confirmation_counts_once(
    writer: Writer, next_commit: Fault, database: Engine
) -> None:
    with database.begin() as connection:
        connection.execute(text("DELETE FROM ingest_progress"))
    next_commit("takes effect")

    assert writer.write(batch(), received_through=NOW).counts == ReadingCounts(stored=3, quarantined=1)
    assert counts(database) == (3, 0, 1)


def test_an_unconfirmed_commit_is_looked_up_before_the_next_batch(
    writer: Writer, next_commit: Fault, database: Engine
) -> None:
    for first in range(0, 50, 5):
        next_commit("takes effect" if first % 2 else "is lost")
        writer.write(batch(5, first=first), received_through=NOW)

    assert counts(database) == (50, 0, 10)


def test_the_rows_of_a_second_process_with_the_same_name_count_as_duplicates(
    writer: Writer, engine: Engine, next_commit: Fault, database: Engine
) -> None:
    successor = Writer(engine, name="rencheng-ingest-0", stop=threading.Event(), now=lambda: NOW + timedelta(hours=1))
    next_commit("is lost")
    writes = iter([lambda: successor.write(batch(), received_through=NOW)])

    @event.listens_for(engine, "checkout")
    def between(*_arguments: object) -> None:
        if writer._in_doubt is not None and (write := next(writes, None)):
            write()

    result = writer.write(batch(), received_through=NOW).counts
    successor.close()

    assert result == ReadingCounts(duplicate=3, quarantined=1)
    assert counts(database) == (3, 3, 2)


def test_a_writer_asked_to_stop_while_the_database_is_away_drops_the_batch(database_url: str) -> None:
    stop = threading.Event()
    away = open_database(database_url.replace("@127.0.0.1:", "@127.0.0.1:1"), name="writer tests")
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Stopped):
        Writer(away, name="w", stop=stop).write(batch(), received_through=NOW)


def test_a_transaction_under_the_same_name_is_waited_for(writer: Writer, engine: Engine, database: Engine) -> None:
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('ingest rencheng-ingest-0', 0))"))
        thread = threading.Thread(target=writer.write, args=(batch(),), kwargs={"received_through": NOW})
        thread.start()
        thread.join(0.5)
        waited = thread.is_alive()
        other.rollback()
    thread.join(20)

    assert waited
    assert counts(database) == (3, 0, 1)
