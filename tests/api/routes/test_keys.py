"""Keys are made, listed, used and revoked over HTTP, within the bounds of the key that asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from commands.main import app
from rencheng.domain.reach import Reach
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import LIXIA, MakeToken

REQUEST = {"name": "city brain", "scopes": ["telemetry:read"], "regions": ["370100"], "worlds": ["actual"]}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def key(client: httpx.Client, key_id: str) -> dict[str, Any]:
    return next(each for each in client.get("/v1/keys").json()["items"] if each["key_id"] == key_id)


def test_a_key_is_made_used_listed_and_revoked(client: httpx.Client, city: Engine) -> None:
    made = client.post("/v1/keys", json=REQUEST)
    token, key_id = made.json()["token"], made.json()["key_id"]

    assert made.status_code == 201
    assert token.startswith(f"rck_{key_id}_")
    assert client.get("/v1/devices", headers=bearer(token)).status_code == 200
    shown = key(client, key_id)
    assert {name: shown[name] for name in REQUEST} == REQUEST
    assert shown["made_by"].startswith("key ")
    assert "token" not in shown
    assert token.removeprefix(f"rck_{key_id}_") not in client.get("/v1/keys").text
    lifetime = datetime.fromisoformat(shown["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=364) < lifetime < timedelta(days=366)
    assert client.delete(f"/v1/keys/{key_id}").status_code == 204
    assert client.delete(f"/v1/keys/{key_id}").status_code == 404
    assert key(client, key_id)["revoked_at"] is not None
    with city.connect() as connection:
        actions = connection.execute(
            text("SELECT action FROM audit WHERE subject = :subject ORDER BY audit_id"), {"subject": f"key {key_id}"}
        )
        assert list(actions.scalars()) == ["key.make", "key.revoke"]


def test_the_last_use_is_written_at_most_once_a_minute(client: httpx.Client, city: Engine) -> None:
    key_id = client.post("/v1/keys", json=REQUEST).json()["key_id"]
    assert key(client, key_id)["last_used_at"] is None
    with city.begin() as connection:
        api_keys.note_use(connection, key_id)
    first = key(client, key_id)["last_used_at"]
    with city.begin() as connection:
        api_keys.note_use(connection, key_id)
    assert first is not None
    assert key(client, key_id)["last_used_at"] == first


def test_a_used_key_has_a_last_use(client: httpx.Client) -> None:
    made = client.post("/v1/keys", json=REQUEST).json()
    client.get("/v1/devices", headers=bearer(made["token"]))

    assert key(client, made["key_id"])["last_used_at"] is not None


def test_a_key_that_never_expires_must_be_asked_for(client: httpx.Client) -> None:
    assert client.post("/v1/keys", json=REQUEST | {"never": True}).json()["expires_at"] is None
    assert client.post("/v1/keys", json=REQUEST | {"never": True, "days": 3}).status_code == 422
    assert client.post("/v1/keys", json=REQUEST | {"days": 0}).status_code == 422


@pytest.mark.parametrize(
    "beyond",
    [
        {"scopes": ["operate"], "regions": [LIXIA]},
        {"scopes": ["admin"], "regions": []},
        {"scopes": ["admin"], "regions": ["370000"]},
        {"scopes": ["admin"], "regions": [LIXIA], "worlds": []},
        {"scopes": ["admin"], "regions": [LIXIA], "worlds": ["actual", "drill"]},
    ],
)
def test_a_key_makes_no_key_that_may_do_more(
    anonymous: httpx.Client, city: Engine, beyond: dict[str, Any], make_token: MakeToken
) -> None:
    other = make_token(KeyScope.ADMIN)
    with city.begin() as connection:
        token = api_keys.create(connection, "a", [KeyScope.ADMIN], reach=Reach((LIXIA,), ("actual",)))
        before = len(api_keys.list_keys(connection))
    asked = {"name": "x", "worlds": ["actual"]} | beyond

    assert anonymous.post("/v1/keys", json=asked, headers=bearer(token)).status_code == 403
    allowed = {"name": "x", "scopes": ["admin"], "regions": [LIXIA], "worlds": ["actual"]}
    assert anonymous.post("/v1/keys", json=allowed, headers=bearer(token)).status_code == 201
    assert anonymous.delete(f"/v1/keys/{other.split('_')[1]}", headers=bearer(token)).status_code == 404
    with city.connect() as connection:
        assert len(api_keys.list_keys(connection)) == before + 1


def test_the_command_binds_and_limits_a_key(database_url: str, monkeypatch: pytest.MonkeyPatch, city: Engine) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", database_url)

    def run(*words: str) -> str:
        ended = CliRunner().invoke(app, ["key", *words], env={"COLUMNS": "300"})
        return ended.stdout if ended.exit_code == 0 else str(ended.exception)

    create = ("create", "a", "--scope", "telemetry:read")
    token = run(*create, "--region", "370100", "--world", "actual").strip()
    with city.connect() as connection:
        made = api_keys.find_key(connection, api_keys.key_id_of(token))
        never = api_keys.find_key(connection, api_keys.key_id_of(run(*create, "--never").strip()))
    assert made is not None
    assert never is not None
    assert made.reach == Reach(("370100",), ("actual",))
    assert made.expires_at is not None
    assert made.expires_at > datetime.now(UTC) + timedelta(days=364)
    assert never.expires_at is None
    assert "region" in run(*create, "--region", "Jinan")
    assert "no world mars" in run(*create, "--world", "mars")
    assert "not both" in run(*create, "--never", "--days", "3")
    assert "370100" in run("list")
    assert "is revoked" in run("revoke", made.key_id)
