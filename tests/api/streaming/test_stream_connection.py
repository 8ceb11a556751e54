"""The stream's connection: heartbeats, keys, the limit of streams, a stopping server, an outage of the database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.registry.devices import add_region
from rencheng.store.registry.sites import register_site
from services.api.auth.principal import Principal
from services.api.streaming.hub import Subscription
from services.api.streaming.options import StreamOptions
from tests.private_database import private_server
from tests.support.api import LIXIA, SITES, MakeToken, serving
from tests.support.clock import ManualClock
from tests.support.polling import eventually
from tests.support.streams import new_name, record_messages, rendered, streaming


def test_it_sends_heartbeats(quick_address: str, token: str) -> None:
    assert StreamOptions().heartbeat_s == 15
    with streaming(quick_address, token) as stream:
        eventually(lambda: len(stream.comments) >= 3)


def test_filtered_messages_are_not_read_again_after_a_reconnect(city: Engine, quick_address: str, token: str) -> None:
    with streaming(quick_address, token, site_id="road") as stream:
        before = int(stream.last_id)
        record_messages(city, rendered(new_name(), 1, Level.BLUE))
        eventually(lambda: int(stream.last_id) > before, expected=True)
    assert stream.received == []


def test_a_revoked_key_ends_its_streams_and_no_others(
    city: Engine, quick_address: str, token: str, make_token: MakeToken
) -> None:
    other = make_token(KeyScope.WARNINGS_READ)
    with streaming(quick_address, token) as stream, streaming(quick_address, other) as untouched:
        with city.begin() as connection:
            assert api_keys.revoke(connection, token.split("_")[1])
        assert stream.ended.wait(20)
        assert not untouched.ended.is_set()
    assert "no longer in force" in stream.comments[-1]


def test_a_key_that_expires_ends_its_streams(city: Engine, quick_address: str, token: str) -> None:
    with streaming(quick_address, token) as stream:
        expire = text("UPDATE api_keys SET expires_at = now() WHERE key_id = :key")
        with city.begin() as connection:
            connection.execute(expire, {"key": token.split("_")[1]})
        assert stream.ended.wait(20)
    assert "no longer in force" in stream.comments[-1]


def test_a_key_expires_by_the_clock_also_while_the_database_is_away() -> None:
    clock = ManualClock()
    key = Key("0123", "a test", frozenset(), clock.now(), clock.now() + timedelta(minutes=1), None)
    subscription = Subscription(Principal.of_key(key), clock)
    clock.advance(59)
    assert subscription.end_reason is None
    clock.advance(1)
    assert subscription.end_reason == "the key has expired"


def test_streams_are_limited_and_a_closed_one_frees_its_place(database_url: str, token: str) -> None:
    with serving(database_url, api_streams_max=2) as url:
        with streaming(url, token), streaming(url, token):
            full = httpx.get(f"{url}/v1/stream", headers={"X-API-Key": token})
        assert full.status_code == 503
        assert full.json()["type"] == "urn:rencheng:problem:too-many-streams"
        assert int(full.headers["retry-after"]) > 0
        for _ in range(5):  # each is cut off
            eventually(lambda: _is_accepted(url, token))


def _is_accepted(url: str, token: str) -> bool:
    with httpx.stream("GET", f"{url}/v1/stream", headers={"X-API-Key": token}) as answer:
        return answer.status_code == 200


def test_a_server_that_stops_ends_its_streams_and_does_not_wait_for_the_grace_period(
    database_url: str, token: str
) -> None:
    with serving(database_url) as url, streaming(url, token) as stream:
        url.server.config.timeout_graceful_shutdown = None  # without a limit: only ended streams let it stop
        url.server.should_exit = True
        assert stream.ended.wait(20)
        url.thread.join(20)
        assert not url.thread.is_alive()
    assert "stopping" in stream.comments[-1]


@pytest.fixture
def own_server(programs: Programs, server_folder: Path) -> Iterator[PostgresServer]:
    with private_server(programs, server_folder) as server:
        yield server


def test_while_the_database_is_away_the_stream_stays_open_and_goes_on_after(own_server: PostgresServer) -> None:
    name = new_name()
    engine = create_engine(own_server.url("postgres"), pool_pre_ping=True)
    with engine.begin() as connection:
        add_region(connection, LIXIA, "历下区", "Lixia")
        register_site(connection, SITES[0])
        token = api_keys.create(connection, "a test", [KeyScope.WARNINGS_READ])
    with serving(own_server.url("postgres")) as url, streaming(url, token) as stream:
        record_messages(engine, rendered(name, 1, Level.BLUE))
        stream.receives(f"{name}-1")
        own_server.stop()
        stream.receives_comment("database away")
        own_server.start()
        record_messages(engine, rendered(name, 2, Level.RED))
        stream.receives(f"{name}-1", f"{name}-2")
        stream.receives_comment("database back")
        assert not stream.ended.is_set()
    engine.dispose()
