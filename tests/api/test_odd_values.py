"""Odd text and absurd times in any place of any request are refused, and never an error of the server.

The walk follows the OpenAPI document, so a new route is covered without a line here.
"""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from rencheng.store.access.api_keys import KeyScope
from services.api.app import create_app
from services.api.settings import ApiSettings
from tests.support.api import MakeToken

DOCUMENT = create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")).openapi()

ODD_TEXTS = ("a\0b", "\ud800", "a\x1b[31m", "a\nb", "a\u2028b", "a\ufffe", "\u202eab")
"""NUL, half a surrogate pair, an escape sequence, line breaks, a code point that XML forbids, reversed writing."""

ABSURD_TIMES = (
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T20:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "2199-12-31T23:00:00-05:00",
    "20260720",
    "1784534400",
)
FILLED = {
    "entity_path": "Things",
    "device_id": "g1",
    "site_id": "underpass-3",
    "warning_id": "w",
    "sequence": 1,
    "quarantine_id": 1,
    "name": "silence-1",
    "region": "370102",
    "identifier": "s1",
    "key_id": "k1",
    "session_id": "s1",
    "assignment_id": 1,
    "person_id": "zhang-wei",
    "roster_id": "r1",
    "policy_id": "p1",
    "version": 1,
    "subscriber_id": "dispatch-1",
    "method_id": 1,
    "handover_id": 1,
    "actuator_id": "barrier-7",
    "command_id": "00000000-0000-5000-8000-000000000001",
    "proposal_id": "w.red",
    "dispatch_id": "a46a7d8b-188e-5d76-b73f-c519f9cb6515",
    "doubt_id": "d1",
    "plan_id": "lixia",
    "task_id": 1,
    "evidence_id": 1,
    "response_id": 1,
    "kpi_id": "judged_time",
}


class Operation(NamedTuple):
    method: str
    path: str
    description: dict[str, Any]

    @property
    def url(self) -> str:
        return self.path.format(**FILLED)

    @property
    def example(self) -> Any:
        """The first example of the body; None without a JSON body."""
        schema = self.description.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return _example(schema) if schema else None


def _example(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if schema.get("type") == "array":
        return [_example(schema["items"])]
    example = copy.deepcopy(schema["examples"][0])
    if "ends_at" in example:  # a silence that has ended is refused before anything else is looked at
        now = datetime.now(UTC)
        example |= {"begins_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    return example


OPERATIONS = [
    Operation(method.upper(), path, description)
    for path, methods in DOCUMENT["paths"].items()
    for method, description in methods.items()
    if path not in {"/health", "/v1/stream"}
]
WITH_BODY = [operation for operation in OPERATIONS if operation.example is not None]


def _places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each text in a document."""
    if isinstance(node, str):
        yield way
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from _places(below, (*way, step))


def _with(document: Any, way: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(document)
    node = changed
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = value
    return changed


def _key_places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        yield way
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from _key_places(below, (*way, step))


def _with_key(document: Any, way: tuple[Any, ...], key: str) -> Any:
    changed = copy.deepcopy(document)
    node = changed
    for step in way:
        node = node[step]
    node[key] = 1
    return changed


def _send(client: httpx.Client, operation: Operation, body: Any) -> httpx.Response:
    content = json.dumps(body)  # half a surrogate pair can be written only as an escape
    return client.request(
        operation.method, operation.url, content=content, headers={"Content-Type": "application/json"}
    )


@pytest.fixture(scope="module")
def client(address: str, make_token: MakeToken) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {make_token(*KeyScope)}"}
    with httpx.Client(base_url=address, headers=headers, timeout=30) as client:
        yield client


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.description["operationId"])
def test_no_text_in_a_body_breaks_the_server(client: httpx.Client, operation: Operation) -> None:
    example = operation.example
    answers = {
        (way, odd): _send(client, operation, _with(example, way, odd)).status_code
        for way in _places(example)
        for odd in ODD_TEXTS
    }
    answers |= {
        ((*way, "a new key"), odd): _send(client, operation, _with_key(example, way, odd)).status_code
        for way in _key_places(example)
        for odd in ODD_TEXTS
    }
    # a corrected payload is bytes of a device, so that it may hold anything; the entry is not there
    expected = {422} if "payload_text" not in example else {404, 422}
    if operation.path == "/v1/replies":  # a person may send any text by SMS
        answers = {(way, odd): status for (way, odd), status in answers.items() if way != ("text",) or status != 200}
    assert {place: status for place, status in answers.items() if status not in expected} == {}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.description["operationId"])
def test_no_text_in_a_parameter_breaks_the_server(client: httpx.Client, operation: Operation) -> None:
    found = {}
    for parameter in operation.description.get("parameters", []):
        for odd in ("%00", "a%00b", "%ED%A0%80", "%FF", "%1B", quote("\u2028"), quote("\ufffe")):
            if parameter["in"] == "query":
                url = f"{operation.url}?{parameter['name']}={odd}"
            elif parameter["in"] == "path":
                url = operation.path.format(**FILLED | {parameter["name"]: odd})
            else:
                continue
            body = {} if operation.example is None else {"json": operation.example}
            found[url] = client.request(operation.method, url, **body).status_code
    # bytes that are not UTF-8 arrive as U+FFFD, which finds nothing; SensorThings refuses with 400
    refused = {
        url: {404, 400 if url.startswith("/sta/") else 422} | ({200} if "%FF" in url or "%ED" in url else set())
        for url in found
    }
    assert {url: status for url, status in found.items() if status not in refused[url]} == {}


def _times(schema: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each time of a body's schema."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("format") in {"date-time", "date"}:
        yield way
    for choice in schema.get("anyOf", ()):
        yield from _times(choice, way)
    for name, below in schema.get("properties", {}).items():
        yield from _times(below, (*way, name))
    if "items" in schema:
        yield from _times(schema["items"], (*way, 0))


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.description["operationId"])
def test_an_absurd_time_in_a_body_is_refused(client: httpx.Client, operation: Operation) -> None:
    schema = operation.description["requestBody"]["content"]["application/json"]["schema"]
    answers = {}
    for way in _times(schema):
        for absurd in (*ABSURD_TIMES, "9999-12-31", "1969-12-31", 1784534400, 1e300, -1):
            body = _with(operation.example, way, absurd)
            answers[way, absurd] = _send(client, operation, body).status_code
    assert {place: status for place, status in answers.items() if status != 422} == {}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.description["operationId"])
def test_an_absurd_time_in_a_parameter_is_refused(client: httpx.Client, operation: Operation) -> None:
    answers = {
        (parameter["name"], absurd): client.request(
            operation.method, operation.url, params={"from": "2026-07-20T00:00:00Z", parameter["name"]: absurd}
        ).status_code
        for parameter in operation.description.get("parameters", [])
        if "date-time" in json.dumps(parameter)
        for absurd in ABSURD_TIMES
    }
    assert {place: status for place, status in answers.items() if status != 422} == {}


def test_a_silence_in_the_year_9999_does_not_hide_the_others(client: httpx.Client) -> None:
    silence = {"reason": "pump test", "site_id": "road", "begins_at": "9999-12-30T20:00:00Z"}
    assert client.post("/v1/silences", json=silence | {"ends_at": "9999-12-31T20:00:00Z"}).status_code == 422
    assert client.get("/v1/mutes").status_code == 200


def test_a_forecast_issued_in_the_future_is_refused_in_words(client: httpx.Client) -> None:
    times = {"issued_at": "2190-07-20T15:30:00+08:00", "valid_from": "2190-07-20T15:30:00+08:00"}
    forecast = {"region": "370102", "source": "nowcast", "rain_mm": 3, "valid_to": "2190-07-20T16:30:00+08:00"} | times
    answer = client.post("/v1/weather/forecasts", json=[forecast])
    assert answer.status_code == 422
    [finding] = answer.json()["errors"]
    assert finding["where"] == ["body", 0, "issued_at"]
    assert "clock" in finding["why"]
