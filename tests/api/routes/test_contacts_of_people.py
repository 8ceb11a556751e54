"""People are called by contact methods that they proved: at red by all at once, below red not in quiet hours."""

from collections.abc import Iterator
from datetime import time
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.operations.asks import AskSender
from rencheng.response.calls.people import is_quiet
from rencheng.store.calls.asks import hasten_asks
from rencheng.store.response.leases import lease
from tests.api.routes.test_calls import WARNING, states
from tests.support.calls import clear_calls, look_at_calls, make_due, prove_contact, put_on_duty
from tests.support.decisions import subscribe
from tests.support.streams import SITES_BY_ID, record_messages, rendered

ASKS = AskSender("https://rencheng.example")


@pytest.fixture(autouse=True)
def _on_duty(city: Engine) -> Iterator[None]:
    clear_calls(city)
    put_on_duty(city, [("ann", "keeper"), ("bo", "leader")])
    with city.begin() as connection:
        prove_contact(connection, "ann", "voice", "13900000000")
        prove_contact(connection, "ann", "mail", "ann@city.example")
    yield
    clear_calls(city)


def warn(city: Engine, sequence: int, level: Level) -> None:
    kind = MessageType.ALERT if sequence == 1 else MessageType.UPDATE
    record_messages(city, rendered(WARNING, sequence, level, site=SITES_BY_ID["underpass"], kind=kind))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now()"))
    look_at_calls(city, ASKS)


def asks(city: Engine, round_: int = 1) -> dict[str, int]:
    """Return after how many minutes each method of ann is used, those that are due."""
    query = text(
        "SELECT kind, extract(epoch FROM due_at - now()) AS wait_s FROM dispatches JOIN contact_methods USING"
        " (method_id) WHERE person_id = 'ann' AND round = :round AND state = 'due'"
    )
    with city.connect() as connection:
        return {row.kind: max(0, round(float(row.wait_s) / 60)) for row in connection.execute(query, {"round": round_})}


def test_at_red_every_method_is_used_at_once_and_below_red_in_the_order_of_the_step(city: Engine) -> None:
    warn(city, 1, Level.ORANGE)
    assert asks(city) == {"sms": 0, "mail": 0, "voice": 2}
    warn(city, 2, Level.RED)
    assert asks(city, 2) == {"sms": 0, "mail": 0, "voice": 0}


def test_a_later_method_is_used_at_once_when_all_that_was_sent_failed(city: Engine) -> None:
    warn(city, 1, Level.ORANGE)
    for kind, expected in (("sms", 2), ("mail", 0)):
        with city.begin() as connection:
            failed = f"UPDATE dispatches SET state = 'failed' WHERE method_id = (SELECT method_id FROM contact_methods WHERE kind = '{kind}' AND person_id = 'ann')"  # noqa: E501
            connection.execute(text(failed))
            hasten_asks(connection)
        assert asks(city)["voice"] == expected


def test_in_quiet_hours_a_method_is_used_at_red_alone(client: httpx.Client, city: Engine) -> None:
    quiet = "UPDATE contact_methods SET quiet_from = '00:00', quiet_until = '23:59:59.999999' WHERE person_id = 'ann'"
    with city.begin() as connection:
        connection.execute(text(quiet))
    warn(city, 1, Level.ORANGE)
    assert states(client) == {"ann": "failed", "bo": "waiting"}
    warn(city, 2, Level.RED)
    assert states(client)["ann"] == "waiting"


@pytest.mark.parametrize(
    ("begins", "ends", "at", "expected"),
    [
        (22, 6, 23, True),
        (22, 6, 5, True),
        (22, 6, 6, False),
        (22, 6, 12, False),
        (12, 14, 13, True),
        (12, 14, 14, False),
    ],
)
def test_quiet_hours_may_include_midnight(begins: int, ends: int, at: int, expected: bool) -> None:
    assert is_quiet(time(begins), time(ends), time(at)) is expected


def test_a_person_who_is_disabled_is_not_asked_what_is_due(city: Engine) -> None:
    warn(city, 1, Level.RED)
    with city.begin() as connection:
        connection.execute(text("UPDATE people SET active = false WHERE person_id = 'ann'"))
        leased = lease(connection, "a test", free=100)
        query = "SELECT DISTINCT person_id, state FROM dispatches JOIN contact_methods USING (method_id) ORDER BY 1"
        found = [tuple(row) for row in connection.execute(text(query))]
    assert found == [("ann", "cancelled"), ("bo", "leased")]
    assert len(leased) == 1


def add(client: httpx.Client, **more: Any) -> httpx.Response:
    body = {"person_id": "bo", "kind": "sms", "address": "13700000000"} | more
    return client.post("/v1/contact-methods", json=body)


def code_of(city: Engine, dispatch_id: str) -> str:
    query = text("SELECT content -> 'document' ->> 'code' FROM dispatches WHERE dispatch_id = :id")
    with city.connect() as connection:
        return str(connection.execute(query, {"id": dispatch_id}).scalar_one())


def test_a_contact_is_proven_by_the_code_that_was_sent_to_it(client: httpx.Client, city: Engine) -> None:
    number = add(client, quiet_from="22:00", quiet_until="06:00").json()["method_id"]
    assert add(client).json()["method_id"] == number
    address = f"/v1/contact-methods/{number}"
    assert client.post(f"{address}/proof", json={"code": "000000"}).status_code == 422
    code = code_of(city, client.post(f"{address}/test").json()["dispatch_id"])
    wrong = "111111" if code != "111111" else "222222"
    for _ in range(5):
        assert "wrong" in client.post(f"{address}/proof", json={"code": wrong}).json()["detail"]
    assert client.post(f"{address}/proof", json={"code": code}).status_code == 422
    code = code_of(city, client.post(f"{address}/test").json()["dispatch_id"])
    proven = [client.post(f"{address}/proof", json={"code": code}) for _ in range(2)]

    assert proven[0].json() | {"proved_at": ""} == proven[1].json() | {"proved_at": ""}
    assert proven[0].json()["proved_at"]
    listed = client.get("/v1/contact-methods", params={"person_id": "bo"}).json()["items"]
    assert [each["quiet_from"] for each in listed] == [None, "22:00:00"]
    with city.connect() as connection:
        query = text("SELECT verified_at IS NOT NULL FROM contact_methods WHERE method_id = :n")
        assert connection.execute(query, {"n": number}).scalar_one()


def test_a_disabled_contact_is_not_used_until_it_is_probed(client: httpx.Client, city: Engine) -> None:
    [known] = client.get("/v1/contact-methods", params={"person_id": "bo"}).json()["items"]
    disabled = client.post(f"/v1/contact-methods/{known['method_id']}/disable", json={"reason": "lost"})
    assert disabled.json()["state"] == "disabled"
    warn(city, 1, Level.RED)
    assert states(client) == {"ann": "waiting", "bo": "failed"}


@pytest.mark.parametrize("body", [{"subscriber_id": "x"}, {"person_id": None}, {"quiet_from": "22:00"}])
def test_a_contact_has_one_owner_and_whole_quiet_hours(client: httpx.Client, body: dict[str, Any]) -> None:
    assert add(client, **body).status_code == 422


def test_operators_of_the_region_are_informed_once_when_nobody_answers(city: Engine) -> None:
    for name, region in (("operators", "370100"), ("others", "370200")):
        subscribe(city, name, "mqtt", name, wants_platform_messages=True, regions=[region])
    warn(city, 1, Level.RED)
    for _ in range(3):
        make_due(city, 400)
        look_at_calls(city, ASKS)
    query = text(
        "SELECT subscriber_id, content ->> 'zh' AS zh FROM dispatches JOIN contact_methods USING (method_id)"
        " WHERE purpose = 'call-exhausted'"
    )
    with city.connect() as connection:
        [informed] = connection.execute(query).all()
    assert informed.subscriber_id == "operators"
    assert "叫应无人应答：下穿通道红色预警" in informed.zh
