"""Subscribers, contact methods, dead letters and receipts by API."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.reach import Reach
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import HUAIYIN, LIXIA


@pytest.fixture
def emptied(city: Engine) -> Engine:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE subscribers, contact_methods, receipts RESTART IDENTITY CASCADE"))
    return city


def add(client: httpx.Client, *, name: str = "police", **contact: Any) -> httpx.Response:
    assert client.put(f"/v1/subscribers/{name}", json={"owner": name, "regions": [LIXIA]}).is_success
    form = {"subscriber_id": name, "kind": "webhook", "address": f"https://{name}.example/hook?key=secret-of-{name}"}
    return client.post("/v1/contact-methods", json=form | contact)


def test_an_address_and_a_secret_are_never_shown_again_nor_stored_readable(
    client: httpx.Client, emptied: Engine
) -> None:
    added = add(client).json()
    assert added["secret"].startswith("whsec_")
    shown = client.get("/v1/contact-methods").text
    audit = client.get("/v1/audit", params={"action": "contact.add"}).text
    with emptied.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM contact_methods, contact_secrets")).all())
    for hidden in ("secret-of-police", added["secret"]):
        assert hidden not in shown + audit + stored
    assert "https://police.example/…" in shown
    assert add(client).json() == {"method_id": added["method_id"], "secret": None}  # a repetition
    other = add(client, name="other", address="https://police.example/hook?key=secret-of-police")
    assert other.status_code == 422  # the same address


@pytest.mark.parametrize(
    "contact",
    [
        {"kind": "sms", "address": "not a number"},
        {"kind": "webhook", "address": "file:///etc/passwd"},
        {"kind": "webhook", "address": "https://user:word@x.example/"},
        {"kind": "mqtt", "address": "a/+/b"},
        {"template": "$nothing"},
        {"kind": "pigeon"},
        {"worlds": []},
    ],
)
def test_a_contact_method_that_cannot_work_is_refused(
    client: httpx.Client, emptied: Engine, contact: dict[str, Any]
) -> None:
    answer = add(client, **contact)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_bound_key_reaches_subscribers_of_its_regions_alone(
    client: httpx.Client, emptied: Engine, address: str
) -> None:
    number = add(client).json()["method_id"]
    client.put("/v1/subscribers/everywhere", json={"owner": "x"})
    with emptied.begin() as connection:
        token = api_keys.create(connection, "bound", [KeyScope.CONTACTS_WRITE], reach=Reach((HUAIYIN,)))
    with httpx.Client(base_url=address, headers={"X-API-Key": token}) as bound:
        assert bound.get("/v1/subscribers").json()["items"] == []
        assert bound.get("/v1/contact-methods").json()["items"] == []
        assert bound.post(f"/v1/contact-methods/{number}/test").status_code == 404
        assert bound.put("/v1/subscribers/police", json={"owner": "me", "regions": [HUAIYIN]}).status_code == 403
        assert bound.put("/v1/subscribers/wide", json={"owner": "me"}).status_code == 403
        assert bound.put("/v1/subscribers/mine", json={"owner": "me", "regions": [HUAIYIN]}).status_code == 200


def test_receipts_in_any_order_and_number_only_raise_the_rank(client: httpx.Client, emptied: Engine) -> None:
    number = add(client).json()["method_id"]
    dispatch = client.post(f"/v1/contact-methods/{number}/test").json()["dispatch_id"]
    with emptied.begin() as connection:
        connection.execute(text("UPDATE dispatches SET state = 'sent', rank = 2, provider_ref = 'r-1'"))

    def report(status: str, ref: str = "r-1") -> tuple[bool, str]:
        receipt = {"provider": "sms", "ref": ref, "status": status}
        changed = client.post("/v1/receipts", json=receipt).json()["changed"]
        return changed, client.get(f"/v1/dispatches/{dispatch}").json()["state"]

    assert report("delivered", "unknown") == (False, "sent")
    assert report("read") == (True, "read")
    assert report("delivered") == (False, "read")
    assert report("undelivered") == (False, "read")
    assert report("read") == (False, "read")


def test_a_dead_letter_is_listed_and_sent_again_under_its_id(client: httpx.Client, emptied: Engine) -> None:
    number = add(client).json()["method_id"]
    dispatch = client.post(f"/v1/contact-methods/{number}/test").json()["dispatch_id"]
    assert client.get("/v1/dispatches").json()["items"] == []
    with emptied.begin() as connection:
        connection.execute(text("UPDATE dispatches SET state = 'failed', reason = 'status 400'"))
    [dead] = client.get("/v1/dispatches").json()["items"]
    assert (dead["dispatch_id"], dead["reason"]) == (dispatch, "status 400")
    again = client.post(f"/v1/dispatches/{dispatch}/again")
    assert (again.status_code, again.json()["state"]) == (202, "due")
    assert client.post(f"/v1/dispatches/{dispatch}/again").status_code == 422
    assert client.get(f"/v1/dispatches/{UUID(int=1)}").status_code == 404
    assert json.loads(client.get(f"/v1/dispatches/{dispatch}").text)["tries"] == []
