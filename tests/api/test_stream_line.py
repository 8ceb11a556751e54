"""The line itself: heartbeats, keys, places, the server that stops, the database that goes away."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.registry.devices import add_region
from rencheng.store.registry.sites import register_site
from services.api.routes.warnings import stream as stream_route
from tests.api.conftest import LIXIA, SITES, MakeToken, serving
from tests.api.streams import eventually, new_name, said, say, streaming
from tests.private_database import private_server


def test_it_is_never_silent_for_long(address: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stream_route.HEARTBEAT_S == 15
    monkeypatch.setattr(stream_route, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(stream_route, "TICK_S", 0.1)
    with streaming(address, token) as stream:
        eventually(lambda: len(stream.comments) >= 3, expected=True)


def test_what_was_not_wanted_need_not_be_looked_through_again(
    city: Engine, address: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_route, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(stream_route, "TICK_S", 0.1)
    with streaming(address, token, site_id="road") as stream:
        before = int(stream.last_id)
        say(city, said(new_name(), 1, Level.BLUE))
        eventually(lambda: int(stream.last_id) > before, expected=True)
    assert stream.heard == []


def test_a_revoked_key_ends_its_streams_and_no_others(
    city: Engine, address: str, token: str, make_token: MakeToken
) -> None:
    other = make_token(KeyScope.WARNINGS_READ)
    with streaming(address, token) as stream, streaming(address, other) as untouched:
        with city.begin() as connection:
            assert api_keys.revoke(connection, token.split("_")[1])
        assert stream.ended.wait(5)
        assert not untouched.ended.is_set()
    assert "no longer in force" in stream.comments[-1]


def test_a_key_that_expires_ends_its_streams(address: str, make_token: MakeToken) -> None:
    token = make_token(KeyScope.WARNINGS_READ, expires_at=datetime.now(UTC) + timedelta(seconds=2))
    with streaming(address, token) as stream:
        assert stream.ended.wait(6)
    assert any(word in stream.comments[-1] for word in ("expired", "no longer in force"))


def test_there_is_a_bound_and_whoever_goes_leaves_room(database_url: str, token: str) -> None:
    with serving(database_url, api_streams_max=2) as url:
        with streaming(url, token), streaming(url, token):
            full = httpx.get(f"{url}/v1/stream", headers={"X-API-Key": token})
        assert full.status_code == 503
        assert full.json()["type"] == "urn:rencheng:problem:too-many-streams"
        assert int(full.headers["retry-after"]) > 0
        for _ in range(5):  # cut off without a word
            eventually(lambda: _is_let_in(url, token), expected=True)


def _is_let_in(url: str, token: str) -> bool:
    with httpx.stream("GET", f"{url}/v1/stream", headers={"X-API-Key": token}) as answer:
        return answer.status_code == 200


def test_a_server_that_stops_ends_its_streams_at_once(database_url: str, token: str) -> None:
    with serving(database_url) as url, streaming(url, token) as stream:
        stopped_at = time.monotonic()
        url.server.should_exit = True
        assert stream.ended.wait(5)
        url.thread.join(10)
        took_s = time.monotonic() - stopped_at
    assert "stopping" in stream.comments[-1]
    assert took_s < 4


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
        say(engine, said(name, 1, Level.BLUE))
        stream.hears(f"{name}-1")
        own_server.stop()
        stream.says("the database is away")
        own_server.start()
        say(engine, said(name, 2, Level.RED))
        stream.hears(f"{name}-1", f"{name}-2", within_s=10)
        stream.says("it is back")
        assert not stream.ended.is_set()
    engine.dispose()
