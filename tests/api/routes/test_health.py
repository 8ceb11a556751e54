"""The platform is healthy if rows were committed recently."""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

import migrations
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.accounting.counts import record_progress
from rencheng.store.core.sessions import Database
from tests.support.api import MakeToken, serving


@pytest.fixture(autouse=True)
def _nobody(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("DELETE FROM ingest_progress"))


def _work(city: Engine, writer: str = "w0", *, rows: bool, seen_ago_s: int = 0, rows_ago_s: int = 0) -> None:
    now = datetime.now(UTC)
    with city.begin() as connection:
        record_progress(connection, writer, started_at=now, committed_through=now, rows=rows)
        connection.execute(
            text(
                "UPDATE ingest_progress SET seen_at = seen_at - make_interval(secs => :seen),"
                " last_row_at = last_row_at - make_interval(secs => :rows) WHERE writer = :writer"
            ),
            {"seen": seen_ago_s, "rows": rows_ago_s, "writer": writer},
        )


def _ask(anonymous: httpx.Client) -> tuple[int, str]:
    answer = anonymous.get("/health")
    return answer.status_code, answer.json()["status"]


def test_without_any_worker_it_is_down(anonymous: httpx.Client) -> None:
    assert _ask(anonymous) == (503, "down")
    assert anonymous.get("/health").json()["database"] == "reachable"


def test_rows_that_were_committed_lately_make_it_healthy(anonymous: httpx.Client, city: Engine) -> None:
    _work(city, rows=True, rows_ago_s=100)
    answer = anonymous.get("/health").json()
    assert _ask(anonymous) == (200, "ok")
    assert 100 <= answer["last_row_age_s"] <= 110
    assert 0 <= answer["ingest_heartbeat_age_s"] <= 10


def test_a_worker_that_lives_and_gets_nothing_idles(anonymous: httpx.Client, city: Engine) -> None:
    _work(city, rows=False)
    assert _ask(anonymous) == (200, "idle")
    _work(city, rows=True, rows_ago_s=130)
    assert _ask(anonymous) == (200, "idle")


def test_a_worker_that_fell_silent_is_down_whatever_it_stored(anonymous: httpx.Client, city: Engine) -> None:
    _work(city, rows=True, seen_ago_s=20)
    assert _ask(anonymous) == (503, "down")


def test_one_worker_of_several_is_enough(anonymous: httpx.Client, city: Engine) -> None:
    _work(city, "w0", rows=True, seen_ago_s=500, rows_ago_s=500)
    _work(city, "w1", rows=True)
    assert _ask(anonymous) == (200, "ok")


def test_with_the_database_away_every_question_gets_an_answer(make_token: MakeToken) -> None:
    nobody_listens = choose_port(seed="away", avoid=())
    token = make_token(KeyScope.TELEMETRY_READ)
    with serving(f"postgresql+psycopg://x:secret@127.0.0.1:{nobody_listens}/none") as url:
        health = httpx.get(f"{url}/health")
        devices = httpx.get(f"{url}/v1/devices", headers={"X-API-Key": token})
        docs = httpx.get(f"{url}/docs")
    assert (health.status_code, health.json()["status"], health.json()["database"]) == (503, "down", "away")
    assert devices.status_code == 503
    assert devices.headers["content-type"] == "application/problem+json"
    assert int(devices.headers["retry-after"]) > 0
    assert "secret" not in devices.text
    assert str(nobody_listens) not in devices.text
    assert docs.status_code == 200


def test_connections_that_were_cut_are_replaced(client: httpx.Client, city: Engine) -> None:
    assert client.get("/v1/devices").status_code == 200
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rencheng-api'"
    with city.begin() as connection:
        assert connection.execute(text(cut)).all()
    time.sleep(0.1)
    assert client.get("/v1/devices").status_code == 200


def test_a_reader_cannot_write_and_cannot_ask_for_ever(database_url: str, city: Engine) -> None:
    database = Database(database_url, name="test")
    with pytest.raises(Exception, match="read-only"), database.read() as connection:
        connection.execute(text("DELETE FROM sites"))
    with database.read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "15s"
    with database.write() as connection:
        connection.execute(text("DELETE FROM ingest_progress"))
    database.close()


@pytest.fixture
def own_server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    """A database server that a test may stop."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    server = PostgresServer(programs, server_folder / "postgres-of-api", port, new_password())
    server.initialise()
    server.start()
    server.create_database("rencheng")
    migrations.upgrade(server.url())
    yield server
    server.stop("immediate")


def test_a_database_that_comes_back_is_used_again(own_server: PostgresServer) -> None:
    database = Database(own_server.url(), name="test")
    with database.write() as connection:
        token = api_keys.create(connection, "a test", [KeyScope.TELEMETRY_READ])
    database.close()
    headers = {"X-API-Key": token}
    with serving(own_server.url()) as url:
        assert httpx.get(f"{url}/v1/sites", headers=headers).status_code == 200
        own_server.stop()
        assert [httpx.get(f"{url}/v1/sites", headers=headers).status_code for _ in range(3)] == [503] * 3
        assert httpx.get(f"{url}/health").json()["database"] == "away"
        own_server.start()
        assert httpx.get(f"{url}/v1/sites", headers=headers).status_code == 200
        assert httpx.get(f"{url}/health").json()["database"] == "reachable"
