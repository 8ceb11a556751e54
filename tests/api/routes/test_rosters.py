"""People, rosters and policies of calls: written, shown, and who is on duty."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.domain.site import SiteType
from rencheng.response.calls.policy import choose_policy
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.calls.policies import load_policies
from tests.support.api import HUAIYIN, LIXIA

ANN = {"person_id": "ann", "name": "安", "roles": ["keeper"], "regions": [LIXIA]}
STEP = {"posts": [{"role": "keeper"}], "wait_s": 300}
EVE = {"people": ["eve"], "changes": ["08:00"], "first_day": "2026-07-01", "last_day": "2026-07-02"}
POLICY = {"policy_id": "red", "region": LIXIA, "level": "red", "hold_s": 900, "steps": [STEP]}


@pytest.fixture(autouse=True)
def _nobody(city: Engine, client: httpx.Client) -> None:
    with city.begin() as connection:
        connection.execute(text("TRUNCATE people, rosters, call_policies CASCADE"))
    for person in ("ann", "bo"):
        assert client.put(f"/v1/people/{person}", json=ANN | {"person_id": person}).status_code == 200


def roster(**changed: object) -> dict[str, Any]:
    day = datetime.now(UTC).date()
    turns = {"people": ["ann"], "changes": ["00:00"], "first_day": str(day - timedelta(days=1))}
    turns |= {"last_day": str(day + timedelta(days=9))}
    return {"roster_id": "keepers", "role": "keeper", "region": LIXIA, "rotations": [turns]} | changed


def test_a_person_is_made_inactive_and_never_deleted(client: httpx.Client) -> None:
    client.put("/v1/people/ann", json=ANN | {"active": False})
    shown = {each["person_id"]: each["active"] for each in client.get("/v1/people").json()["items"]}

    assert shown == {"ann": False, "bo": True}
    assert client.delete("/v1/people/ann").status_code == 405


def test_a_roster_shows_who_is_on_duty_and_its_gaps(client: httpx.Client) -> None:
    shown = client.put("/v1/rosters/keepers", json=roster(ranks=2)).json()

    assert shown["on_duty"] == [
        {"rank": 1, "person_id": "ann", "reason": "shift", "leaving": None},
        {"rank": 2, "person_id": None, "reason": "gap", "leaving": None},
    ]
    assert [gap["rank"] for gap in shown["gaps"]] == [2]
    [again] = client.get("/v1/rosters").json()["items"]
    assert again["on_duty"] == shown["on_duty"]


def test_the_last_override_wins_for_its_time_alone_and_a_repetition_adds_none(
    client: httpx.Client, city: Engine
) -> None:
    client.put("/v1/rosters/keepers", json=roster())
    now = datetime.now(UTC)
    period = {"begins_at": (now - timedelta(hours=1)).isoformat(), "ends_at": (now + timedelta(hours=1)).isoformat()}
    override = period | {"person_id": "bo", "reason": "illness"}
    made = [client.post("/v1/rosters/keepers/overrides", json=override) for _ in range(2)]

    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()

    def on_duty(at: datetime) -> str:
        [found] = client.get("/v1/rosters", params={"at": at.isoformat()}).json()["items"]
        return str(found["on_duty"][0]["person_id"])

    assert on_duty(now) == "bo"
    assert on_duty(now + timedelta(hours=2)) == "ann"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rotations": [EVE]}, "not registered: eve"),
        ({"zone": "Mars/Base"}, "IANA"),
        ({"site_id": "road"}, "no site road"),
        ({"roster_id": "other"}, "the same roster"),
        (
            {
                "rotations": [],
                "shifts": [
                    {"person_id": "ann", "begins_at": "2026-07-20T00:00:00Z", "ends_at": "2026-07-20T12:00:00Z"},
                    {"person_id": "bo", "begins_at": "2026-07-20T11:00:00Z", "ends_at": "2026-07-20T20:00:00Z"},
                ],
            },
            "overlap",
        ),
    ],
)
def test_a_roster_that_cannot_be_is_refused_with_its_reason(
    client: httpx.Client, changed: dict[str, Any], why: str
) -> None:
    answer = client.put("/v1/rosters/keepers", json=roster(**changed))
    assert answer.status_code == 422
    assert why in answer.text
    assert client.get("/v1/rosters").json()["items"] == []


def test_a_policy_is_in_force_when_somebody_else_approved_it(
    client: httpx.Client, anonymous: httpx.Client, city: Engine
) -> None:
    written = [client.put("/v1/call-policies/red", json=POLICY).json() for _ in range(2)]
    assert written[0] == written[1]  # a repetition makes no version
    own = client.post("/v1/call-policies/red/versions/1/approval")
    assert own.status_code == 422
    assert "another person" in own.json()["detail"]
    with city.begin() as connection:
        token = api_keys.create(connection, "leader", [KeyScope.PLANS_APPROVE])
    approved = anonymous.post("/v1/call-policies/red/versions/1/approval", headers={"X-API-Key": token})
    assert approved.json()["in_force"]
    changed = POLICY | {"steps": [STEP, STEP]}
    assert client.put("/v1/call-policies/red", json=changed).json()["version"] == 2
    with city.connect() as connection:
        policies = load_policies(connection)

    assert [(policy.policy_id, policy.version) for policy in policies] == [("red", 1)]
    found = choose_policy(policies, LIXIA, SiteType.ROAD, Level.RED)
    assert found is not None
    assert found.policy_id == "red"
    assert client.post("/v1/call-policies/red/versions/7/approval").status_code == 404


def test_a_policy_that_waits_for_nobody_is_refused(client: httpx.Client) -> None:
    answer = client.put("/v1/call-policies/red", json=POLICY | {"steps": [STEP | {"needs": ["police"]}]})
    assert answer.status_code == 422
    assert "police" in answer.text


def test_people_of_other_regions_cannot_be_put_on_duty(
    client: httpx.Client, anonymous: httpx.Client, city: Engine
) -> None:
    client.put("/v1/people/bo", json=ANN | {"person_id": "bo", "regions": [HUAIYIN]})
    with city.begin() as connection:
        reach = Reach(regions=(LIXIA,))
        token = api_keys.create(connection, "lixia", [KeyScope.ROSTERS_WRITE], reach=reach)
    turns = roster()["rotations"][0] | {"people": ["bo"]}
    answer = anonymous.put("/v1/rosters/keepers", json=roster(rotations=[turns]), headers={"X-API-Key": token})
    assert answer.status_code == 403
