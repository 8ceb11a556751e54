"""A database with a small registry."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.devices import add_region, add_world
from tests.support.replay import REGION, TABLES, add_device


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="replay tests", connections_max=12)
    create_staging_on_connect(engine)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        add_world(connection, "drill", "演练")
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _empty(database: Engine) -> None:
    """Empty the tables and register the gauge G1."""
    with database.begin() as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    add_device(database, Device("G1", Kind.WATERLOGGING, REGION))
