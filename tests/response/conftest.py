"""The response service on real servers, and receivers on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from rencheng.runtime.service_process import ServiceProcess
from tests.conftest import Broker
from tests.support.decisions import KEY, empty_ledger
from tests.support.roles import for_module
from tests.support.webhook_receiver import WebhookReceiver

MakeResponse = Callable[..., ServiceProcess]


@pytest.fixture(scope="module")
def shared_database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(shared_database: Engine) -> Engine:
    """Every test begins with an empty ledger."""
    empty_ledger(shared_database)
    return shared_database


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver().running() as receiver:
        yield receiver


@pytest.fixture
def make_response(broker: Broker, database: Engine, tmp_path: Path) -> Iterator[MakeResponse]:
    """Response services by instance, started; killed at the end."""
    services: list[ServiceProcess] = []

    def make(instance: str = "0", **settings: str) -> ServiceProcess:
        environment = broker.environment(database.url.render_as_string(hide_password=False)) | {
            "RENCHENG_CONTACT_KEYS": KEY,
            "RENCHENG_RESPONSE_HTTP": "true",
            "RENCHENG_RESPONSE_NETWORKS": "127.0.0.0/8",
            "RENCHENG_RESPONSE_INSTANCE": instance,
        }
        module = "services.response"
        service = ServiceProcess(module, tmp_path / f"{instance}.log", for_module(environment | settings, module))
        service.start(until='"ready"')
        services.append(service)
        return service

    yield make
    for service in services:
        if service.is_running:
            service.kill()
