"""A person with a password gets a session; roles decide what it opens; everything ends at once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from rencheng.operations.people import save_person
from rencheng.operations.roles import DEFAULT_ROLES, RoleForm, RoleRules, give_role
from rencheng.operations.sign_in import FREE_FAILURES, LONGEST_WAIT, give_login, locked_until
from rencheng.response.calls.forms import PersonForm
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import DRILL, HUAIYIN, LIXIA, MakeToken, serving

PASSWORD = "four dry summer words"
Page = Callable[[], httpx.Client]


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Open a page of the console: a browser without a session yet."""
    clients: list[httpx.Client] = []

    def open_page() -> httpx.Client:
        headers = {"Origin": address, "X-Requested-With": "rencheng"}
        clients.append(httpx.Client(base_url=address, headers=headers, timeout=30))
        return clients[-1]

    yield open_page
    for client in clients:
        client.close()


@pytest.fixture
def first_password(city: Engine) -> Callable[..., str]:
    """Register a person with roles and a login; return the password for once."""

    def register(person_id: str, *roles: dict[str, Any]) -> str:
        with city.begin() as connection:
            save_person(connection, PersonForm(person_id=person_id, name=person_id, regions=(LIXIA,)), actor="test")
            for role in roles:
                give_role(connection, person_id, RoleForm(**role), RoleRules(), actor="test")
            return give_login(connection, person_id, actor="test")

    return register


def sign_in(client: httpx.Client, person_id: str, password: str, code: str = "") -> httpx.Response:
    return client.post("/login", json={"person_id": person_id, "password": password, "code": code})


def actions(city: Engine, actor: str) -> set[str]:
    with city.connect() as connection:
        query = text("SELECT action FROM audit WHERE actor LIKE :actor")
        return set(connection.execute(query, {"actor": f"%{actor}%"}).scalars())


def test_a_person_begins_a_session_sets_a_password_and_ends_it(
    page: Page, first_password: Callable[..., str], city: Engine
) -> None:
    once = first_password("ann", {"role": "operator", "regions": [LIXIA]})
    client, other = page(), page()
    assert sign_in(client, "ann", "wrong").status_code == 401
    begun = sign_in(client, "ann", once)
    assert begun.status_code == 201, begun.text
    assert "HttpOnly" in begun.headers["set-cookie"]
    assert "SameSite=strict" in begun.headers["set-cookie"]
    assert begun.json()["must_set_password"]
    assert client.get("/v1/sites").status_code == 403  # nothing is open before
    assert client.put("/v1/me/password", json={"old": once, "new": "short"}).status_code == 422
    assert client.put("/v1/me/password", json={"old": "wrong", "new": PASSWORD}).status_code == 422
    assert client.put("/v1/me/password", json={"old": once, "new": PASSWORD}).status_code == 204

    me = client.get("/v1/me").json()
    assert (me["kind"], me["person_id"], me["must_set_password"]) == ("person", "ann", False)
    assert [grant["role"] for grant in me["grants"]] == ["operator"]
    assert "post_silence" not in me["acts"] or "list_sites" in me["acts"]
    assert datetime.fromisoformat(me["idle_until"]) < datetime.fromisoformat(me["expires_at"])
    assert {site["site_id"] for site in client.get("/v1/sites", params={"world": "all"}).json()["items"]} == {
        "underpass",
        "drill-tunnel",
    }
    assert sign_in(other, "ann", PASSWORD).status_code == 201
    assert len(other.get("/v1/me/sessions").json()["items"]) == 2
    assert other.delete("/v1/me/session").status_code == 204
    assert other.get("/v1/me").status_code == 401
    assert client.get("/v1/me").status_code == 200
    assert {"login.accept", "login.password", "session.end"} <= actions(city, "person ann")


def test_a_page_of_another_site_changes_nothing_with_a_session(page: Page, first_password: Callable[..., str]) -> None:
    client, once = page(), first_password("bea", {"role": "operator"})
    assert sign_in(client, "bea", once).status_code == 201
    for fields in (
        {"Origin": "https://evil.example"},
        {"Origin": ""},
        {"Origin": "null"},
        {"X-Requested-With": ""},
    ):
        answer = client.put("/v1/me/password", json={"old": once, "new": PASSWORD}, headers=fields)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:rencheng:problem:cross-site-request")
        assert client.post("/login", json={}, headers=fields).status_code in {403, 422}
    token = client.cookies["rencheng_session"]
    assert httpx.get(f"{client.base_url}/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_guessing_is_locked_and_the_right_password_waits_as_well(
    page: Page, first_password: Callable[..., str], city: Engine
) -> None:
    client, once = page(), first_password("cai", {"role": "viewer"})
    for _ in range(FREE_FAILURES):
        assert sign_in(client, "cai", "wrong").status_code == 401
    locked = sign_in(client, "cai", once)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 0
    with city.begin() as connection:
        connection.execute(text("UPDATE person_logins SET locked_until = now() WHERE person_id = 'cai'"))
    assert sign_in(client, "cai", once).status_code == 201
    assert sign_in(client, "nobody", "wrong").json()["detail"] == sign_in(client, "cai", "wrong").json()["detail"]


@given(st.integers(0, 10_000))
def test_the_wait_never_shrinks_and_is_bounded(failures: int) -> None:
    at = datetime(2026, 7, 20, tzinfo=UTC)
    now, following = locked_until(failures, at) or at, locked_until(failures + 1, at) or at
    assert now <= following <= at + LONGEST_WAIT
    assert (now > at) == (failures >= FREE_FAILURES)


def test_a_second_factor_is_required_once_confirmed_and_no_code_is_accepted_twice(
    page: Page, first_password: Callable[..., str]
) -> None:
    client, once = page(), first_password("dee", {"role": "viewer"})
    sign_in(client, "dee", once)
    client.put("/v1/me/password", json={"old": once, "new": PASSWORD})
    uri = client.post("/v1/me/second-factor", json={"password": PASSWORD}).json()["uri"]
    assert sign_in(page(), "dee", PASSWORD).status_code == 201  # not confirmed yet
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    now = datetime.now(UTC)
    code = totp.at(now)
    assert client.post("/v1/me/second-factor/confirmation", json={"code": code}).status_code == 204
    asked = sign_in(page(), "dee", PASSWORD)
    assert (asked.status_code, asked.json()["code_required"]) == (401, True)
    assert sign_in(page(), "dee", PASSWORD, code).status_code == 401  # used already
    following = totp.at(now + timedelta(seconds=30))
    assert sign_in(page(), "dee", PASSWORD, following).status_code == 201
    assert sign_in(page(), "dee", PASSWORD, following).status_code == 401


@pytest.mark.parametrize("how", ["session", "role", "inactive", "idle", "absolute"])
def test_the_end_of_a_session_takes_effect_at_the_next_request(
    page: Page, first_password: Callable[..., str], client: httpx.Client, city: Engine, how: str
) -> None:
    person = f"eve-{how}"
    own, once = page(), first_password(person, {"role": "viewer"})
    sign_in(own, person, once)
    own.put("/v1/me/password", json={"old": once, "new": PASSWORD})
    assert own.get("/v1/sites").status_code == 200
    if how == "session":
        listed = client.get("/v1/sessions").json()["items"]
        [session_id] = [each["session_id"] for each in listed if each["person_id"] == person]
        assert client.delete(f"/v1/sessions/{session_id}").status_code == 204
    elif how == "role":
        [role] = client.get(f"/v1/people/{person}/roles").json()["items"]
        assert client.delete(f"/v1/people/{person}/roles/{role['assignment_id']}").status_code == 204
    else:
        change = {
            "inactive": "UPDATE people SET active = false WHERE person_id = :person",
            "idle": "UPDATE person_sessions SET last_used_at = now() - interval '31 minutes' WHERE person_id = :person",
            "absolute": "UPDATE person_sessions SET expires_at = now() WHERE person_id = :person",
        }[how]
        with city.begin() as connection:
            connection.execute(text(change), {"person": person})
    assert own.get("/v1/sites").status_code == 401


def test_a_display_reads_its_region_alone_and_does_nothing(page: Page, client: httpx.Client, address: str) -> None:
    asked = {"name": "wall", "regions": [LIXIA], "worlds": ["actual"]}
    made = client.post("/v1/sessions/displays", json=asked)
    assert made.status_code == 201, made.text
    wall = page()
    assert wall.post("/login/display", json={"token": "rcs_x_y"}).status_code == 401
    assert wall.post("/login/display", json={"token": made.json()["token"]}).status_code == 201
    me = wall.get("/v1/me").json()
    assert (me["kind"], me["person_id"], me["idle_until"]) == ("display", None, None)
    assert [site["site_id"] for site in wall.get("/v1/sites").json()["items"]] == ["underpass"]
    assert wall.get("/v1/sites/road").status_code == 404
    assert wall.post("/v1/silences", json={"region": LIXIA}).status_code == 403
    with httpx.stream("GET", f"{address}/v1/stream", cookies=dict(wall.cookies), timeout=30) as stream:
        assert stream.status_code == 200
        assert client.delete(f"/v1/sessions/{made.json()['session_id']}").status_code == 204
        for line in stream.iter_lines():
            if "no longer in force" in line:
                break
        else:
            pytest.fail("the stream went on")


def test_roles_of_other_regions_and_worlds_are_kept_apart(page: Page, first_password: Callable[..., str]) -> None:
    once = first_password(
        "fay",
        {"role": "viewer", "regions": [LIXIA], "worlds": ["actual"]},
        {"role": "operator", "regions": [HUAIYIN], "worlds": ["actual"]},
        {"role": "operator", "regions": [LIXIA], "worlds": [DRILL]},
    )
    client = page()
    sign_in(client, "fay", once)
    client.put("/v1/me/password", json={"old": once, "new": PASSWORD})
    sites = {
        world: {site["site_id"] for site in client.get("/v1/sites", params={"world": world}).json()["items"]}
        for world in ("actual", DRILL)
    }
    assert sites == {"actual": {"underpass", "road"}, DRILL: {"drill-tunnel"}}
    refused = client.get("/v1/sites", params={"world": "all"})
    assert refused.status_code == 403
    assert "`world`" in refused.json()["detail"]
    period = {"begins_at": datetime.now(UTC).isoformat(), "reason": "x"}
    period["ends_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for site, status in (("underpass", 403), ("road", 201), ("drill-tunnel", 201)):
        world = DRILL if site == "drill-tunnel" else "actual"
        answer = client.post("/v1/silences", json=period | {"site_id": site, "world": world})
        assert answer.status_code == status, answer.text
        assert client.get(f"/v1/sites/{site}").status_code == 200


def test_nobody_gives_himself_a_role_or_one_beyond_his_bounds(
    page: Page, first_password: Callable[..., str], anonymous: httpx.Client, make_token: MakeToken
) -> None:
    first_password("gus")
    once = first_password("hal", {"role": "administrator", "regions": [LIXIA], "worlds": ["actual"]})
    admin = page()
    sign_in(admin, "hal", once)
    admin.put("/v1/me/password", json={"old": once, "new": PASSWORD})
    own = {"role": "operator", "regions": [LIXIA], "worlds": ["actual"]}
    assert admin.post("/v1/people/hal/roles", json=own).status_code == 403
    assert admin.post("/v1/people/gus/roles", json={"role": "operator"}).status_code == 403
    assert admin.post("/v1/people/gus/roles", json=own | {"role": "king"}).status_code == 422
    assert admin.post("/v1/people/gus/roles", json=own | {"up_to": "orange"}).status_code == 201
    key = {"Authorization": f"Bearer {make_token(KeyScope.ADMIN)}"}
    assert anonymous.post("/v1/people/gus/roles", json=own, headers=key).status_code == 403


def test_me_lists_exactly_what_the_roles_open(page: Page, first_password: Callable[..., str]) -> None:
    for role, scopes in DEFAULT_ROLES.items():
        person, client = f"one-{role}", page()
        once = first_password(person, {"role": role})
        sign_in(client, person, once)
        client.put("/v1/me/password", json={"old": once, "new": PASSWORD})
        document = client.get("/openapi.json").json()
        open_to_role = {
            operation["operationId"]
            for path in document["paths"].values()
            for operation in path.values()
            if {scope for way in operation.get("security", ()) for one in way.values() for scope in one} <= scopes
            and operation.get("security")
        }
        me = client.get("/v1/me").json()
        assert set(me["acts"]) == open_to_role
        assert set(me["grants"][0]["permissions"]) == scopes


def test_over_https_the_cookie_is_of_this_host_alone(database_url: str, first_password: Callable[..., str]) -> None:
    once = first_password("ivy", {"role": "viewer"})
    with serving(database_url, public_url="https://city.example") as url:
        headers = {"Origin": "https://city.example", "X-Requested-With": "rencheng"}
        body = {"person_id": "ivy", "password": once}
        cookie = httpx.post(f"{url}/login", json=body, headers=headers).headers["set-cookie"]
    assert cookie.startswith("__Host-rencheng_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
