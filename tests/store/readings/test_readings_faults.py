"""A refused row, two concurrent writers, a rolled-back transaction: `write` keeps all other rows."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

import migrations
from local_stack.postgres import PostgresServer
from rencheng.domain.errors import Rejected, RejectionReason, StoreUnavailable
from rencheng.domain.reading import MeterValue, Reading, SignalEvent, WaterReading
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.readings.merge import ReceivedReading, RowResult, WriteStatus, create_staging_on_connect, write
from tests.store.readings.test_readings_model import reason_of
from tests.support.store import NOON, arrivals, rows


def gauge(second: int, depth_mm: float = 1.0, device_id: str = "G1") -> WaterReading:
    return WaterReading(device_id, 0, NOON + timedelta(seconds=second), depth_mm=depth_mm)


@pytest.fixture
def _no_devil(database: Engine, _empty: None) -> Iterator[None]:
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE waterlogging_readings ADD CONSTRAINT no_devil CHECK (depth_mm <> 666)"))
    yield
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE waterlogging_readings DROP CONSTRAINT no_devil"))


@pytest.mark.usefixtures("_no_devil")
@pytest.mark.parametrize("bad", [{0}, {99}, {0, 1, 50, 98, 99}, set(range(100))], ids=["first", "last", "some", "all"])
def test_rows_that_the_database_refuses_are_isolated(database: Engine, bad: set[int]) -> None:
    batch = [gauge(second, 666 if second in bad else 1) for second in range(100)]
    with database.begin() as connection:
        results = write(connection, arrivals(batch))

    assert [reason_of(fate) for fate in results] == [
        RejectionReason.STORE_REFUSED if second in bad else WriteStatus.STORED for second in range(100)
    ]
    assert rows(database, "waterlogging_readings") == 100 - len(bad)


@pytest.mark.usefixtures("_no_devil")
def test_a_refused_row_says_why_in_one_line(database: Engine) -> None:
    with database.begin() as connection:
        (fate,) = write(connection, arrivals([gauge(0, 666)]))

    assert isinstance(fate, Rejected)
    assert "no_devil" in fate.detail
    assert "\n" not in fate.detail


@pytest.mark.usefixtures("_empty")
@pytest.mark.parametrize(
    "odd",
    [
        gauge(1, device_id="NUL\0"),
        gauge(1, device_id="lone \ud800 surrogate"),
        WaterReading("G1", 2**15, NOON, depth_mm=1.0),
        WaterReading("G1", 0, NOON, sequence=2**64),
        SignalEvent("S1", NOON, 1, 2**40),
    ],
    ids=["NUL", "surrogate", "wide channel", "wide sequence", "wide parameter"],
)
def test_a_row_that_the_driver_cannot_encode_is_rejected_alone(database: Engine, odd: Reading) -> None:
    batch = [gauge(0), odd, gauge(2), SignalEvent("S1", NOON, 1, 2)]
    with database.begin() as connection:
        results = write(connection, [ReceivedReading(reading, NOON) for reading in batch])

    assert [reason_of(fate) for fate in results] == [
        WriteStatus.STORED,
        RejectionReason.STORE_REFUSED,
        WriteStatus.STORED,
        WriteStatus.STORED,
    ]


@pytest.mark.usefixtures("_empty")
def test_a_rolled_back_batch_leaves_nothing_and_the_connection_stays_usable(database: Engine) -> None:
    with database.connect() as connection:
        write(connection, arrivals([gauge(0), gauge(1)]))
        connection.rollback()
        results = write(connection, arrivals([gauge(0)]))
        connection.commit()

    assert results == [WriteStatus.STORED]
    assert rows(database, "waterlogging_readings") == 1


@pytest.mark.usefixtures("_empty")
def test_two_writers_with_the_same_keys_neither_deadlock_nor_lose_readings(
    database: Engine,
) -> None:
    results: dict[str, list[RowResult]] = {}
    start = threading.Barrier(2)

    def work(name: str, batches: list[list[ReceivedReading]]) -> None:
        for batch in batches:
            start.wait(20)
            with database.begin() as connection:
                results.setdefault(name, []).extend(write(connection, batch))

    def mixed(first: int) -> list[ReceivedReading]:
        seconds = range(first, first + 300)
        readings: list[Reading] = [gauge(second) for second in seconds]
        readings += [SignalEvent("S1", NOON + timedelta(seconds=second), 1, 2) for second in seconds]
        readings += [MeterValue("P1", 1, "t", NOON + timedelta(seconds=s), "power_kw", 1.0) for s in seconds]
        return [ReceivedReading(reading, NOON) for reading in readings]

    batches = [mixed(first) for first in range(0, 1000, 100)]
    backwards = [batch[::-1] for batch in batches]
    threads = [
        threading.Thread(target=work, args=("one", batches)),
        threading.Thread(target=work, args=("other", backwards)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    keys = {repr(each.reading) for batch in batches for each in batch}
    written = results["one"] + results["other"]

    assert written.count(WriteStatus.STORED) == len(keys)
    assert written.count(WriteStatus.DUPLICATE) == 2 * 10 * 900 - len(keys)
    assert sum(rows(database, table) for table in ("waterlogging_readings", "signal_events", "meter_values")) == len(
        keys
    )


def cut_off_between_two_writes(engine: Engine, server: PostgresServer) -> None:
    with translate_errors(), engine.connect() as connection:
        write(connection, arrivals([gauge(0)]))
        server.stop()
        write(connection, arrivals([gauge(1)]))


def test_a_lost_server_raises_an_error_and_the_next_write_reconnects(own_server: PostgresServer) -> None:
    engine = open_database(own_server.url("postgres"), name="test")
    create_staging_on_connect(engine)
    with pytest.raises(StoreUnavailable):
        cut_off_between_two_writes(engine, own_server)
    with pytest.raises(StoreUnavailable), translate_errors(), engine.connect():
        pass
    own_server.start()
    with engine.begin() as connection:
        results = write(connection, arrivals([gauge(1), gauge(2)]))

    assert results == [WriteStatus.STORED, WriteStatus.STORED]
    assert rows(engine, "waterlogging_readings") == 2
    engine.dispose()


def test_a_database_without_the_schema_is_unavailable(own_server: PostgresServer) -> None:
    own_server.start()
    own_server.create_database("fresh")
    engine = open_database(own_server.url("fresh"), name="test")
    create_staging_on_connect(engine)
    with pytest.raises(StoreUnavailable, match="rencheng db upgrade"):
        engine.connect()
    migrations.upgrade(own_server.url("fresh"))
    with engine.begin() as connection:
        results = write(connection, arrivals([gauge(0)]))

    assert results == [WriteStatus.STORED]
    engine.dispose()
