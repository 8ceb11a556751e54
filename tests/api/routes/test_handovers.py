"""A shift is passed on: both people are on duty until the one who comes accepts, with the open calls."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.store.access.api_keys import KeyScope, create
from tests.api.routes.test_calls import WARNING, asked, post, shown, states, warn
from tests.support.api import LIXIA
from tests.support.calls import clear_calls, look_at_calls, make_due, put_on_duty
from tests.support.change_requests import POLICY

OFFER = {"from_person": "ann", "to_person": "bo", "note": "pump 2 is repaired"}
DUTIES = (("ann", "keeper"), ("bo", "off_duty"), ("cy", "city_duty_officer"))


@pytest.fixture(autouse=True)
def _on_duty(city: Engine) -> None:
    clear_calls(city)
    put_on_duty(city, DUTIES)


def offer(client: httpx.Client) -> int:
    answer = client.post("/v1/rosters/keepers/handovers", json=OFFER)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["handover_id"])


def as_another(client: httpx.Client, city: Engine) -> dict[str, str]:
    with city.begin() as connection:
        return {"Authorization": f"Bearer {create(connection, 'bo', [KeyScope.RESPOND])}"}


def on_duty(client: httpx.Client) -> tuple[str, str | None]:
    [keepers] = [each for each in client.get("/v1/rosters").json()["items"] if each["roster_id"] == "keepers"]
    return keepers["on_duty"][0]["person_id"], keepers["on_duty"][0]["leaving"]


def test_the_person_who_comes_accepts_the_shift_with_the_answers_of_the_one_who_leaves(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    post(client, "ann", "accepted")
    number = offer(client)
    assert offer(client) == number
    [listed] = client.get("/v1/rosters/keepers/handovers").json()["items"]
    assert (listed["open_calls"], listed["is_accepted"]) == ([WARNING], False)
    accept = f"/v1/rosters/keepers/handovers/{number}/acceptance"
    assert "accepts this handover" in client.post(accept).json()["detail"]
    assert states(client) == {"ann": "accepted"}
    other = as_another(client, city)
    first, again = (client.post(accept, headers=other) for _ in range(2))

    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json()["is_accepted"]
    assert states(client) == {"ann": "out", "bo": "accepted"}
    assert shown(client)["state"] == "answered"
    assert on_duty(client) == ("bo", None)
    with city.connect() as connection:
        kinds = connection.execute(text("SELECT person_id, kind, via FROM acknowledgements ORDER BY at")).all()
    assert [tuple(row) for row in kinds] == [("ann", "accepted", "api"), ("bo", "accepted", "handover")]


def test_both_are_called_until_the_handover_is_accepted(client: httpx.Client, city: Engine) -> None:
    now = datetime.now(UTC)
    replaced = {"begins_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat(), "reason": "shift"}
    number = offer(client)
    client.post("/v1/rosters/keepers/overrides", json=replaced | {"person_id": "bo"})
    assert on_duty(client) == ("bo", "ann")
    warn(city, 1, Level.RED)
    assert asked(city) == [("bo", 1), ("ann", 1)]
    client.post(f"/v1/rosters/keepers/handovers/{number}/acceptance", headers=as_another(client, city))

    assert states(client) == {"bo": "waiting", "ann": "out"}
    assert on_duty(client) == ("bo", None)


def test_only_who_is_on_duty_passes_a_shift_on(client: httpx.Client) -> None:
    refused = client.post("/v1/rosters/keepers/handovers", json=OFFER | {"from_person": "cy"})
    assert (refused.status_code, "is on duty for rank 1" in refused.json()["detail"]) == (422, True)
    assert client.post("/v1/rosters/keepers/handovers/77/acceptance").status_code == 422


def test_an_answer_is_withdrawn_with_a_reason_and_a_repetition_changes_nothing(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    post(client, "ann", "accepted")
    request = {"person_id": "ann", "reason": "stuck in traffic"}
    answers = [client.post(f"/v1/calls/{WARNING}/withdrawals", json=request) for _ in range(2)]

    assert [answer.json()["people"][0]["state"] for answer in answers] == ["out", "out"]
    assert shown(client)["state"] == "exhausted"
    with city.connect() as connection:
        entries = connection.execute(text("SELECT detail FROM audit WHERE action = 'call.withdraw'")).scalars().all()
    assert entries[-1]["reason"] == "stuck in traffic"


def test_at_red_registered_people_are_called_in_turn_without_any_roster(client: httpx.Client, city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE rosters CASCADE"))
        connection.execute(text("UPDATE people SET roles = '{duty_officer}' WHERE person_id = 'ann'"))
    warn(city, 1, Level.ORANGE)
    assert client.get("/v1/calls").json()["items"] == []
    warn(city, 2, Level.RED, MessageType.UPDATE)
    for _ in range(2):
        make_due(city, 300)
        look_at_calls(city)

    assert asked(city) == [("cy", 1), ("ann", 1), ("cy", 1)]
    assert {each["reason"] for each in shown(client)["people"]} == {"register"}
    post(client, "ann", "accepted")
    assert shown(client)["state"] == "answered"


def test_only_the_person_who_comes_accepts_by_whatever_key(client: httpx.Client, city: Engine) -> None:
    number = offer(client)
    with city.begin() as connection:
        keys = {person: create(connection, person, [KeyScope.RESPOND], person_id=person) for person in ("cy", "bo")}
        again = create(connection, "second key of cy", [KeyScope.RESPOND], person_id="cy")
    address = f"/v1/rosters/keepers/handovers/{number}/acceptance"
    for key in (keys["cy"], again):
        assert client.post(address, headers={"Authorization": f"Bearer {key}"}).status_code == 422
    assert client.post(address, headers={"Authorization": f"Bearer {keys['bo']}"}).json()["is_accepted"]


def test_one_person_with_two_keys_cannot_write_and_approve_a_policy(client: httpx.Client, city: Engine) -> None:
    scopes = [KeyScope.ROSTERS_WRITE, KeyScope.PLANS_APPROVE]
    with city.begin() as connection:
        first, second, other = (
            {"Authorization": f"Bearer {create(connection, name, scopes, person_id=person)}"}
            for name, person in (("one", "ann"), ("two", "ann"), ("three", "bo"))
        )
    address = f"/v1/call-policies/{POLICY['policy_id']}"
    assert client.put(address, json=POLICY, headers=first).status_code == 200
    approval = f"{address}/versions/1/approval"
    assert [client.post(approval, headers=key).status_code for key in (first, second)] == [422, 422]
    answers = [client.post(approval, headers=other) for _ in range(2)]
    assert answers[0].is_success
    assert answers[0].text == answers[1].text


def test_a_running_call_keeps_its_policy_and_passes_over_who_was_disabled(client: httpx.Client, city: Engine) -> None:
    clear_calls(city)
    put_on_duty(city, [("ann", "keeper"), ("bo", "leader"), ("dee", "police")])
    steps = [{"posts": [{"role": role}], "wait_s": 60} for role in ("keeper", "police", "leader")]
    with city.begin() as connection:
        other = {"Authorization": f"Bearer {create(connection, 'x', [KeyScope.PLANS_APPROVE])}"}
    for version, used in enumerate((steps, steps[:1]), start=1):
        client.put("/v1/call-policies/p", json=POLICY | {"policy_id": "p", "region": LIXIA, "steps": used})
        assert client.post(f"/v1/call-policies/p/versions/{version}/approval", headers=other).is_success
        if version == 1:
            warn(city, 1, Level.RED)
    client.put("/v1/people/dee", json={"person_id": "dee", "name": "dee", "regions": [LIXIA], "active": False})
    make_due(city, 60)
    look_at_calls(city)

    assert asked(city) == [("ann", 1), ("bo", 1)]
    assert (shown(client)["policy_version"], shown(client)["step"]) == (1, 3)
