"""Health and status name the part of the platform that does not work, and recover with it."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text

import migrations
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.process_table import children
from local_stack.programs import Programs
from rencheng.domain.errors import StoreUnavailable
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.core.deadline import bound_answers
from tests.conftest import Broker
from tests.support.alert_database import empty, quick_site, register_sites
from tests.support.api import PATIENCE_S, serving
from tests.support.mqtt_clients import GaugeClient
from tests.support.polling import eventually
from tests.support.services import SubscribingService

pytestmark = pytest.mark.long

NAMED_WITHIN_S = 30


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    register_sites(engine, quick_site())
    yield engine
    engine.dispose()


@pytest.fixture
def start(broker: Broker, database: Engine, tmp_path: Path) -> Iterator[Callable[[str], SubscribingService]]:
    """Start a service by its name; it is killed at the end."""
    services: list[SubscribingService] = []
    url = database.url.render_as_string(hide_password=False)

    def run(name: str) -> SubscribingService:
        services.append(SubscribingService(name, broker.environment(url), tmp_path / f"{name}.log"))
        services[-1].start()
        return services[-1]

    yield run
    for service in services:
        if service.is_running:
            os.kill(service.pid, signal.SIGCONT)
            service.kill()


@pytest.fixture
def api(database: Engine) -> Iterator[httpx.Client]:
    with database.begin() as connection:
        token = api_keys.create(connection, "a test", list(KeyScope))
    with (
        serving(database.url.render_as_string(hide_password=False)) as url,
        httpx.Client(base_url=url, headers={"X-API-Key": token}, timeout=PATIENCE_S) as client,
    ):
        yield client


def _states(api: httpx.Client) -> dict[str, str]:
    """Return the state of each part that health names, after a check that status names the same."""
    answer = api.get("/health")
    parts = {one["part"]: one["state"] for one in answer.json()["parts"]}
    assert answer.status_code == (503 if "down" in parts.values() else 200)
    return parts


def _is(api: httpx.Client, part: str, state: str) -> Callable[[], bool]:
    return lambda: _states(api).get(part) == state


def _text(api: httpx.Client, part: str) -> dict[str, str]:
    [found] = [one for one in api.get("/v1/status").json()["health"]["parts"] if one["part"] == part]
    texts: dict[str, str] = found["text"]
    return texts


@pytest.mark.slow
def test_an_alert_service_that_is_dead_hangs_or_was_stopped_is_named(
    start: Callable[[str], SubscribingService], api: httpx.Client
) -> None:
    start("ingest")
    alerts = start("alerts")
    eventually(_is(api, "alerts", "ok"), within_s=10)
    eventually(lambda: api.get("/health").json()["status"] in ("ok", "idle"), within_s=10)

    alerts.kill()
    eventually(_is(api, "alerts", "down"), within_s=NAMED_WITHIN_S)
    assert "预警服务中断" in _text(api, "alerts")["zh"]
    assert api.get("/v1/status").json()["health"]["status"] == "down"
    assert api.get("/health?part=alerts").status_code == 503
    assert api.get("/health?part=ingest").status_code == 200

    alerts.start()
    eventually(_is(api, "alerts", "ok"), within_s=10)
    os.kill(alerts.pid, signal.SIGSTOP)
    eventually(_is(api, "alerts", "down"), within_s=NAMED_WITHIN_S)
    os.kill(alerts.pid, signal.SIGCONT)
    eventually(_is(api, "alerts", "ok"), within_s=10)
    alerts.stop()
    eventually(_is(api, "alerts", "down"), within_s=5)
    assert "was stopped" in _text(api, "alerts")["en"]


@pytest.mark.slow
def test_an_alert_service_that_cannot_go_on_is_behind_and_then_down(
    start: Callable[[str], SubscribingService], api: httpx.Client, database: Engine, broker: Broker
) -> None:
    """Its process lives and writes heartbeats; its main loop waits for a lock."""
    start("ingest")
    start("alerts")
    gauge = GaugeClient(broker, "G1")
    eventually(_is(api, "alerts", "ok"), within_s=10)
    with database.begin() as connection:
        connection.execute(text("LOCK TABLE site_states, warnings IN ACCESS EXCLUSIVE MODE"))
        for depth_mm in (0, 300, 330, 400):
            gauge.send(depth_mm)
        eventually(lambda: _states(api)["alerts"] in ("behind", "down"), within_s=NAMED_WITHIN_S)
    eventually(_is(api, "alerts", "ok"), within_s=15)
    gauge.close()


@pytest.mark.slow
def test_an_alert_service_without_a_broker_is_named(
    start: Callable[[str], SubscribingService], api: httpx.Client, broker: Broker
) -> None:
    start("ingest")
    start("alerts")
    eventually(_is(api, "alerts", "ok"), within_s=10)
    broker.server.kill()
    eventually(lambda: _states(api)["alerts"] in ("behind", "down"), within_s=NAMED_WITHIN_S)
    eventually(lambda: _states(api)["ingest"] in ("behind", "down"), within_s=NAMED_WITHIN_S)
    assert "broker" in _text(api, "alerts")["en"]
    broker.server.start()
    eventually(_is(api, "alerts", "ok"), within_s=20)
    eventually(_is(api, "ingest", "ok"), within_s=20)


@pytest.fixture
def own_server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    """A database server that a test may stop."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    server = PostgresServer(programs, server_folder / f"postgres-{port}", port, new_password())
    server.initialise()
    server.start()
    server.create_database("rencheng")
    migrations.upgrade(server.url())
    yield server
    server.stop("immediate")


def _signal_all(server: PostgresServer, what: signal.Signals) -> None:
    """Send a signal to every process of a database server that is ours."""
    assert server.pid is not None
    for pid in (server.pid, *children(server.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, what)


@pytest.mark.slow
def test_health_answers_within_two_seconds_while_the_database_hangs(own_server: PostgresServer) -> None:
    engine = create_engine(own_server.url())
    with engine.begin() as connection:
        token = api_keys.create(connection, "a test", list(KeyScope))
    engine.dispose()
    with serving(own_server.url()) as url, httpx.Client(base_url=url, headers={"X-API-Key": token}) as api:
        assert api.get("/health").json()["database"] == "reachable"
        assert api.get("/v1/status", timeout=PATIENCE_S).status_code == 200
        doctors = open_database(own_server.url(), name="doctor")
        bound_answers(doctors, 2.0)
        with doctors.connect() as connection:
            connection.execute(text("SELECT 1"))
            _signal_all(own_server, signal.SIGSTOP)
            with pytest.raises(StoreUnavailable, match="does not answer"), translate_errors():
                connection.execute(text("SELECT 1"))
        try:
            for _ in range(5):  # the second and later ones meet a question that is still under way
                _assert_quick(api, "/health", 2.0)
            assert api.get("/health?part=api").status_code == 200
            answer: dict[str, Any] = api.get("/health").json()
            assert (answer["status"], answer["database"]) == ("down", "away")
            assert [one["part"] for one in answer["parts"]] == ["database"]
            _assert_quick(api, "/v1/status", 12.0)
            _assert_quick(api, "/v1/status", 1.0)
        finally:
            _signal_all(own_server, signal.SIGCONT)
        doctors.dispose()
        eventually(lambda: api.get("/health").json()["database"], "reachable", within_s=10)
        eventually(lambda: api.get("/v1/status", timeout=PATIENCE_S).status_code, 200, within_s=15)


def _assert_quick(api: httpx.Client, path: str, within_s: float) -> None:
    began_s = time.monotonic()
    answer = api.get(path, timeout=PATIENCE_S)
    assert answer.status_code == 503, answer.text
    assert time.monotonic() - began_s < within_s


def test_a_fresh_platform_without_devices_and_an_idle_night_are_well(
    start: Callable[[str], SubscribingService], api: httpx.Client, database: Engine
) -> None:
    empty(database)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM heartbeats"))
    start("ingest")
    start("alerts")
    eventually(lambda: api.get("/health").json()["status"], "idle", within_s=10)
    until_s = time.monotonic() + 6
    while time.monotonic() < until_s:
        assert set(_states(api).values()) == {"ok"}, datetime.now(UTC)
        time.sleep(0.5)
