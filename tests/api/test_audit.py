"""Every changing request leaves an entry with its author; refused logins are counted; the log only grows."""

import json
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from rencheng.domain.errors import RejectionReason
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.warnings.notices import add_notices
from tests.api.auth.test_access import GUARDED
from tests.support.api import LIXIA, SITES
from tests.support.calls import prepare_calls, prepare_proof
from tests.support.change_requests import (
    CONTACT,
    DELIVERY,
    DEVICE,
    FORECAST,
    MUTE,
    NOW,
    NOWCAST,
    OVERRIDE,
    PERIOD,
    PERSON,
    POLICY,
    PUMP,
    REPLY,
    ROSTER,
    SITE,
    SUBSCRIBER,
    TIDES,
    WINDOW,
)
from tests.support.commands import ACTUATOR, COMMAND, prepare_command
from tests.support.doubts import doubtful, published
from tests.support.rain_signals import cap
from tests.support.response_requests import PLAN, prepare_response
from tests.support.tasks import PDF, photo

REQUESTS: dict[tuple[str, str], Any] = {
    ("/v1/sites/{site_id}", "PUT"): SITE,
    ("/v1/sites/{site_id}/pumps", "POST"): PUMP,
    ("/v1/regions/{region}", "PUT"): {"name_zh": "新", "name_en": "New"},
    ("/v1/sites/{site_id}/tides", "POST"): TIDES,
    ("/v1/devices/{device_id}", "PUT"): DEVICE,
    ("/v1/devices/{device_id}/credentials", "POST"): None,
    ("/v1/devices/{device_id}/replacement", "POST"): {"device_id": "new-b"},
    ("/v1/devices/{device_id}/retirement", "POST"): None,
    ("/v1/device-imports", "POST"): "device_id,kind,region\nnew-c,signal,370102\n",
    ("/v1/pending-devices/{device_id}/admission", "POST"): None,
    ("/v1/silences", "POST"): MUTE | PERIOD,
    ("/v1/silences/{name}", "PUT"): MUTE | PERIOD | {"reason": "y"},
    ("/v1/maintenance", "POST"): MUTE | WINDOW,
    ("/v1/mutes/{name}", "DELETE"): None,
    ("/v1/doubts/{doubt_id}/answer", "POST"): {"answer": "deny", "by": "x"},
    ("/v1/weather/signals", "POST"): cap(),
    ("/v1/weather/forecasts", "POST"): [FORECAST],
    ("/v1/weather/nowcasts", "POST"): NOWCAST,
    ("/v1/weather/signals/{identifier}", "DELETE"): None,
    ("/v1/weather/forecasts", "DELETE"): None,
    ("/v1/quarantine/replay", "POST"): {},
    ("/v1/quarantine/{quarantine_id}/replay", "POST"): None,
    ("/v1/keys", "POST"): {"name": "new", "scopes": ["admin"]},
    ("/v1/keys/{key_id}", "DELETE"): None,
    ("/v1/people/{person_id}", "PUT"): PERSON,
    ("/v1/people/{person_id}/roles", "POST"): {"role": "viewer"},
    ("/v1/people/{person_id}/roles/{assignment_id}", "DELETE"): None,
    ("/v1/sessions/displays", "POST"): {"name": "wall", "regions": [LIXIA], "worlds": ["actual"]},
    ("/v1/sessions/{session_id}", "DELETE"): None,
    ("/v1/rosters/{roster_id}", "PUT"): ROSTER,
    ("/v1/rosters/{roster_id}/overrides", "POST"): OVERRIDE,
    ("/v1/calls/{warning_id}/answers", "POST"): {"person_id": "ann", "kind": "accepted"},
    ("/v1/rosters/{roster_id}/handovers", "POST"): {"from_person": "ann", "to_person": "bo"},
    ("/v1/rosters/{roster_id}/handovers/{handover_id}/acceptance", "POST"): None,
    ("/v1/calls/{warning_id}/withdrawals", "POST"): {"person_id": "ann", "reason": "x"},
    ("/v1/calls/{warning_id}/people", "POST"): {"person_id": "cy", "role": "police"},
    ("/v1/calls/{warning_id}/end", "POST"): {"reason": "x"},
    ("/v1/call-policies/{policy_id}", "PUT"): POLICY,
    ("/v1/call-policies/{policy_id}/versions/{version}/approval", "POST"): None,
    ("/v1/plans/{plan_id}", "PUT"): PLAN,
    ("/v1/plans/{plan_id}/versions/{version}/approval", "POST"): None,
    ("/v1/events/{warning_id}/report", "POST"): {"well": "x"},
    ("/v1/responses", "POST"): {"region": LIXIA, "number": 4},
    ("/v1/responses/{response_id}/decisions", "POST"): {"decision": "end", "reason": "x"},
    ("/v1/tasks/{task_id}/reports", "POST"): {"move": "accept"},
    ("/v1/tasks/{task_id}/evidence", "POST"): {"kind": "note", "note": "x"},
    ("/v1/tasks/{task_id}/photos", "POST"): None,
    ("/v1/tasks/{task_id}/files", "POST"): None,
    ("/v1/tasks/{task_id}/checks", "POST"): {"passed": True},
    ("/v1/subscribers/{subscriber_id}", "PUT"): SUBSCRIBER,
    ("/v1/subscribers/{subscriber_id}", "DELETE"): None,
    ("/v1/contact-methods", "POST"): CONTACT,
    ("/v1/contact-methods/{method_id}/test", "POST"): None,
    ("/v1/contact-methods/{method_id}/secret", "POST"): None,
    ("/v1/contact-methods/{method_id}/disable", "POST"): {"reason": "x"},
    ("/v1/contact-methods/{method_id}/proof", "POST"): {"code": "024681"},
    ("/v1/contact-methods/{method_id}", "DELETE"): None,
    ("/v1/dispatches/{dispatch_id}/again", "POST"): None,
    ("/v1/replies", "POST"): REPLY,
    ("/v1/actuators/{actuator_id}", "PUT"): ACTUATOR,
    ("/v1/actuators/{actuator_id}", "DELETE"): None,
    ("/v1/commands", "POST"): COMMAND,
    ("/v1/commands/{command_id}/approval", "POST"): None,
    ("/v1/commands/{command_id}/refusal", "POST"): {"reason": "x"},
    ("/v1/commands/{command_id}/withdrawal", "POST"): {"reason": "x"},
    ("/v1/commands/{command_id}/handled", "POST"): {"note": "x"},
    ("/v1/command-proposals/{proposal_id}/approval", "POST"): None,
    ("/v1/receipts", "POST"): {"provider": "sms", "ref": "r-1", "status": "delivered"},
}
"""A request to each changing route that changes something."""

OF_SESSIONS = {
    ("/v1/me/password", "PUT"),
    ("/v1/me/second-factor", "POST"),
    ("/v1/me/second-factor/confirmation", "POST"),
    ("/v1/me/session", "DELETE"),
}
"""Refused to keys; tests/api/auth/test_sign_in.py reads their entries."""

CHANGES_NOTHING = {("/v1/quarantine/{quarantine_id}/attempt", "POST"), ("/v1/plans/preview", "POST")}


HAS_NO_DRY_RUN = {
    ("/v1/quarantine/replay", "POST"),
    ("/v1/quarantine/{quarantine_id}/replay", "POST"),
    ("/v1/pending-devices/{device_id}/admission", "POST"),
}
"""Replays, and an admission with its replay: an attempt tries them, and repeating one is harmless."""


def entries(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT actor, action, subject FROM audit ORDER BY audit_id"))
        return [tuple(row) for row in rows]


def reject(engine: Engine, device_id: str, reason: RejectionReason) -> None:
    payload = json.dumps({"time": NOW.isoformat(), "depth_mm": 1}).encode()
    topic = f"rencheng/v1/{LIXIA}/waterlogging/{device_id}/telemetry"
    record = QuarantineRecord(topic, payload, -1, reason, "x", device_id, "actual", NOW, 1)
    with engine.begin() as connection:
        add_to_quarantine(connection, [record])


@pytest.fixture
def filled(city: Engine) -> dict[str, str]:
    """The objects that the requests change, by path parameter."""
    with city.begin() as connection:
        for query in (
            "DELETE FROM sites WHERE site_id = 'new'",
            "DELETE FROM devices WHERE device_id LIKE 'new%' AND replaces IS NOT NULL",
            "DELETE FROM devices WHERE device_id LIKE 'new%'",
            "DELETE FROM quarantine",
            "DELETE FROM rain_signals",
            "DELETE FROM rain_forecasts",
            "DELETE FROM rain_nowcasts",
            "DELETE FROM receipts",
            "TRUNCATE subscribers, contact_methods RESTART IDENTITY CASCADE",
            "TRUNCATE people, rosters, call_policies, warnings, actuators CASCADE",
        ):
            connection.execute(text(query))
    calls = {"person_id": "new-ann", "roster_id": "new-keepers", "policy_id": "new-red", "version": "1"}
    calls |= {"warning_id": "w-called", "handover_id": ""}
    calls |= {"warning_id": "w-called", "plan_id": "new-plan", "task_id": "", "response_id": ""}
    calls |= {"actuator_id": "new-barrier", "command_id": "", "proposal_id": "p"}
    delivery = {"subscriber_id": "new-police", "method_id": "1", "dispatch_id": ""}
    return (
        delivery
        | {"site_id": "new", "device_id": "new-a", "region": "370199", "quarantine_id": "", "name": "", "key_id": ""}
        | calls
    )


def prepare_delivery(client: httpx.Client, city: Engine, path: str, names: dict[str, str]) -> None:
    client.put("/v1/subscribers/new-police", json=SUBSCRIBER)
    if path != "/v1/contact-methods":
        names["method_id"] = str(client.post("/v1/contact-methods", json=CONTACT).json()["method_id"])
        names["dispatch_id"] = client.post("/v1/contact-methods/1/test").json()["dispatch_id"]
    if "proof" in path:
        with city.begin() as connection:
            prepare_proof(connection)
    state = "failed" if "dispatches" in path else "sent"
    with city.begin() as connection:
        connection.execute(text(f"UPDATE dispatches SET state = '{state}', rank = 2, provider_ref = 'r-1'"))


def prepare(client: httpx.Client, city: Engine, path: str, method: str, names: dict[str, str]) -> None:
    if "pending" in path:
        reject(city, "new-a", RejectionReason.UNKNOWN_DEVICE)
    elif path.count("/devices/{device_id}/"):
        client.put("/v1/devices/new-a", json=DEVICE)
    elif "quarantine" in path:
        reject(city, "g1", RejectionReason.CLOCK_FUTURE)
        with city.connect() as connection:
            names["quarantine_id"] = str(connection.execute(text("SELECT quarantine_id FROM quarantine")).scalar_one())
    elif "weather" in path and method == "DELETE":
        client.post("/v1/weather/forecasts", json=[FORECAST])
        signal = client.post("/v1/weather/signals", content=cap(), headers={"Content-Type": "application/xml"})
        names["identifier"] = signal.json()["identifier"]
    elif "doubts" in path:
        names["doubt_id"] = "road-doubt-1"
        with city.begin() as connection:
            add_notices(connection, published(SITES[1], doubtful(SITES[1])))
    elif "/pumps" in path or "/tides" in path:
        client.put("/v1/sites/new", json=SITE)
    elif "{name}" in path:
        names["name"] = client.post("/v1/silences", json=MUTE | PERIOD).json()["name"]
    elif "{key_id}" in path:
        names["key_id"] = client.post("/v1/keys", json={"name": "x", "scopes": ["admin"]}).json()["key_id"]
    else:
        prepare_people(client, city, path, names)


def prepare_people(client: httpx.Client, city: Engine, path: str, names: dict[str, str]) -> None:
    if "/roles" in path:
        client.put("/v1/people/new-ann", json=PERSON)
        if "assignment_id" in path:
            given = client.post("/v1/people/new-ann/roles", json={"role": "viewer"})
            names["assignment_id"] = str(given.json()["assignment_id"])
    elif "{session_id}" in path:
        body = REQUESTS["/v1/sessions/displays", "POST"]
        names["session_id"] = client.post("/v1/sessions/displays", json=body).json()["session_id"]
    elif "/calls/" in path or "handovers" in path:
        prepare_calls(city, path, names)
    elif "overrides" in path:
        client.put("/v1/people/new-ann", json=PERSON)
        client.put("/v1/rosters/new-keepers", json=ROSTER)
    elif "versions" in path:
        client.put("/v1/call-policies/new-red", json=POLICY)
        with city.begin() as connection:
            connection.execute(text("UPDATE call_policies SET made_by = 'another'"))


def test_the_list_of_changing_routes_is_whole() -> None:
    changing = {(path, method) for path, method in GUARDED if method not in {"GET", "HEAD", "OPTIONS"}}

    assert changing == set(REQUESTS) | CHANGES_NOTHING | OF_SESSIONS


@pytest.mark.parametrize(("path", "method"), REQUESTS)
def test_every_changing_request_leaves_an_entry_with_its_author(
    client: httpx.Client, city: Engine, filled: dict[str, str], path: str, method: str
) -> None:
    if path.startswith(("/v1/plans", "/v1/tasks", "/v1/responses", "/v1/events")):
        prepare_response(city, path, filled)
    else:
        if path.startswith(DELIVERY):
            prepare_delivery(client, city, path, filled)
        elif path.startswith(("/v1/command", "/v1/actuators")) and method != "PUT":
            prepare_command(client, city, path, filled)
        prepare(client, city, path, method, filled)
    body = REQUESTS[path, method]
    content: str | bytes | None = body if isinstance(body, str) or body is None else json.dumps(body)
    kind = "text/csv" if "imports" in path else "application/xml" if "signals" in path else "application/json"
    if path.endswith("photos"):
        content, kind = photo(), "image/jpeg"
    if path.endswith("/files"):
        content, kind = PDF, "application/pdf"
    before = entries(city)
    asked = {"source": "s", "region": LIXIA} if (path, method) == ("/v1/weather/forecasts", "DELETE") else {}
    address = path.format(**filled)
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {filled['token']}"} if "token" in filled else {})
    send = partial(client.request, method, address, content=content)
    if (path, method) not in HAS_NO_DRY_RUN:
        tried = send(params=asked | {"dry_run": "true"}, headers=headers)
        assert tried.is_success, tried.text
        assert tried.headers["dry-run"] == "true"
        assert entries(city) == before
    headers["Idempotency-Key"] = str(uuid4())
    answer = send(params=asked, headers=headers)
    new = entries(city)[len(before) :]

    assert answer.is_success, answer.text
    assert new
    assert all(actor.startswith("key ") and "(a test)" in actor for actor, _, _ in new)
    if (path, method) not in HAS_NO_DRY_RUN:
        again = send(params=asked, headers=headers)
        longer = f"{content or ''} " if content is None or isinstance(content, str) else content + b" "
        other = client.request(method, address, params=asked, content=longer, headers=headers)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert again.headers.get("etag") == answer.headers.get("etag")
        assert again.headers["idempotent-replayed"] == "true"
        assert "Idempotency-Key" in other.json()["detail"]
        assert entries(city)[len(before) :] == new


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'nobody'", "UPDATE audit SET detail = '{}' WHERE audit_id = 1"],
)
def test_no_entry_can_be_changed_even_by_the_owner(city: Engine, statement: str) -> None:
    before = entries(city)
    with pytest.raises(DBAPIError, match="cannot be changed"), city.begin() as connection:
        connection.execute(text(statement))
    assert entries(city) == before
