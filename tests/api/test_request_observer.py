"""Each request has an id in its response, its problem document and the log, and is counted in the metrics."""

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine
from structlog.testing import capture_logs

from rencheng.domain.level import Level
from rencheng.store.access.api_keys import KeyScope
from tests.support.api import MakeToken
from tests.support.polling import eventually
from tests.support.streams import new_name, record_messages, rendered, streaming


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _requests(route: str, status: int, method: str = "GET") -> float:
    return _sample("rencheng_api_requests_total", route=route, method=method, status=str(status))


def test_a_request_without_an_id_gets_one(client: httpx.Client) -> None:
    first, second = (client.get("/v1/sites").headers["x-request-id"] for _ in range(2))
    assert len(first) == 16
    assert first != second


def test_the_id_of_a_client_is_kept(client: httpx.Client) -> None:
    answer = client.get("/v1/sites/nowhere", headers={"X-Request-Id": "console-4:17"})
    assert answer.headers["x-request-id"] == "console-4:17"
    assert answer.json()["instance"] == "urn:rencheng:request:console-4:17"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, '"', "<script>"])
def test_an_id_of_other_characters_is_replaced(client: httpx.Client, given: str) -> None:
    assert client.get("/health", headers={"X-Request-Id": given}).headers["x-request-id"] != given


def test_an_internal_error_has_the_same_id_in_response_and_log(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services.api.routes.counts.health.counts_by_kind", fail)
    before = _requests("/v1/counts", 500)
    with capture_logs() as logs:
        answer = client.get("/v1/counts")
    [line] = [line for line in logs if line["event"] == "request failed"]
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal server error"
    assert answer.json()["instance"] == f"urn:rencheng:request:{line['request_id']}"
    assert answer.headers["x-request-id"] == line["request_id"]
    eventually(lambda: _requests("/v1/counts", 500), before + 1)


def test_requests_are_counted_and_timed_by_route_template(client: httpx.Client, anonymous: httpx.Client) -> None:
    route = "/v1/sites/{site_id}"
    before = _requests(route, 200), _requests(route, 404), _requests(route, 401)
    timed = _sample("rencheng_api_request_seconds_count", route=route)
    client.get("/v1/sites/road")
    client.get("/v1/sites/nowhere")
    anonymous.get("/v1/sites/road")
    eventually(
        lambda: (_requests(route, 200), _requests(route, 404), _requests(route, 401)),
        tuple(count + 1 for count in before),
    )
    assert _sample("rencheng_api_request_seconds_count", route=route) == timed + 3


def test_addresses_without_a_route_and_unknown_methods_share_a_label(client: httpx.Client) -> None:
    before = _requests("unmatched", 404), _requests("unmatched", 404, "other")
    client.get("/made-up-by-a-client")
    client.request("PROPFIND", "/made-up-by-a-client")
    eventually(
        lambda: (_requests("unmatched", 404), _requests("unmatched", 404, "other")), (before[0] + 1, before[1] + 1)
    )


def test_rejected_keys_are_counted_by_reason(anonymous: httpx.Client, make_token: MakeToken) -> None:
    def counts() -> list[float]:
        reasons = ("missing", "invalid", "insufficient_scope", "basic_not_allowed")
        return [_sample("rencheng_api_rejected_keys_total", reason=reason) for reason in reasons]

    before, token = counts(), make_token(KeyScope.WARNINGS_READ)
    anonymous.get("/v1/sites")
    anonymous.get("/v1/sites", headers={"X-API-Key": "rck_0123_wrong"})
    anonymous.get("/v1/sites", headers={"X-API-Key": token})
    anonymous.post("/v1/silences", auth=("duty", token))
    assert counts() == [count + 1 for count in before]


def test_streams_and_their_lag_are_measured(city: Engine, address: str, token: str) -> None:
    name, before = new_name(), _sample("rencheng_api_stream_lag_seconds_count")
    with streaming(address, token) as stream:
        assert _sample("rencheng_api_stream_clients") == 1
        record_messages(city, rendered(name, 1, Level.BLUE))
        stream.receives(f"{name}-1")
    assert _sample("rencheng_api_stream_lag_seconds_count") == before + 1
    eventually(lambda: _sample("rencheng_api_stream_clients"), 0.0)
