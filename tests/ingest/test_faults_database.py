"""The database goes away under load: the batch is kept, no messages are taken, and then all of it is stored once."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from tests.private_database import private_server
from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, scalar
from tests.support.ingest_load import audit, disconnects, memory_mb, under_load
from tests.support.polling import eventually

AWAY_S = 10
GROWTH_MAX_MB = 150


@pytest.fixture(scope="module")
def server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    with private_server(programs, server_folder) as server:
        yield server


@pytest.fixture(scope="module")
def database_url(server: PostgresServer) -> str:
    return server.url("postgres")


def some_rows(database: Engine) -> None:
    eventually(lambda: scalar(database, "SELECT count(*) > 0 FROM waterlogging_readings"), expected=True)


@pytest.mark.slow
def test_a_database_that_was_away_has_everything_once_afterwards(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine, server: PostgresServer
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        some_rows(database)
        before_mb = memory_mb(ingest)
        server.stop()
        time.sleep(AWAY_S)
        grown_mb = memory_mb(ingest) - before_mb
        server.start()
        load.wait_for(500)

    audit(database, load.published)
    assert grown_mb < GROWTH_MAX_MB
    assert disconnects(ingest) == 0
    assert "batch kept" in ingest.output()


@pytest.mark.slow
def test_a_database_killed_again_and_again_has_everything_once_afterwards(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine, server: PostgresServer
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        some_rows(database)
        for _ in range(3):
            server.kill()
            server.start()
            load.wait_for(700)

    audit(database, load.published)
    assert disconnects(ingest) == 0


def test_a_receiver_that_is_asked_to_stop_while_the_database_is_away_stops_and_loses_nothing(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine, server: PostgresServer
) -> None:
    with under_load([connect("G1")]) as load:
        some_rows(database)
        server.stop()
        load.wait_for(300)
        ended = ingest.stop()
    server.start()
    ingest.start()

    audit(database, load.published)
    assert ended == 0
