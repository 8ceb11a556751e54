"""Calls through the response service: people are asked by their contact methods, and answer by the link in it."""

import re

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.response.conftest import MakeResponse
from tests.support.api import serving
from tests.support.calls import clear_calls, make_due, prove_contact, put_on_duty
from tests.support.decisions import decide, open_sites
from tests.support.polling import eventually
from tests.support.webhook_receiver import WebhookReceiver


@pytest.fixture(autouse=True)
def _on_duty(database: Engine, receiver: WebhookReceiver) -> None:
    clear_calls(database)
    open_sites(database, "S1")
    put_on_duty(database)
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET region = '370102'"))
        connection.execute(text("UPDATE contact_methods SET verified_at = NULL"))
        for person in ("ann", "bo", "cy"):
            prove_contact(connection, person, "webhook", f"{receiver.url}/{person}")


def state(database: Engine) -> tuple[str, int] | None:
    with database.connect() as connection:
        row = connection.execute(text("SELECT state, round FROM calls")).one_or_none()
    return None if row is None else (row.state, row.round)


def test_a_person_on_duty_is_asked_within_two_seconds_and_answers_by_the_link(
    database: Engine, database_url: str, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    with serving(database_url) as address:
        make_response(RENCHENG_PUBLIC_URL=address)
        decide(database, "S1", 1, Level.RED)
        eventually(lambda: bool(receiver.of("/ann", "call") and receiver.of("/bo", "call")), within_s=10)
        ask = receiver.of("/ann", "call")[0].document["data"]
        assert (ask["ask"], ask["level"], ask["role"]) == ("first", "red", "keeper")
        assert "cap_url" not in ask
        assert re.fullmatch(rf"{re.escape(address)}/answers/[\w-]{{20,}}", ask["answer_url"])
        assert httpx.post(ask["answer_url"], data={"kind": "accepted"}).status_code == 200
        eventually(lambda: state(database) == ("answered", 1))
        make_due(database, 100)
        decide(database, "S1", 2, Level.RED, ends=True)
        eventually(lambda: state(database) == ("ended", 1))
        eventually(lambda: len(receiver.of("/ann", "call")) == len(receiver.of("/bo", "call")) == 2)

    assert [one.document["data"]["ask"] for one in receiver.of("/ann", "call")] == ["first", "ended"]
    assert receiver.of("/cy", "call") == []


def test_two_processes_and_kills_ask_each_person_once_a_round(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    first, _ = make_response("0"), make_response("1")
    decide(database, "S1", 1, Level.ORANGE)
    eventually(lambda: state(database) == ("calling", 1), within_s=10)
    first.kill()
    make_response("2")
    decide(database, "S1", 2, Level.RED)
    eventually(lambda: state(database) == ("calling", 2), within_s=10)
    eventually(lambda: len(receiver.of("/ann", "call")) == 2, within_s=10)
    make_due(database, 301)
    eventually(lambda: len(receiver.of("/cy", "call")) == 1, within_s=10)

    assert len({one.message_id for one in receiver.of("/ann", "call")}) == 2
    assert state(database) == ("exhausted", 2)


def test_a_person_whose_messages_fail_costs_no_wait(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    with database.begin() as connection:
        connection.execute(text("DELETE FROM contact_methods WHERE person_id = 'bo'"))
    make_response()
    decide(database, "S1", 1, Level.RED)
    eventually(lambda: len(receiver.of("/ann", "call")) == 1, within_s=10)
    with database.begin() as connection:
        failed = "UPDATE dispatches SET state = 'failed' WHERE source = 'call'"
        connection.execute(text(failed))
    eventually(lambda: len(receiver.of("/cy", "call")) == 1, within_s=10)
    with database.connect() as connection:
        reasons = connection.execute(text("SELECT intents::text FROM call_events ORDER BY n")).scalars().all()

    assert "no_contact" in reasons[0]
    assert "step_lost" in " ".join(reasons)
