"""Services on real servers, for the tests that need them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.conftest import Broker
from tests.support.alert_database import empty
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.services import SubscribingService

MakeGauge = Callable[[str], GaugeClient]
MakeService = Callable[..., SubscribingService]


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


@pytest.fixture
def make_service(broker: Broker, database: Engine, tmp_path: Path) -> Iterator[MakeService]:
    """Services by name, not started yet, with further settings; killed at the end."""
    services: list[SubscribingService] = []

    def make(name: str, **settings: str) -> SubscribingService:
        environment = broker.environment(database.url.render_as_string(hide_password=False)) | settings
        services.append(SubscribingService(name, environment, tmp_path / f"{name}.log"))
        return services[-1]

    yield make
    for service in services:
        if service.is_running:
            service.kill()


@pytest.fixture
def alerts(make_service: MakeService) -> SubscribingService:
    """The alert service, not started yet."""
    return make_service("alerts")


@pytest.fixture
def ingest(make_service: MakeService) -> SubscribingService:
    """An ingest process, not started yet."""
    return make_service("ingest")


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
