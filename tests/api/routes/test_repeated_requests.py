"""Any request about calls, repeated in any interleaving, leaves one row and gets the same answer (P8)."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.api.routes.test_calls import WARNING, warn
from tests.support.api import LIXIA
from tests.support.calls import clear_calls, put_on_duty

NOW = datetime.now(UTC)
PERIOD = {"begins_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=1)).isoformat()}
STEP = {"posts": [{"role": "keeper"}], "wait_s": 60}
CALL = f"/v1/calls/{WARNING}"
REQUESTS: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/people/new", {"person_id": "new", "name": "新", "regions": [LIXIA]}),
    ("PUT", "/v1/rosters/extra", {"roster_id": "extra", "role": "police", "region": LIXIA}),
    ("POST", "/v1/rosters/keepers/overrides", PERIOD | {"person_id": "ann", "reason": "x"}),
    ("POST", "/v1/rosters/keepers/handovers", {"from_person": "ann", "to_person": "bo"}),
    ("PUT", "/v1/call-policies/p", {"policy_id": "p", "region": LIXIA, "level": "red", "hold_s": 900, "steps": [STEP]}),
    ("POST", "/v1/contact-methods", {"person_id": "bo", "kind": "mail", "address": "bo@city.example"}),
    ("POST", f"{CALL}/answers", {"person_id": "ann", "kind": "received"}),
    ("POST", f"{CALL}/people", {"person_id": "cy", "role": "police"}),
    ("POST", "/v1/replies", {"provider": "g", "ref": "1", "via": "sms", "number": "13800000000", "text": "1"}),
]
TABLES = (
    "people",
    "rosters",
    "overrides",
    "handovers",
    "call_policies",
    "contact_methods",
    "acknowledgements",
    "call_events",
    "replies",
    "dispatches",
    "audit",
)


def rows(city: Engine) -> dict[str, int]:
    with city.connect() as connection:
        actions = connection.execute(text("SELECT action, count(*) FROM audit GROUP BY action")).all()
        return {name: int(number) for name, number in actions} | {
            name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in TABLES
        }


def prepare(city: Engine) -> dict[str, int]:
    clear_calls(city)
    with city.begin() as connection:
        connection.execute(text("TRUNCATE replies, dispatches CASCADE"))
    put_on_duty(city)
    warn(city, 1, Level.RED)
    return rows(city)


def send(client: httpx.Client, request: tuple[str, str, Any]) -> httpx.Response:
    method, address, body = request
    answer = client.request(method, address, json=body)
    assert answer.is_success, answer.text
    return answer


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: number - before.get(name, 0) for name, number in after.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_repeated_requests_leave_the_rows_of_one(client: httpx.Client, city: Engine, seed: int) -> None:
    before = prepare(city)
    for request in REQUESTS:
        send(client, request)
    once = grown(before, rows(city))
    dice = random.Random(seed)  # noqa: S311 - a seed
    sent = [request for request in REQUESTS for _ in range(dice.randint(2, 4))]
    dice.shuffle(sent)
    before = prepare(city)
    with ThreadPoolExecutor(4) as pool:
        for answer in [pool.submit(send, client, request) for request in sent]:
            answer.result()

    assert grown(before, rows(city)) == once


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_a_repetition_gets_the_same_answer(client: httpx.Client, city: Engine, number: int) -> None:
    prepare(city)
    first, again = (send(client, REQUESTS[number]).json() for _ in range(2))
    for moving in ("gaps", "secret"):  # since now; shown once
        first.pop(moving, None)
        again.pop(moving, None)
    assert first == again
