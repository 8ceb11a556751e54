"""The database is away for minutes in a storm: MQTT stays prompt, red reaches the spare list, the record is whole."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.runtime.service_process import ServiceProcess
from services.response.spare_list import AWAY_AFTER_S
from tests.conftest import Broker
from tests.private_database import private_server
from tests.support.alert_database import register_sites
from tests.support.decisions import KEY, subscribe
from tests.support.gauge_play import site
from tests.support.mqtt_clients import Dispatch, GaugeClient
from tests.support.polling import eventually
from tests.support.roles import for_module
from tests.support.services import SubscribingService
from tests.support.webhook_receiver import WebhookReceiver

PLACES = 20
PROMPT_S = 2.0
"""Source: issue 14, bar 3."""


@pytest.fixture
def server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    with private_server(programs, server_folder) as server:
        yield server


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.slow
@pytest.mark.parametrize("away_s", [20, 300])
def test_a_database_that_is_away_in_a_storm_loses_and_delays_nothing_that_matters(
    server: PostgresServer, broker: Broker, tmp_path: Path, away_s: float
) -> None:
    database = create_engine(server.url("postgres"), pool_pre_ping=True)
    names = [f"S{number:02}" for number in range(PLACES)]
    register_sites(database, *(site(name, f"G{name}") for name in names))
    with WebhookReceiver().running() as receiver:
        subscribe(database, "duty", "webhook", f"{receiver.url}/duty", contact={"spare": True})
        subscribe(database, "other", "webhook", f"{receiver.url}/other")
        dispatch = Dispatch(broker)
        alerts = SubscribingService("alerts", broker.environment(server.url("postgres")), tmp_path / "alerts.log")
        alerts.start()
        services: list[ServiceProcess] = [alerts, _start_response(server, broker, tmp_path)]
        gauges = {name: GaugeClient(broker, f"G{name}") for name in names}
        for one in gauges.values():
            one.send(0, seconds_ago=5)
        time.sleep(2)
        server.stop()
        rises: dict[str, float] = {}
        for name in names:
            time.sleep(away_s / (PLACES + 1))
            rises[name] = time.monotonic()
            gauges[name].send(800)
        try:
            _check_promptness(rises, dispatch, receiver)
        finally:
            server.start()
        eventually(lambda: _sites_of(receiver, "/other") == set(names), within_s=60)
        eventually(lambda: _open(database) == 0, within_s=60)
        for service in services:
            service.kill()
        _check_record(database, receiver)
        dispatch.close()
        for gauge in gauges.values():
            gauge.close()
    database.dispose()


def _start_response(server: PostgresServer, broker: Broker, folder: Path) -> ServiceProcess:
    module = "services.response"
    environment = broker.environment(server.url("postgres")) | {
        "RENCHENG_CONTACT_KEYS": KEY,
        "RENCHENG_RESPONSE_HTTP": "true",
        "RENCHENG_RESPONSE_NETWORKS": "127.0.0.0/8",
    }
    service = ServiceProcess(module, folder / "response.log", for_module(environment, module))
    service.start(until='"ready"')
    return service


def _check_promptness(rises: dict[str, float], dispatch: Dispatch, receiver: WebhookReceiver) -> None:
    eventually(lambda: _sites_of(receiver, "/duty") == rises.keys(), within_s=20)
    assert _sites_of(receiver, "/other") == set()
    arrived = {one.document["data"]["site"]["id"]: one.at_s for one in reversed(receiver.of("/duty"))}
    late = {name: round(arrived[name] - rises[name], 2) for name in rises}
    noticed_s = min(rises.values()) + AWAY_AFTER_S
    assert all(late[name] < max(0.0, noticed_s - rises[name]) + PROMPT_S for name in rises), late
    assert {document["site"]["id"] for _, document in dispatch.warnings} == rises.keys()


def _sites_of(receiver: WebhookReceiver, path: str) -> set[str]:
    return {one.document["data"]["site"]["id"] for one in receiver.of(path)}


def _open(database: Engine) -> int:
    with database.connect() as connection:
        query = "SELECT (SELECT count(*) FROM undispatched) + count(*) FROM dispatches WHERE state IN ('due', 'leased')"
        return int(connection.execute(text(query)).scalar_one())


def _check_record(database: Engine, receiver: WebhookReceiver) -> None:
    """Every message of every warning is recorded as sent once, and none left under two ids."""
    with database.connect() as connection:
        events = connection.execute(text("SELECT count(*) FROM warning_events")).scalar_one()
        sent = connection.execute(text("SELECT count(*) FROM dispatches WHERE state = 'sent'")).scalar_one()
    assert sent == 2 * events
    for path in ("/duty", "/other"):
        ids = Counter(one.message_id for one in receiver.of(path))
        assert len(ids) == events
        assert set(ids.values()) == {1}
