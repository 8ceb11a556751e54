"""Ingest as a real process, a small registry, and devices that publish."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.registry.devices import add_region, register
from tests.conftest import Broker
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import GAUGES, IngestProcess


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        devices = [Device(name, Kind.WATERLOGGING, REGION) for name in GAUGES]
        devices += [Device("S1", Kind.SIGNAL, REGION), Device("P1", Kind.CHARGING, REGION)]
        register(connection, [(device, None) for device in devices])
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """Begin each test that uses the database with empty tables."""
    if "database" not in request.fixturenames:
        return
    database: Engine = request.getfixturevalue("database")
    with database.begin() as connection:
        for table in ("waterlogging_readings", "signal_events", "meter_values", "quarantine", "ingest_counts"):
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture
def ingest(broker: Broker, database_url: str, tmp_path: Path) -> Iterator[IngestProcess]:
    ingest = IngestProcess(broker.environment(database_url), tmp_path / "ingest.log")
    ingest.start()
    yield ingest
    if ingest.is_running:
        ingest.kill()


@pytest.fixture
def connect(broker: Broker) -> Iterator[Callable[[str], DeviceClient]]:
    """Connect a device, by its name."""
    clients: list[DeviceClient] = []

    def make(name: str) -> DeviceClient:
        clients.append(DeviceClient(broker, name))
        return clients[-1]

    yield make
    for one in clients:
        one.close()
