"""Responses of a region through the API: the platform proposes, a person with the role of the number decides."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.operations.declarations import follow_region, levels_of_regions
from rencheng.operations.plans import try_plans
from rencheng.operations.signers import Signer
from rencheng.response.tasks.forms import PlanForm
from rencheng.store.tasks.plans import add_plan, newest_plan, put_in_force
from tests.support.api import LIXIA
from tests.support.streams import SITES_BY_ID, record_messages, rendered
from tests.support.tasks import key_of, look_at_tasks, staff

JINAN = "370100"


@pytest.fixture(autouse=True)
def _heads(city: Engine) -> Iterator[None]:
    """Two heads of the city; bo is one of a district alone."""
    staff(city)
    with city.begin() as connection:
        for person, role, region in (
            ("ann", "flood_head", JINAN),
            ("cy", "headquarters_head", JINAN),
            ("bo", "flood_head", LIXIA),
        ):
            query = "UPDATE people SET roles = ARRAY[:role], regions = ARRAY[:region] WHERE person_id = :person"
            connection.execute(text(query), {"role": role, "region": region, "person": person})
    yield
    staff(city)


def look(city: Engine) -> None:
    with city.begin() as connection:
        found = levels_of_regions(connection, ())
    for (world, region), levels in found.items():
        with city.begin() as connection:
            follow_region(connection, world, region, levels, ())


def shown(client: httpx.Client) -> list[tuple[str, str, int | None, int | None]]:
    items = client.get("/v1/responses").json()["items"]
    return [(each["region"], each["state"], each["number"], each["proposed"]) for each in items]


def test_a_response_is_proposed_declared_raised_and_ended_by_people_of_the_role(
    client: httpx.Client, city: Engine
) -> None:
    record_messages(city, rendered("w1", 1, Level.ORANGE, site=SITES_BY_ID["underpass"]))
    look(city)
    look(city)
    assert shown(client) == [(JINAN, "proposed", None, 4)]

    def declare(number: int, key: dict[str, str]) -> httpx.Response:
        return client.post("/v1/responses", json={"region": JINAN, "number": number}, headers=key)

    for who in ("bo", "dee", "cy", None):  # of a district, of another role, of other numbers, nobody
        assert declare(4, key_of(city, who)).status_code == 422
    assert shown(client) == [(JINAN, "proposed", None, 4)]
    assert declare(4, key_of(city, "ann")).json()["roman"] == "IV"
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET level = 4"))
    look(city)
    assert shown(client) == [(JINAN, "declared", 4, 3)]
    assert declare(2, key_of(city, "ann")).status_code == 422
    assert declare(2, key_of(city, "cy")).status_code == 200
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET level = 0, closed_at = now()"))
    look(city)
    assert shown(client) == [(JINAN, "declared", 2, None)]
    number = client.get("/v1/responses").json()["items"][0]["response_id"]
    decision = {"decision": "end", "reason": "over"}
    for who, status in (("ann", 422), ("cy", 200), ("cy", 422)):
        key = key_of(city, who)
        assert client.post(f"/v1/responses/{number}/decisions", json=decision, headers=key).status_code == status
    assert shown(client) == []
    look(city)
    assert shown(client) == []


def test_a_declared_response_asks_for_the_tasks_that_the_plan_names_at_places_with_a_warning(
    client: httpx.Client, city: Engine
) -> None:
    task = {"title_zh": "巡", "title_en": "Watch", "role": "drainage", "level": "red", "due_min": 5}
    names = {"patrol": 3, "all-hands": 1, "close": None}
    tasks = [task | {"task": name, "response": number} for name, number in names.items()]
    form = PlanForm.model_validate({"plan_id": "p", "region": JINAN, "tasks": tasks})
    with city.begin() as connection:
        assert try_plans(connection, [form], signer=Signer("a test", None)) == {"p": ["new"]}
        assert newest_plan(connection, "p") is None
        version = add_plan(connection, form, "a test", None)
        until = connection.execute(text("SELECT now() + interval '1 day'")).scalar_one()
        put_in_force(connection, "p", version, until)
        assert try_plans(connection, [form], signer=Signer("a test", None)) == {"p": []}

    def named(warning: str) -> list[str]:
        look_at_tasks(city)
        look_at_tasks(city)
        return sorted(each["task"] for each in client.get(f"/v1/incidents/{warning}").json()["tasks"])

    def declare(number: int, who: str) -> None:
        body = {"region": JINAN, "number": number}
        assert client.post("/v1/responses", json=body, headers=key_of(city, who)).is_success

    def warn(name: str, site: str, level: Level = Level.BLUE, sequence: int = 1) -> None:
        record_messages(city, rendered(name, sequence, level, site=SITES_BY_ID[site]))
        with city.begin() as connection:
            connection.execute(text("UPDATE warnings SET updated_at = now() WHERE closed_at IS NULL"))

    warn("w1", "underpass")
    assert named("w1") == []
    declare(4, "ann")
    assert named("w1") == []
    declare(3, "ann")
    assert named("w1") == ["patrol"]
    warn("w2", "road")
    assert named("w2") == ["patrol"]
    declare(1, "cy")
    assert (named("w1"), named("w2")) == (["all-hands", "patrol"],) * 2
    warn("w1", "underpass", Level.RED, 2)
    assert named("w1") == ["all-hands", "close", "patrol"]
