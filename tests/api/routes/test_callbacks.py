"""Callbacks of gateways: once secrets are set, what is not signed by its provider is refused."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from rencheng.domain.errors import Misconfigured
from rencheng.response.delivery.signed_webhooks import TOLERANCE_S, signature_fault, signed_headers
from rencheng.store.access.api_keys import KeyScope
from services.api.http.callbacks import read_callback_secrets
from tests.support.api import MakeToken, serving

OLD, NEW, OTHER = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in range(3))
RECEIPT = {"provider": "sms", "ref": "r-1", "status": "delivered"}
REPLY = {"provider": "sms", "ref": "up-1", "via": "sms", "number": "13800000000", "text": "1"}


@pytest.fixture(scope="module")
def signed_api(
    database_url: str, make_token: MakeToken, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    file = tmp_path_factory.mktemp("callbacks") / "secrets.toml"
    file.write_text(f'sms = ["{NEW}", "{OLD}"]\n')
    headers = {"Authorization": f"Bearer {make_token(*KeyScope)}"}
    with (
        serving(database_url, api_callback_secrets_file=file) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30) as client,
    ):
        yield client


def send(
    client: httpx.Client, path: str, document: dict[str, Any], *secrets: str, age_s: float = 0, changed: bytes = b""
) -> int:
    body = json.dumps(document).encode()
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    headers = signed_headers("m-1", at, body, secrets) if secrets else {}
    answer = client.post(path, content=changed or body, headers=headers | {"Content-Type": "application/json"})
    if answer.status_code == httpx.codes.FORBIDDEN:
        assert answer.json()["type"] == "urn:rencheng:problem:signature-required"
    return answer.status_code


@pytest.mark.parametrize(("path", "document"), [("/v1/receipts", RECEIPT), ("/v1/replies", REPLY)])
def test_what_is_not_signed_by_its_provider_is_refused(
    signed_api: httpx.Client, path: str, document: dict[str, Any]
) -> None:
    def sent(*secrets: str, **more: Any) -> int:
        return send(signed_api, path, document, *secrets, **more)

    assert sent() == httpx.codes.FORBIDDEN
    assert sent(OTHER) == httpx.codes.FORBIDDEN
    assert sent(NEW, age_s=TOLERANCE_S + 60) == httpx.codes.FORBIDDEN
    assert sent(NEW, age_s=-TOLERANCE_S - 60) == httpx.codes.FORBIDDEN
    assert sent(NEW, changed=json.dumps(document | {"ref": "another"}).encode()) == httpx.codes.FORBIDDEN
    assert send(signed_api, path, document | {"provider": "unknown"}, NEW) == httpx.codes.FORBIDDEN
    assert [sent(OLD), sent(NEW), sent(OTHER, NEW)] == [httpx.codes.OK] * 3


@given(st.binary(max_size=200), st.text(max_size=20), st.integers(-2 * TOLERANCE_S, 2 * TOLERANCE_S))
def test_a_signature_holds_for_its_body_and_its_time_alone(body: bytes, message_id: str, age_s: int) -> None:
    now = datetime(2026, 7, 20, 12, tzinfo=UTC)
    headers = signed_headers(message_id, now - timedelta(seconds=age_s), body, [NEW])
    is_good = bool(message_id) and abs(age_s) <= TOLERANCE_S
    assert (signature_fault(headers, body, now, [OLD, NEW]) == "") == is_good
    assert signature_fault(headers, body + b" ", now, [OLD, NEW])
    assert signature_fault(headers, body, now, [OLD])


def test_a_signature_of_the_reference_library_is_accepted() -> None:
    now = datetime.now(UTC)
    headers = {"webhook-id": "m-1", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(NEW).sign("m-1", now, '{"a": 1}')
    assert signature_fault(headers, b'{"a": 1}', now, [NEW]) == ""


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "²", "1e9", "9" * 5000, "nan"])
def test_an_odd_time_is_refused(stamp: str) -> None:
    now = datetime(2026, 7, 20, 12, tzinfo=UTC)
    headers = signed_headers("m-1", now, b"{}", [NEW]) | {"webhook-timestamp": stamp}
    assert signature_fault(headers, b"{}", now, [NEW])


@pytest.mark.parametrize("content", ['sms = "x"', "sms = []", 'sms = ["whsec_QUFB"]', "sms = [1]", "sms ="])
def test_a_file_without_good_secrets_stops_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(content)
    with pytest.raises(Misconfigured, match="RENCHENG_API_CALLBACK_SECRETS_FILE"):
        read_callback_secrets(file)
