"""A request is refused before its body is read: without a key, beyond a limit, with an unknown parameter."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine, text

from benchmarks.load.memory_limit import MemoryLimit
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from services.api.app import create_app
from services.api.http.rate_limits import TokenBuckets, network_of
from services.api.settings import ApiSettings
from tests.api.auth.test_access import FILLED, FOR_ALL_CALLERS
from tests.support.api import MakeToken, serving
from tests.support.api_process import ApiProcess, api_process, read_status
from tests.support.clock import ManualClock

DOCUMENT = create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")).openapi()
WITH_BODY = [
    (method.upper(), path.format_map(FILLED))
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "requestBody" in operation
]
READING = [path for path, methods in DOCUMENT["paths"].items() if "get" in methods]
API_MB = 512
"""`mem_limit` of the API in docker-compose.yml."""


def _head(method: str, path: str, *more: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: api", "Content-Type: application/json", *more)
    return "\r\n".join((*lines, "", "")).encode()


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])


def _ask(address: str, sent: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes; return status and problem, while the body is never completed."""
    with socket.create_connection(("127.0.0.1", _port(address)), timeout=5) as connection:
        connection.sendall(sent)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    return int(answer.split(b" ", 2)[1]), json.loads(answer.split(b"\r\n\r\n", 1)[1])


@pytest.fixture(scope="module")
def tokens(make_token: MakeToken) -> dict[KeyScope, str]:
    return {scope: make_token(scope) for scope in KeyScope}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_the_key_is_looked_at_before_the_body(address: str, method: str, path: str) -> None:
    status, problem = _ask(address, _head(method, path, "Content-Length: 200000000") + b"[[],[],")
    assert (status, problem["type"]) == (401, "urn:rencheng:problem:authentication-required")


@pytest.mark.parametrize(("method", "path"), [each for each in WITH_BODY if each[1] not in FOR_ALL_CALLERS])
def test_the_scope_is_looked_at_before_the_body(
    address: str, tokens: dict[KeyScope, str], method: str, path: str
) -> None:
    key = f"X-API-Key: {tokens[KeyScope.TELEMETRY_READ]}"
    status, problem = _ask(address, _head(method, path, key, "Content-Length: 20") + b"[")
    assert (status, problem["type"]) == (403, "urn:rencheng:problem:insufficient-scope")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[" * 10_000, b'{"a": NaN'])
def test_without_a_key_no_body_is_judged(anonymous: httpx.Client, body: bytes) -> None:
    answer = anonymous.post("/v1/silences", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b'"\xed\xa0\x80"'])
def test_an_unreadable_body_is_a_documented_problem_in_words(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/v1/silences", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert "route" not in answer.json()["detail"]
    assert str(answer.status_code) in DOCUMENT["paths"]["/v1/silences"]["post"]["responses"]


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_beyond_the_limit_is_refused_unread(address: str, make_token: MakeToken, method: str, path: str) -> None:
    key = f"X-API-Key: {make_token(*KeyScope)}"
    status, problem = _ask(address, _head(method, path, key, "Content-Length: 200000000") + b"[")
    assert (status, problem["type"]) == (413, "urn:rencheng:problem:content-too-large")
    assert re.search(r"[0-9,]+ bytes", problem["detail"])


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_of_unknown_size_is_counted_while_it_is_read(client: httpx.Client, method: str, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(400):  # 25 MB in all
            yield b"[" * 2**16

    try:
        answer = client.request(method, path, content=pieces(), headers={"Content-Type": "application/json"})
    except httpx.TransportError:
        return  # the API closed the connection, because the client went on sending
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:rencheng:problem:content-too-large"


@pytest.mark.parametrize("path", READING)
def test_an_unknown_parameter_is_refused(client: httpx.Client, path: str) -> None:
    asked = [each for each in DOCUMENT["paths"][path]["get"].get("parameters", ()) if each["in"] == "query"]
    known = {each["name"] for each in asked}
    lists = {each["name"] for each in asked if '"array"' in json.dumps(each)}
    answer = client.get(path.format_map(FILLED), params={"regoin": "370199"})
    assert answer.status_code == (400 if path.startswith("/sta/") else 422)
    assert "`regoin` is unknown" in answer.json()["detail"]
    assert ("Did you mean `region`?" in answer.json()["detail"]) == ("region" in known)
    for name in known:
        assert f"`{name}`" in answer.json()["detail"]
        twice = client.get(path.format_map(FILLED), params=[(name, "1"), (name, "1")])
        assert ("given twice" in twice.json()["detail"]) == (name not in lists)


def test_a_wrong_name_of_a_filter_on_the_stream_is_refused(client: httpx.Client) -> None:
    answer = client.get("/v1/stream", params={"level": "red"})
    assert answer.status_code == 422
    assert "Did you mean `level_min`?" in answer.json()["detail"]


@pytest.mark.parametrize("path", [*READING, "/", "/docs", "/openapi.json"])
def test_head_answers_as_get_without_a_body(client: httpx.Client, path: str) -> None:
    url = path.format_map(FILLED)
    with client.stream("GET", url) as answer:
        expected = answer.status_code, answer.headers["content-type"]
    found = client.head(url)
    assert (found.status_code, found.headers["content-type"]) == expected
    assert found.content == b""


@pytest.mark.parametrize("path", ["/v1/devices/", "/health/", "/docs/", "/v1/sites/road/"])
def test_no_redirect_is_made_from_the_host_header(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code in {404, 405, 422}
    assert "evil.example" not in answer.text + str(answer.headers)


def test_a_method_that_a_route_does_not_have_is_a_problem_in_words(client: httpx.Client) -> None:
    answer = client.patch("/v1/devices/g1")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "PUT"}
    assert "does not have this method" in answer.json()["detail"]


def _count_lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that takes each token which is looked up in the database."""
    lookups, verify = list[str](), api_keys.verify

    def count(connection: Connection, token: str) -> api_keys.Key | None:
        lookups.append(token)
        return verify(connection, token)

    monkeypatch.setattr(api_keys, "verify", count)
    return lookups


@pytest.fixture(scope="module")
def strict(database_url: str) -> Iterator[str]:
    """An API that allows 2 requests per second, 20 at once, a key or an address."""
    with serving(database_url, api_key_per_s=2, api_address_per_s=2, api_key_running=2) as url:
        yield url


def test_a_key_that_asks_too_often_is_limited_alone(strict: str, make_token: MakeToken) -> None:
    busy, other = ({"X-API-Key": make_token(KeyScope.TELEMETRY_READ)} for _ in range(2))
    with httpx.Client(base_url=strict) as client:
        answers = [client.get("/v1/devices", headers=busy) for _ in range(25)]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=20;w=10'
        assert answers[0].headers["ratelimit"].startswith('"key";r=19')
        limited = next(answer for answer in answers if answer.status_code == 429)
        assert limited.json()["type"] == "urn:rencheng:problem:too-many-requests"
        assert 1 <= int(limited.headers["retry-after"]) <= 2
        assert client.get("/v1/devices", headers=other).status_code == 200
        assert client.get("/health").status_code != 429
        time.sleep(int(limited.headers["retry-after"]))
        assert client.get("/v1/devices", headers=busy).status_code == 200


def test_who_guesses_keys_is_limited_and_costs_few_queries(
    strict: str, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = _count_lookups(monkeypatch)
    good = {"X-API-Key": make_token(KeyScope.TELEMETRY_READ)}
    with httpx.Client(base_url=strict) as client:
        assert client.get("/v1/devices", headers=good).status_code == 200
        wrong = [client.get("/v1/devices", headers={"X-API-Key": f"rck_{n:016x}_x"}) for n in range(100)]
        assert {answer.status_code for answer in wrong} == {401, 429}
        assert len(lookups) <= 30
        assert "address" in wrong[-1].json()["detail"]
        assert client.get("/v1/devices", headers=good).status_code == 200  # from the same address
        assert client.get("/health").status_code != 429


def test_a_wrong_key_that_is_repeated_costs_one_query(
    address: str, anonymous: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookups = _count_lookups(monkeypatch)
    headers = {"X-API-Key": "rck_00000000000000ff_again"}
    assert {anonymous.get("/v1/devices", headers=headers).status_code for _ in range(10)} == {401}
    assert len(lookups) == 1


def test_slow_questions_of_one_key_hold_up_no_other(strict: str, make_token: MakeToken, city: Engine) -> None:
    """60 questions of one key wait for a lock in the database; health and another key are answered at once."""
    busy, other = ({"X-API-Key": make_token(KeyScope.TELEMETRY_READ)} for _ in range(2))

    def ask() -> None:
        httpx.get(f"{strict}/v1/counts", headers=busy, timeout=30)

    askers = [threading.Thread(target=ask) for _ in range(60)]
    with city.begin() as connection:
        connection.execute(text("LOCK TABLE ingest_counts IN ACCESS EXCLUSIVE MODE"))
        for asker in askers:
            asker.start()
        time.sleep(0.5)
        began_s = time.monotonic()
        with httpx.Client(base_url=strict, timeout=10) as client:
            assert client.get("/v1/devices", headers=other).status_code == 200
            assert client.get("/docs").status_code == 200
        took_s = time.monotonic() - began_s
    for asker in askers:
        asker.join()
    assert took_s < 1


def test_addresses_of_one_network_share_a_bucket() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("testclient") == "testclient"


def test_tokens_come_back_and_never_exceed_the_burst() -> None:
    clock = ManualClock()
    buckets = TokenBuckets(2, 3, clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b")
    assert buckets.wait_s("a") == 1
    clock.advance(0.5)
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    clock.advance(100)
    assert buckets.left("a") == 3


@pytest.fixture(scope="module")
def limited_memory(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    with (
        api_process(database_url, tmp_path_factory.mktemp("api")) as api,
        MemoryLimit(api.service.pid, API_MB) as memory,
    ):
        yield api
        assert memory.kills == 0


@pytest.mark.parametrize("framing", ["Content-Length: 200000000", "Transfer-Encoding: chunked"])
def test_two_hundred_megabytes_without_a_key_cost_nothing(limited_memory: ApiProcess, framing: str) -> None:
    piece = b"[]," * 20_000
    if "chunked" in framing:
        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    began_s = time.monotonic()
    with limited_memory.connect(_head("POST", "/v1/silences", framing)) as connection:
        assert read_status(connection) == 401
        refused_s = time.monotonic() - began_s
        waits_s = []
        try:
            for number in range(3334):
                connection.sendall(piece)
                if number % 5 == 0:
                    waits_s.append(limited_memory.health_s())
        except OSError:
            pass
    assert refused_s < 1
    assert limited_memory.health_s() < 1
    assert max(waits_s, default=0) < 1
    assert limited_memory.service.is_running
