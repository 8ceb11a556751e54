"""Calls follow the warnings: somebody is called until one answers, by a link or by telephone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.response.calls.call import AnswerKind, CallState
from rencheng.response.calls.inputs import CallInput
from rencheng.response.calls.intents import CallIntent, Candidate
from rencheng.response.calls.machine import advance, open_call
from rencheng.response.calls.policy import BUILT_IN, Post
from rencheng.response.calls.roster import Duty, DutyReason
from rencheng.store.calls.answers import make_link
from rencheng.store.calls.calls import events_of_call
from rencheng.store.exercises import clear_exercise
from rencheng.store.registry.sites import find_sites
from tests.support.api import DRILL
from tests.support.calls import clear_calls, look_at_calls, make_due, put_on_duty
from tests.support.streams import SITES_BY_ID, record_messages, rendered

WARNING = "w-underpass"


@pytest.fixture(autouse=True)
def _on_duty(city: Engine) -> None:
    clear_calls(city)
    put_on_duty(city)


def warn(
    city: Engine, sequence: int, level: Level, kind: MessageType = MessageType.ALERT, site: str = "underpass"
) -> None:
    record_messages(city, rendered(f"w-{site}", sequence, level, site=SITES_BY_ID[site], kind=kind))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now() WHERE closed_at IS NULL"))
    look_at_calls(city)


def shown(client: httpx.Client) -> dict[str, Any]:
    answer = client.get(f"/v1/calls/{WARNING}")
    assert answer.status_code == 200, answer.text
    call: dict[str, Any] = answer.json()
    return call


def states(client: httpx.Client) -> dict[str, str]:
    return {each["person_id"]: each["state"] for each in shown(client)["people"]}


def asked(city: Engine) -> list[tuple[str, int]]:
    query = (
        "SELECT i ->> 'person_id', CAST(i ->> 'round' AS int) FROM call_events, jsonb_array_elements(intents) i"
        " WHERE i ->> 'kind' IN ('first', 'again') ORDER BY n"
    )
    with city.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def post(client: httpx.Client, person: str, kind: str) -> httpx.Response:
    return client.post(f"/v1/calls/{WARNING}/answers", json={"person_id": person, "kind": kind, "note": "by telephone"})


def test_a_red_warning_calls_people_until_one_accepts_and_its_end_ends_the_call(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    assert states(client) == {"ann": "waiting", "bo": "waiting"}
    assert post(client, "ann", "received").status_code == 200
    assert shown(client)["state"] == "calling"
    assert post(client, "ann", "accepted").json()["state"] == "answered"
    look_at_calls(city)
    assert asked(city) == [("ann", 1), ("bo", 1)]
    warn(city, 2, Level.RED, MessageType.CANCEL)

    assert shown(client)["state"] == "ended"
    assert client.get("/v1/calls").json()["items"] == []
    assert "over" in post(client, "bo", "accepted").json()["detail"]


def test_nobody_answers_and_the_city_s_duty_officer_is_called_again_and_again(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    for _ in range(3):
        make_due(city, 400)
        look_at_calls(city)

    assert shown(client)["state"] == "exhausted"
    assert asked(city).count(("cy", 1)) == 3


def test_a_rise_asks_again_and_an_answer_to_the_lower_level_does_not_count(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.YELLOW)
    post(client, "ann", "accepted")
    warn(city, 2, Level.RED, MessageType.UPDATE)

    assert (shown(client)["round"], shown(client)["state"]) == (2, "calling")
    assert asked(city) == [("ann", 1), ("ann", 2), ("bo", 2)]


def test_blue_calls_nobody_and_a_city_without_people_has_no_calls(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.BLUE)
    assert client.get("/v1/calls").json()["items"] == []
    with city.begin() as connection:
        connection.execute(text("TRUNCATE rosters, people CASCADE"))
    warn(city, 2, Level.RED, MessageType.UPDATE)
    assert client.get("/v1/calls").json()["items"] == []


def test_a_silence_pauses_the_call_and_its_end_resumes_it(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    period = {
        "begins_at": datetime.now(UTC).isoformat(),
        "ends_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    silence = period | {"site_id": "underpass", "up_to": "red", "reason": "x"}
    name = client.post("/v1/silences", json=silence).json()["name"]
    look_at_calls(city)
    assert shown(client)["state"] == "paused"
    client.delete(f"/v1/mutes/{name}")
    look_at_calls(city)
    assert shown(client)["state"] == "calling"
    assert asked(city) == [("ann", 1), ("bo", 1)]


def test_one_more_is_called_and_a_person_ends_the_call_with_a_reason(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    client.post(f"/v1/calls/{WARNING}/people", json={"person_id": "cy", "role": "police"})
    assert asked(city)[-1] == ("cy", 1)
    assert client.post(f"/v1/calls/{WARNING}/end", json={"reason": "handled"}).json()["state"] == "ended"
    look_at_calls(city)
    assert shown(client)["state"] == "ended"


def test_an_answer_that_is_sent_again_counts_once(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    first = post(client, "ann", "accepted")
    again = [post(client, "ann", "accepted") for _ in range(3)]

    assert {answer.json()["next_due"] for answer in again} == {first.json()["next_due"]}
    with city.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM acknowledgements")).scalar_one() == 1


def test_several_processes_ask_each_person_once(city: Engine) -> None:
    record_messages(city, rendered(WARNING, 1, Level.RED, site=SITES_BY_ID["underpass"]))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now()"))
    with ThreadPoolExecutor(5) as pool:
        for done in [pool.submit(look_at_calls, city) for _ in range(20)]:
            done.result()

    assert asked(city) == [("ann", 1), ("bo", 1)]


def test_an_exercise_takes_its_calls_with_it_and_leaves_the_others(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    warn(city, 1, Level.RED, site="drill-tunnel")
    assert client.get("/v1/calls/w-drill-tunnel").json()["world"] == DRILL
    with city.connect() as connection:
        clear_exercise(connection, DRILL)
        left = connection.execute(text("SELECT warning_id FROM calls")).scalars().all()
        connection.rollback()
    assert left == [WARNING]


def link_for(city: Engine, person: str, ask: int = 1) -> str:
    with city.begin() as connection:
        return f"/answers/{make_link(connection, WARNING, person, 1, ask)}"


def test_looking_at_a_link_changes_nothing_and_two_presses_are_one_answer(
    client: httpx.Client, anonymous: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    address = link_for(city, "ann")
    for method in ("GET", "HEAD", "OPTIONS", "GET") * 12:
        anonymous.request(method, address)
    page = anonymous.get(address)
    assert states(client)["ann"] == "waiting"
    assert "下穿通道" in page.text
    assert "<script" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "set-cookie" not in page.headers
    pressed = [anonymous.post(address, data={"kind": "accepted"}) for _ in range(2)]

    assert [answer.status_code for answer in pressed] == [200, 200]
    assert pressed[0].text == pressed[1].text
    assert states(client)["ann"] == "accepted"
    with city.connect() as connection:
        rows = connection.execute(text("SELECT via, recorded_by FROM acknowledgements")).all()
    assert [tuple(row) for row in rows] == [("link", "link of ann")]


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_button_of_the_page_is_an_answer(
    client: httpx.Client, anonymous: httpx.Client, city: Engine, kind: AnswerKind
) -> None:
    warn(city, 1, Level.RED)
    assert anonymous.post(link_for(city, "ann"), data={"kind": kind.value}).status_code == 200
    assert states(client)["ann"] == ("out" if kind is AnswerKind.CANNOT else kind.value)


def test_odd_links_and_odd_answers_are_refused(anonymous: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    address = link_for(city, "ann")
    assert anonymous.post(address, data={"kind": "end"}).status_code == 400
    assert anonymous.post(address, content=b"x" * 300).status_code == 413
    assert anonymous.get(f"/answers/{'A' * 22}").status_code == 404
    with city.begin() as connection:
        connection.execute(text("UPDATE answer_links SET expires_at = now()"))
    assert anonymous.post(address, data={"kind": "accepted"}).status_code == 404
    with city.connect() as connection:
        stored = str(connection.execute(text("SELECT token_hash FROM answer_links")).scalar_one())
    assert address.removeprefix("/answers/") not in stored


def test_recorded_inputs_give_the_recorded_intents_again(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.ORANGE)
    post(client, "ann", "cannot")
    warn(city, 2, Level.RED, MessageType.UPDATE)
    make_due(city, 400)
    look_at_calls(city)
    warn(city, 3, Level.RED, MessageType.CANCEL)
    with city.connect() as connection:
        events = events_of_call(connection, WARNING)
        site = find_sites(connection, ["underpass"])["underpass"]
    inputs = {kind.__name__: TypeAdapter(kind) for kind in get_args(CallInput)}
    kept = TypeAdapter(tuple[CallIntent, ...])
    call = open_call(WARNING, site, Level.ORANGE, BUILT_IN[Level.ORANGE], events[0]["at"])

    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    for event in events:
        roll = {
            Post(role, rank): Candidate(Post(role, rank), Duty(rank, person, DutyReason(reason)), reachable)
            for role, rank, person, reason, reachable, _leaving in event["roll"]
        }
        given = inputs[event["kind"]].validate_python(event["given"])
        late = call if event["kind"] != "TimePassed" or call.next_due is None else replace(call, next_due=event["at"])
        result = advance(late, given, roll, event["at"])
        assert kept.dump_python(result.intents, mode="json") == event["intents"]
        call = result.call
    assert call.state is CallState.ENDED
