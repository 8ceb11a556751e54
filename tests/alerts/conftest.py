"""Services on real servers, for the tests that need them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.conftest import Broker
from tests.support.alert_database import empty
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.services import Service

MakeGauge = Callable[[str], GaugeClient]


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
    """An ingest process, not started yet."""
    yield from _service("ingest", broker, database, tmp_path)


@pytest.fixture
def gauge(broker: Broker) -> Iterator[MakeGauge]:
    gauges: list[GaugeClient] = []

    def make(name: str) -> GaugeClient:
        gauges.append(GaugeClient(broker, name))
        return gauges[-1]

    yield make
    for one in gauges:
        one.close()


@pytest.fixture
def dispatch(broker: Broker) -> Iterator[Dispatch]:
    dispatch = Dispatch(broker)
    yield dispatch
    dispatch.close()
