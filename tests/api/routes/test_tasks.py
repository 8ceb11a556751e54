"""Plans, tasks, evidence and reopening through the API: from a warning to a place that may be used again."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.domain.warning import MessageType
from rencheng.operations.task_messages import TaskSender
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.tasks.links import make_task_links
from tests.support.api import HUAIYIN, LIXIA
from tests.support.streams import SITES_BY_ID, record_messages, rendered
from tests.support.tasks import key_of, look_at_tasks, make_tasks_due, photo, staff

WARNING = "w-underpass"
PLAN: dict[str, Any] = {
    "plan_id": "lixia",
    "region": LIXIA,
    "site_type": "underpass",
    "tasks": [
        {"task": "close", "title_zh": "封", "title_en": "Close", "role": "police", "level": "red", "due_min": 10}
        | {"closes": True},
        {"task": "reopen", "title_zh": "开", "title_en": "Reopen", "role": "keeper", "level": "red", "due_min": 60}
        | {"after": True, "signatures": 2},
    ],
}


@pytest.fixture(autouse=True)
def _staff(city: Engine) -> None:
    staff(city)


def warn(city: Engine, sequence: int, level: Level, kind: MessageType = MessageType.ALERT, name: str = WARNING) -> None:
    record_messages(city, rendered(name, sequence, level, site=SITES_BY_ID["underpass"], kind=kind))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now() WHERE closed_at IS NULL"))
        connection.execute(text("UPDATE warning_events SET issued_at = now()"))
    look_at_tasks(city)


def tasks(client: httpx.Client, warning: str = WARNING) -> dict[str, dict[str, Any]]:
    answer = client.get(f"/v1/incidents/{warning}")
    assert answer.status_code == 200, answer.text
    return {each["task"]: each for each in answer.json()["tasks"]}


def states(client: httpx.Client) -> dict[str, str]:
    return {name: task["state"] for name, task in tasks(client).items()}


def post(client: httpx.Client, key: dict[str, str], number: int, what: str, **body: object) -> httpx.Response:
    return client.post(f"/v1/tasks/{number}/{what}", json=body, headers=key)


def test_tasks_come_once_with_the_warning_and_a_rise_adds_those_of_the_higher_level(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.YELLOW)
    warn(city, 2, Level.YELLOW, MessageType.UPDATE)
    assert set(tasks(client)) == {"watch", "keeper"}
    warn(city, 3, Level.RED, MessageType.UPDATE)
    look_at_tasks(city)
    found = tasks(client)
    assert {"watch", "keeper", "close", "search", "divert"} <= set(found)
    assert "reopen" not in found
    assert found["close"]["asked"] == ["ann"]
    assert client.get("/v1/incidents").json()["items"][0]["plan_id"] == "default-underpass"


def test_a_task_that_nobody_takes_on_goes_to_the_leader_and_one_overdue_to_the_citys_officer(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    for _ in range(3):
        make_tasks_due(city, 3 * 3600)
        look_at_tasks(city)
    close = tasks(client)["close"]
    assert close["asked"] == ["ann", "cy", "fay"]
    assert close["overdue"]


def finish(client: httpx.Client, city: Engine, name: str, person: str) -> int:
    number: int = tasks(client)[name]["task_id"]
    key = key_of(city, person)
    for kind in tasks(client)[name]["missing_evidence"]:
        if kind == "photo":
            sent = client.post(f"/v1/tasks/{number}/photos", content=photo(color=person_color(person)), headers=key)
        else:
            more = {"depth_mm": 0} if kind == "depth" else {"note": "seen"}
            sent = post(client, key, number, "evidence", kind=kind, **more)
        assert sent.status_code == 200, sent.text
    done = post(client, key, number, "reports", move="finish")
    assert done.status_code == 200, done.text
    return number


def person_color(person: str) -> str:
    return {"ann": "blue", "bo": "red"}.get(person, "green")


def reopened_at(city: Engine) -> object:
    with city.connect() as connection:
        return connection.execute(text("SELECT reopened_at FROM incidents")).scalar_one()


def test_a_place_is_reopened_by_two_people_who_did_not_inspect_it_after_the_all_clear(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    close = finish(client, city, "close", "ann")
    warn(city, 2, Level.RED, MessageType.CANCEL)
    assert states(client)["search"] == "cancelled"
    assert states(client)["close"] == "done"
    reopen = finish(client, city, "reopen", "bo")
    office, bo, cy, dee = (key_of(city, person) for person in (None, "bo", "cy", "dee"))

    # one person by every way: the API with two keys, a key of nobody with every scope, the link
    for key in (bo, key_of(city, "bo", [KeyScope.RESPOND]), office):
        assert post(client, key, reopen, "checks", passed=True).status_code == 422
    assert post(client, cy, reopen, "checks", passed=True).json()["state"] == "done"
    assert post(client, key_of(city, "cy"), reopen, "checks", passed=True).status_code == 422
    assert reopened_at(city) is None
    assert post(client, dee, reopen, "evidence", kind="note", note="silt is left").status_code == 200
    assert post(client, cy, reopen, "checks", passed=True).json()["state"] == "done"  # the first one is void
    refused = post(client, dee, reopen, "checks", passed=True)
    assert "did it" in refused.json()["detail"]
    assert post(client, key_of(city, "eve"), reopen, "checks", passed=True).json()["state"] == "checked"
    assert reopened_at(city) is not None
    assert post(client, cy, close, "checks", passed=True).json()["state"] == "checked"


def test_nothing_is_reopened_while_the_place_has_a_warning_and_a_new_one_begins_it_again(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    warn(city, 2, Level.RED, MessageType.CANCEL)
    reopen = finish(client, city, "reopen", "bo")
    record_messages(city, rendered("w-again", 1, Level.RED, site=SITES_BY_ID["underpass"]))
    refused = post(client, key_of(city, "cy"), reopen, "checks", passed=True)
    assert (refused.status_code, "has a warning" in refused.json()["detail"]) == (422, True)
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now()"))
    look_at_tasks(city)
    assert states(client)["reopen"] == "cancelled"
    assert post(client, key_of(city, "cy"), reopen, "checks", passed=True).status_code == 422


def test_who_reports_for_another_person_cannot_sign_either(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    warn(city, 2, Level.RED, MessageType.CANCEL)
    reopen = tasks(client)["reopen"]["task_id"]
    cy = key_of(city, "cy")
    client.post(f"/v1/tasks/{reopen}/photos?person_id=bo", content=photo(), headers=cy)
    for body in ({"kind": "depth", "depth_mm": 0}, {"kind": "note", "note": "dry"}):
        post(client, cy, reopen, "evidence", person_id="bo", **body)
    nobody = post(client, key_of(city, None), reopen, "reports", move="finish", person_id="bo")
    assert "names no person" in nobody.json()["detail"]
    assert post(client, cy, reopen, "reports", move="finish", person_id="bo").json()["state"] == "done"
    assert "did it" in post(client, cy, reopen, "checks", passed=True).json()["detail"]


def test_a_plan_is_in_force_when_two_people_stand_behind_it(client: httpx.Client, city: Engine) -> None:
    ann, bo, cy, office = (key_of(city, person) for person in ("ann", "bo", "cy", None))

    def approve(key: dict[str, str]) -> httpx.Response:
        return client.post("/v1/plans/lixia/versions/1/approval", headers=key)

    written = [client.put("/v1/plans/lixia", json=PLAN, headers=ann).json() for _ in range(2)]
    assert [each["version"] for each in written] == [1, 1]
    for key in (ann, key_of(city, "ann"), office):
        assert approve(key).status_code == 422
    assert approve(bo).json()["in_force"]

    staff(city)
    ann, bo, cy = (key_of(city, person) for person in ("ann", "bo", "cy"))
    client.put("/v1/plans/lixia", json=PLAN, headers=office)  # nobody knows who wrote it: two must approve
    assert not approve(bo).json()["in_force"]
    assert not approve(key_of(city, "bo")).json()["in_force"]
    assert approve(cy).json()["in_force"]
    warn(city, 1, Level.RED)
    assert set(tasks(client)) == {"close"}
    changed = PLAN | {"tasks": [*PLAN["tasks"], PLAN["tasks"][0] | {"task": "more", "closes": False}]}
    assert client.put("/v1/plans/lixia", json=changed, headers=ann).json()["version"] == 2
    client.post("/v1/plans/lixia/versions/2/approval", headers=bo)
    warn(city, 2, Level.RED, MessageType.UPDATE)
    assert set(tasks(client)) == {"close"}  # an incident keeps the plan with which it began


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tasks": PLAN["tasks"][:1]}, "needs a task `after`"),
        ({"tasks": [PLAN["tasks"][1] | {"signatures": 1}]}, "2 signatures"),
        ({"tasks": PLAN["tasks"] * 2}, "named twice"),
        ({"site_id": "elsewhere"}, "no site elsewhere"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(client: httpx.Client, change: dict[str, Any], why: str) -> None:
    answer = client.put("/v1/plans/lixia", json=PLAN | change)
    assert (answer.status_code, why in answer.text) == (422, True), answer.text


def test_a_preview_writes_nothing_and_names_who_would_get_the_tasks(client: httpx.Client) -> None:
    assert len(client.get("/v1/plans/defaults").json()["items"]) == 8
    own = client.post("/v1/plans/preview", json={"site_id": "underpass", "level": "red", "plan": PLAN}).json()
    assert [(each["task"], each["person_id"]) for each in own["tasks"]] == [("close", "ann"), ("reopen", "bo")]
    default = client.post("/v1/plans/preview", json={"site_id": "underpass", "level": "yellow"}).json()
    assert [each["task"] for each in default["tasks"]] == ["watch", "keeper"]
    assert client.get("/v1/incidents").json()["items"] == []


def test_a_person_reports_by_a_link_that_acts_on_post_alone_and_is_no_signature(
    client: httpx.Client, anonymous: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    with city.begin() as connection:
        link = f"/tasks/{make_task_links(connection, WARNING, ['ann'])['ann']}"
    for method in ("GET", "HEAD", "OPTIONS"):
        anonymous.request(method, link)
    page = anonymous.get(link)
    assert "封闭道路" in page.text
    assert "script" not in page.text
    assert set(states(client).values()) == {"open"}
    number = str(tasks(client)["close"]["task_id"])
    refused = anonymous.post(link, data={"task": number, "what": "finish"})
    assert (refused.status_code, "photo" in refused.text) == (422, True)
    sent = anonymous.post(link, data={"task": number, "what": "photo"}, files={"photo": ("p.html", photo())})
    assert sent.status_code == 200, sent.text
    fake = {"photo": ("p.jpg", b"<html>")}
    assert anonymous.post(link, data={"task": number, "what": "photo"}, files=fake).status_code == 422
    anonymous.post(link, data={"task": number, "what": "hidden_danger", "note": "<b>manhole</b> open"})
    assert anonymous.post(link, data={"task": number, "what": "finish"}).status_code == 200
    assert states(client)["close"] == "done"
    others = str(tasks(client)["keeper"]["task_id"])
    assert anonymous.post(link, data={"task": others, "what": "accept"}).status_code == 422
    assert anonymous.post(link, data={"task": number, "what": "checks"}).status_code == 422
    assert anonymous.get("/tasks/" + "A" * 22).status_code == 404
    kinds = [each["kind"] for each in client.get(f"/v1/tasks/{number}").json()["reported"]]
    assert kinds == ["photo", "hidden_danger"]


def test_a_person_gets_one_message_with_all_that_is_to_be_done(city: Engine) -> None:
    send = TaskSender("https://city.example")
    record_messages(city, rendered(WARNING, 1, Level.RED, site=SITES_BY_ID["underpass"]))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now()"))
    look_at_tasks(city, send)
    look_at_tasks(city, send)
    with city.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT person_id, content FROM dispatches JOIN contact_methods USING (method_id)"
                " WHERE source = 'task' ORDER BY person_id"
            )
        ).all()
    assert [row.person_id for row in rows] == ["ann", "bo", "dee", "eve"]
    assert {each["task"] for each in rows[0].content["document"]["tasks"]} == {"close", "search", "divert"}
    assert re.search(r"https://city\.example/tasks/[\w-]{20,}", rows[0].content["zh"])


def test_a_key_of_another_region_sees_no_task_and_writes_no_plan(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    number = tasks(client)["close"]["task_id"]
    bound = key_of(city, None, reach=Reach((HUAIYIN,)))
    assert client.get("/v1/tasks", headers=bound).json()["items"] == []
    assert client.get(f"/v1/tasks/{number}", headers=bound).status_code == 404
    assert client.get(f"/v1/incidents/{WARNING}", headers=bound).status_code == 404
    assert client.put("/v1/plans/lixia", json=PLAN, headers=bound).status_code == 403
