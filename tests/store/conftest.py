from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.devices import add_region, register
from tests.private_database import private_server
from tests.support.store import REGION, TABLES


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="store tests", connections_max=12)
    create_staging_on_connect(engine)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(Device("G1", Kind.WATERLOGGING, REGION), None)])
    yield engine
    engine.dispose()


@pytest.fixture
def _empty(database: Engine) -> None:
    with database.begin() as connection:
        for table in (*TABLES, "quarantine", "ingest_counts", "ingest_progress"):
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture(scope="module")
def own_server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    """A server that a test may stop, kill and start."""
    with private_server(programs, server_folder) as server:
        yield server
