"""Services on real servers, for the tests that need them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.alerts.services import Dispatcher, Gauge, Service, empty
from tests.conftest import Broker

MakeGauge = Callable[[str], Gauge]


@pytest.fixture(scope="module")
def shared_database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(shared_database: Engine) -> Engine:
    """Every test begins with empty tables."""
    empty(shared_database)
    return shared_database


def _service(name: str, broker: Broker, database: Engine, folder: Path) -> Iterator[Service]:
    url = database.url.render_as_string(hide_password=False)
    service = Service(name, broker.environment(url), folder / f"{name}.log")
    yield service
    if service.is_alive:
        service.kill()


@pytest.fixture
def alerts(broker: Broker, database: Engine, tmp_path: Path) -> Iterator[Service]:
    """The alert service, not started yet."""
    yield from _service("alerts", broker, database, tmp_path)


@pytest.fixture
def ingest(broker: Broker, database: Engine, tmp_path: Path) -> Iterator[Service]:
    """An ingest worker, not started yet."""
    yield from _service("ingest", broker, database, tmp_path)


@pytest.fixture
def gauge(broker: Broker) -> Iterator[MakeGauge]:
    gauges: list[Gauge] = []

    def make(name: str) -> Gauge:
        gauges.append(Gauge(broker, name))
        return gauges[-1]

    yield make
    for one in gauges:
        one.close()


@pytest.fixture
def dispatcher(broker: Broker) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(broker)
    yield dispatcher
    dispatcher.close()
