"""Devices that take commands, and commands, by API: who may ask, who may approve, and whose they are."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.reach import Reach
from rencheng.operations.people import save_person
from rencheng.response.calls.forms import PersonForm
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.commands.waiting import WaitingCommands, waiting_commands
from tests.support.api import HUAIYIN, LIXIA, PATIENCE_S

ROLES = {"ann": "keeper", "bo": "police", "cy": "street"}
SCOPES = (KeyScope.COMMAND_REQUEST, KeyScope.COMMAND_APPROVE, KeyScope.DEVICES_WRITE, KeyScope.TELEMETRY_READ)
BARRIER = {"device_id": "b1", "kind": "barrier", "region": LIXIA, "site_id": "underpass"}


class Clients:
    """A client for each person, key and reach."""

    def __init__(self, city: Engine, address: str, stack: ExitStack) -> None:
        self._stack = stack
        self._city = city
        self._address = address

    def of(self, person: str | None, *scopes: KeyScope, reach: Reach | None = None) -> httpx.Client:
        with self._city.begin() as connection:
            token = api_keys.create(connection, "x", scopes or SCOPES, person_id=person, reach=reach or Reach((), ()))
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=self._address, headers=headers, timeout=PATIENCE_S)
        return self._stack.enter_context(client)


@pytest.fixture
def clients(city: Engine, address: str) -> Iterator[Clients]:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE actuators CASCADE"))
        for person, role in ROLES.items():
            form = {"person_id": person, "name": person, "regions": [LIXIA], "roles": [role]}
            save_person(connection, PersonForm.model_validate(form), actor="a test")
    with ExitStack() as stack:
        made = Clients(city, address, stack)
        assert made.of(None).put("/v1/actuators/b1", json=BARRIER).json()["password"]
        yield made


def ask(client: httpx.Client, verb: str, key: str = "k") -> httpx.Response:
    return client.post("/v1/commands", json={"device_id": "b1", "verb": verb, "key": key, "reason": "x"})


def approve(client: httpx.Client, command: Mapping[str, Any]) -> httpx.Response:
    return client.post(f"/v1/commands/{command['command_id']}/approval")


def test_what_protects_is_approved_by_the_asking_and_a_repetition_is_one_command(clients: Clients) -> None:
    client = clients.of(None)
    first, again = ask(client, "barrier.close"), ask(client, "barrier.close")
    assert first.status_code == 201
    assert first.json() == again.json()
    assert first.json()["state"] == "approved"
    assert len(client.get("/v1/commands").json()["items"]) == 1


def test_what_waits_for_people_is_counted(clients: Clients, city: Engine) -> None:
    ask(clients.of("ann"), "barrier.open", "k1")
    with city.begin() as connection:
        assert waiting_commands(connection) == WaitingCommands(to_approve=("b1 barrier.open",), silent=("b1",))
        connection.execute(text("UPDATE commands SET state = 'expired', person_needed = 'it was not decided'"))
        connection.execute(text("INSERT INTO actuator_states VALUES ('b1', now(), now(), 'up', '', false)"))
        named = ("b1 barrier.open",)
        assert waiting_commands(connection) == WaitingCommands(for_people=named, undecided=named)
        connection.execute(text("UPDATE commands SET asked_at = now() - interval '8 days', handled_at = now()"))
        assert waiting_commands(connection) == WaitingCommands()


def test_a_barrier_opens_by_two_others_and_by_no_key_of_one_person(clients: Clients) -> None:
    assert "names no person" in ask(clients.of(None, *KeyScope), "barrier.open").json()["detail"]
    opening = ask(clients.of("ann"), "barrier.open").json()
    assert (opening["state"], opening["signatures_needed"]) == ("asked", 2)
    for refused in (clients.of("ann"), clients.of("ann", *KeyScope), clients.of(None, *KeyScope)):
        assert approve(refused, opening).status_code == 422
    assert approve(clients.of("bo", KeyScope.COMMAND_REQUEST), opening).status_code == 403
    assert approve(clients.of("cy"), opening).json()["state"] == "asked"
    assert approve(clients.of("cy"), opening).json()["signed_by"] == ["cy"]
    after = approve(clients.of("bo"), opening).json()
    assert (after["state"], after["signed_by"]) == ("approved", ["cy", "bo"])
    events = clients.of("bo").get(f"/v1/commands/{opening['command_id']}").json()["events"]
    assert [each["kind"] for each in events] == ["Signed", "Signed"]


def test_a_change_of_the_device_voids_approvals(clients: Clients) -> None:
    opening = ask(clients.of("ann"), "barrier.open").json()
    approve(clients.of("bo"), opening)
    assert clients.of(None).put("/v1/actuators/b1", json=BARRIER | {"name": "北"}).json()["version"] == 2
    shown = clients.of("ann").get(f"/v1/commands/{opening['command_id']}").json()
    assert (shown["state"], shown["signed_by"]) == ("asked", [])


def test_a_key_of_another_region_neither_sees_nor_changes_commands(clients: Clients) -> None:
    opening = ask(clients.of("ann"), "barrier.open").json()
    other = clients.of("bo", reach=Reach((HUAIYIN,), ()))
    path = f"/v1/commands/{opening['command_id']}"
    assert other.get("/v1/commands").json()["items"] == []
    assert other.get("/v1/actuators").json()["items"] == []
    assert other.get(path).status_code == 404
    assert other.post(f"{path}/approval").status_code == 404
    assert other.post(f"{path}/refusal", json={"reason": "x"}).status_code == 404
    assert other.delete("/v1/actuators/b1").status_code == 404
    assert ask(other, "barrier.close").status_code == 403
    assert other.put("/v1/actuators/b2", json=BARRIER | {"device_id": "b2"}).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "pile"}, 422),
        ({"device_id": "g1"}, 422),
        ({"site_id": "road"}, 422),
        ({"verbs": ["pump.start"]}, 422),
        ({"device_id": "rencheng-x"}, 422),
        ({"world": "drill"}, 422),
    ],
)
def test_a_device_that_does_not_fit_is_refused(clients: Clients, change: dict[str, Any], status: int) -> None:
    form = {**BARRIER, "device_id": "b2", **change}
    assert clients.of(None).put(f"/v1/actuators/{form['device_id']}", json=form).status_code == status


@pytest.mark.parametrize("verb", ["board.show", "pump.start", "gauge.alarm"])
def test_a_device_gets_only_commands_that_it_takes(clients: Clients, verb: str) -> None:
    assert ask(clients.of("ann"), verb).status_code == 422
