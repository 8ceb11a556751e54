"""Answers by SMS and voice: from proven numbers alone, each reply once, and unknown numbers learn nothing."""

from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.operations.asks import AskSender
from tests.api.routes.test_calls import WARNING, shown, states
from tests.support.calls import clear_calls, look_at_calls, prove_contact, put_on_duty
from tests.support.streams import SITES_BY_ID, record_messages, rendered

ASKS = AskSender("https://rencheng.example")
ANN, VOICE = "13800000000", "13900000000"
REFS = count()


@pytest.fixture(autouse=True)
def _on_duty(city: Engine) -> None:
    clear_calls(city)
    put_on_duty(city)
    with city.begin() as connection:
        connection.execute(text("TRUNCATE replies"))
        connection.execute(text("UPDATE rosters SET region = '370100'"))
        prove_contact(connection, "ann", "voice", VOICE)


def warn(city: Engine, sequence: int = 1, level: Level = Level.RED, site: str = "underpass", **more: Any) -> None:
    record_messages(city, rendered(f"w-{site}", sequence, level, site=SITES_BY_ID[site], **more))
    with city.begin() as connection:
        connection.execute(text("UPDATE warnings SET updated_at = now() WHERE closed_at IS NULL"))
    look_at_calls(city, ASKS)


def reply(client: httpx.Client, words: str, **more: Any) -> httpx.Response:
    body = {"provider": "g", "ref": f"up-{next(REFS)}", "via": "sms", "number": ANN, "text": words} | more
    answer = client.post("/v1/replies", json=body)
    assert answer.json() == {"received": True}, answer.text
    return answer


def one(city: Engine, query: str) -> Any:
    with city.connect() as connection:
        return connection.execute(text(query)).scalar()


def code(city: Engine, warning: str = WARNING) -> str:
    newest = f"FROM reply_codes WHERE person_id = 'ann' AND warning_id = '{warning}' ORDER BY round DESC LIMIT 1"
    return str(one(city, f"SELECT code {newest}"))


def sent_back(city: Engine) -> list[str]:
    query = "SELECT content ->> 'zh' FROM dispatches WHERE purpose = 'reply' ORDER BY made_at"
    with city.connect() as connection:
        return list(connection.execute(text(query)).scalars())


def test_a_message_says_how_to_answer_by_its_own_way(city: Engine) -> None:
    warn(city)
    query = "SELECT content ->> 'zh' FROM dispatches JOIN contact_methods USING (method_id) WHERE kind = '{}' LIMIT 1"
    sms, voice = (one(city, query.format(kind)) for kind in ("sms", "voice"))
    assert "https://rencheng.example/answers/" in sms
    assert "编号" in sms
    assert "请按键：1收到 2接受" in voice
    assert "http" not in voice


def test_a_reply_with_its_code_is_an_answer_and_counts_once(client: httpx.Client, city: Engine) -> None:
    warn(city)
    words = f"2 {code(city)}"
    for ref in ("same", "same", "again"):
        reply(client, words, ref=ref, number=f"+86{ANN}")

    assert (shown(client)["state"], states(client)["ann"]) == ("answered", "accepted")
    with city.connect() as connection:
        rows = connection.execute(text("SELECT via, kind, refusal FROM acknowledgements")).all()
    assert [tuple(row) for row in rows] == [("sms", "accepted", "")]
    assert len(sent_back(city)) == 1
    assert one(city, "SELECT proved_at FROM contact_methods WHERE person_id = 'ann' AND kind = 'sms'") is not None
    assert words not in str(one(city, "SELECT string_agg(detail::text, '') FROM audit WHERE action = 'reply'"))


def test_a_bare_key_counts_for_the_one_open_call_and_of_several_asks_which(client: httpx.Client, city: Engine) -> None:
    warn(city)
    warn(city, site="road")
    for _ in range(3):
        reply(client, "2")
    assert states(client)["ann"] == "waiting"
    [asks] = sent_back(city)
    assert all(each in asks for each in (code(city), code(city, "w-road"), "下穿通道"))
    warn(city, 2, site="road", kind=MessageType.CANCEL)
    reply(client, "3")
    assert states(client)["ann"] == "out"


def test_keys_answer_the_call_in_which_they_were_pressed(client: httpx.Client, city: Engine) -> None:
    warn(city)
    warn(city, site="road")
    query = (
        "SELECT dispatch_id::text FROM dispatches JOIN contact_methods USING (method_id)"
        f" WHERE kind = 'voice' AND warning_id = '{WARNING}'"
    )
    reply(client, "2", via="voice", number=VOICE, message_ref=one(city, query))
    assert states(client)["ann"] == "accepted"
    assert client.get("/v1/calls/w-road").json()["state"] == "calling"
    assert sent_back(city) == []


@pytest.mark.parametrize("number", ["13811111111", "13800000001"])
def test_unknown_and_other_numbers_change_nothing_and_learn_nothing(
    client: httpx.Client, city: Engine, number: str
) -> None:
    """The second one is that of bo, who has a code of his own."""
    warn(city)
    reply(client, f"2 {code(city)}", number=number)
    assert set(states(client).values()) == {"waiting"}
    assert [each for each in sent_back(city) if code(city) in each] == []


@pytest.mark.parametrize("change", ["verified_at = NULL", "ended_at = now()"])
def test_a_number_that_is_not_proven_does_not_count(client: httpx.Client, city: Engine, change: str) -> None:
    warn(city)
    with city.begin() as connection:
        connection.execute(text(f"UPDATE contact_methods SET {change}"))
    reply(client, f"2 {code(city)}")
    assert states(client)["ann"] == "waiting"
    assert sent_back(city) == []


def test_a_reply_to_the_round_before_a_rise_does_not_count_and_says_so(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.ORANGE)
    old = code(city)
    warn(city, 2, Level.RED, kind=MessageType.UPDATE)
    reply(client, f"2 {old}")
    assert states(client)["ann"] == "waiting"
    assert "未生效" in sent_back(city)[0]
    warn(city, 3, Level.RED, kind=MessageType.CANCEL)
    reply(client, f"2 {code(city)}")
    assert "未生效" in sent_back(city)[1]


def test_without_an_open_call_nothing_is_answered(client: httpx.Client, city: Engine) -> None:
    for _ in range(3):
        reply(client, "hello")
    assert sent_back(city) == []
