"""Each route requires a key that lists its scopes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import Engine, text

from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.sessions import Database
from services.api.app import create_app
from services.api.auth.authenticator import Authenticator
from services.api.settings import ApiSettings
from tests.support.api import MakeToken
from tests.support.clock import ManualClock

PAGES = {"/", "/warnings/{warning_id}", "/static/status.css", "/static/status.js"}
OPEN = {"/health", "/docs", "/openapi.json", *PAGES}
BY_PASSWORD = {"/login", "/login/display"}
"""Open to everybody; tests/api/auth/test_sign_in.py."""
FOR_ALL_CALLERS = {"/v1/me", "/v1/roles", "/v1/me/password", "/v1/me/second-factor", "/v1/me/session"}
FOR_ALL_CALLERS |= {"/v1/me/second-factor/confirmation", "/v1/me/sessions"}
"""Need a key or a session, and no scope."""
BY_LINK = {"/answers/{token}", "/tasks/{token}"}
"""Open by a link alone; tests/api/routes/test_calls.py and test_tasks.py."""
FILLED = {
    "device_id": "g1",
    "site_id": "road",
    "warning_id": "w",
    "sequence": "1",
    "quarantine_id": "1",
    "name": "silence-1",
    "region": "370102",
    "identifier": "s1",
    "key_id": "0123456789abcdef",
    "session_id": "0123456789abcdef",
    "assignment_id": "1",
    "person_id": "ann",
    "roster_id": "keepers",
    "policy_id": "red",
    "plan_id": "lixia",
    "task_id": "1",
    "evidence_id": "1",
    "response_id": "1",
    "version": "1",
    "subscriber_id": "road-police",
    "method_id": "1",
    "handover_id": "1",
    "actuator_id": "road-barrier",
    "command_id": "00000000-0000-5000-8000-000000000001",
    "proposal_id": "road.red",
    "dispatch_id": "00000000-0000-0000-0000-000000000001",
    "doubt_id": "d1",
    "kpi_id": "judged_time",
    "entity_path": "Things",
}


@cache
def _app() -> FastAPI:
    return create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))


def _paths() -> list[tuple[str, str]]:
    contexts = iter_route_contexts(_app().routes)
    return [(each.path_format or each.path or "", method) for each in contexts for method in sorted(each.methods or ())]


GUARDED = [(path, method) for path, method in _paths() if path not in OPEN | BY_LINK | BY_PASSWORD]


def test_the_walk_sees_every_route() -> None:
    assert {path for path, _ in _paths()} == OPEN | BY_LINK | BY_PASSWORD | set(_app().openapi()["paths"])
    assert len(GUARDED) >= 18


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_every_route_requires_a_key(anonymous: httpx.Client, path: str, method: str) -> None:
    answer = anonymous.request(method, path.format(**FILLED))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:rencheng:problem:authentication-required"


@pytest.fixture(scope="module")
def all_but(make_token: MakeToken) -> dict[KeyScope, str]:
    """For each scope, a key that lists all others."""
    return {scope: make_token(*(other for other in KeyScope if other is not scope)) for scope in KeyScope}


@pytest.mark.parametrize(("path", "method"), GUARDED)
def test_every_route_refuses_keys_without_its_scopes(
    anonymous: httpx.Client, all_but: dict[KeyScope, str], path: str, method: str
) -> None:
    needed = needed_scopes(path, method)
    for scope in KeyScope:
        with anonymous.stream(method, path.format(**FILLED), headers=_bearer(all_but[scope])) as answer:
            if scope not in needed:  # nor is the body of one that never ends waited for
                assert answer.status_code not in {401, 403}
                continue
            assert answer.status_code == 403
            listed = " ".join(each for each in needed)
            assert f'scope="{listed}"' in answer.headers["www-authenticate"]
            assert listed in json.loads(answer.read())["detail"]


def needed_scopes(path: str, method: str) -> list[KeyScope]:
    """What the OpenAPI document says that a route needs."""
    [*ways] = _app().openapi()["paths"][path][method.lower()]["security"]
    [listed] = {tuple(scopes) for way in ways for scopes in way.values()}
    assert bool(listed) == (path not in FOR_ALL_CALLERS)
    return [KeyScope(scope) for scope in listed]


@pytest.mark.parametrize("path", sorted(OPEN))
def test_open_pages_need_no_key(anonymous: httpx.Client, path: str) -> None:
    assert anonymous.get(path.format(**FILLED)).status_code in {200, 503}


def test_either_header_will_do(anonymous: httpx.Client, make_token: MakeToken) -> None:
    token = make_token(KeyScope.TELEMETRY_READ)
    assert anonymous.get("/v1/devices", headers={"X-API-Key": token}).status_code == 200
    assert anonymous.get("/v1/devices", headers=_bearer(token)).status_code == 200


@pytest.mark.parametrize("user", ["", "rencheng", "值班"])
def test_the_password_of_http_basic_will_do(anonymous: httpx.Client, make_token: MakeToken, user: str) -> None:
    token = make_token(KeyScope.TELEMETRY_READ)
    assert anonymous.get("/v1/devices", auth=(user, token)).status_code == 200
    assert anonymous.get("/v1/devices", auth=(user, token[:-1])).status_code == 401
    assert anonymous.get("/v1/sites", auth=(token, "")).status_code == 401


def test_a_request_without_a_key_gets_all_authentication_schemes(anonymous: httpx.Client) -> None:
    challenge = anonymous.get("/v1/devices").headers["www-authenticate"]
    assert 'Bearer realm="rencheng"' in challenge
    assert 'Basic realm="rencheng"' in challenge  # or no feed reader would ask its user


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic cm9vdDpyb290"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic cm9vdA=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer rck"},
        {"Authorization": "Bearer rck_0123456789abcdef_wrong"},
        {"X-API-Key": "rck__"},
        {"X-API-Key": "rck_" + "x" * 4000 + "_y"},
        {"X-API-Key": "rck_0123456789abcdef_\xe9".encode("latin-1")},
    ],
)
def test_other_credentials_are_refused(anonymous: httpx.Client, headers: dict[str, str | bytes]) -> None:
    assert anonymous.get("/v1/devices", headers=headers).status_code == 401  # type: ignore[arg-type]


def test_a_wrong_secret_of_a_true_key_is_refused(anonymous: httpx.Client, make_token: MakeToken) -> None:
    token = make_token(KeyScope.TELEMETRY_READ)
    assert (
        anonymous.get("/v1/devices", headers=_bearer(token[:-1] + ("A" if token[-1] != "A" else "B"))).status_code
        == 401
    )


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, name="test")
    yield database
    database.close()


def test_an_expired_key_is_rejected_also_while_it_is_cached(database: Database, make_token: MakeToken) -> None:
    clock = ManualClock(datetime.now(UTC))
    token = make_token(KeyScope.TELEMETRY_READ, expires_at=clock.now() + timedelta(minutes=10))
    authenticator = Authenticator(database, cached_s=3600, clock=clock)
    assert authenticator.authenticate(token) is not None
    clock.advance(601)
    assert authenticator.authenticate(token) is None


def test_a_key_that_has_expired_is_rejected_over_http(anonymous: httpx.Client, make_token: MakeToken) -> None:
    token = make_token(KeyScope.TELEMETRY_READ, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert anonymous.get("/v1/devices", headers=_bearer(token)).status_code == 401


def test_a_revoked_key_is_rejected_once_the_cached_one_is_old(
    database: Database, make_token: MakeToken, city: Engine
) -> None:
    clock, token = ManualClock(), make_token(KeyScope.TELEMETRY_READ)
    authenticator = Authenticator(database, clock=clock)
    assert authenticator.authenticate(token) is not None
    with city.begin() as connection:
        assert api_keys.revoke(connection, token.split("_")[1])
        assert not api_keys.revoke(connection, token.split("_")[1])
    clock.advance(4.9)
    assert authenticator.authenticate(token) is not None
    clock.advance(0.2)
    assert authenticator.authenticate(token) is None


def test_a_key_that_never_was_in_force_here_is_refused_at_once(
    anonymous: httpx.Client, make_token: MakeToken, city: Engine
) -> None:
    token = make_token(KeyScope.TELEMETRY_READ)
    with city.begin() as connection:
        api_keys.revoke(connection, token.split("_")[1])
    assert anonymous.get("/v1/devices", headers=_bearer(token)).status_code == 401


def test_only_a_hash_of_the_secret_is_kept(make_token: MakeToken, city: Engine) -> None:
    _, key_id, secret = make_token(KeyScope.ADMIN).split("_", 2)
    assert len(secret) >= 43  # 256 bits in base64
    with city.connect() as connection:
        row = connection.execute(text("SELECT * FROM api_keys WHERE key_id = :id"), {"id": key_id}).one()
        keys = {key.key_id: key for key in api_keys.list_keys(connection)}
    assert secret not in repr(row)
    assert len(row.secret_hash) == 32
    assert keys[key_id].scopes == {KeyScope.ADMIN}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
