"""Each channel reads its receiver's answer as the receiver means it, and connects only where it may."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from rencheng.domain.level import Level
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource
from rencheng.response.delivery.outbound import TEXT_MAX, OutboundItem, OutboundMessage, body_of, text_of
from rencheng.response.delivery.outcome import Outcome, SendResult
from rencheng.response.delivery.signed_webhooks import signed_headers
from services.response.channels.addresses import is_allowed
from services.response.channels.bots import BotChannel, dingtalk_signature, feishu_signature
from services.response.channels.channel import Channels
from services.response.channels.gateway import GatewayChannel, GatewayDescription
from services.response.channels.http import HttpClient
from services.response.channels.mail import MailChannel, MailServer
from services.response.channels.webhook import WebhookChannel
from tests.support.webhook_receiver import Answer, WebhookReceiver

AT = datetime(2026, 7, 20, 8, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = "whsec_" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
ITEM = OutboundItem(
    UUID(int=7),
    DispatchSource.EVENT,
    "warning",
    "actual",
    Level.RED,
    is_end=False,
    rank=0,
    made_at=AT,
    document={"headline": {"zh": "红色", "en": "red"}, "warning_id": "w", "sequence": 1},
)


def message(kind: ContactKind, address: str, **changes: Any) -> OutboundMessage:
    made = OutboundMessage(1, kind, address, (), frozenset({"actual"}), (ITEM,), AT)
    return replace(made, **changes)


def sent(
    receiver: WebhookReceiver, kind: ContactKind, channel: Callable[[HttpClient], Any], **changes: Any
) -> SendResult:
    async def send() -> SendResult:
        client = HttpClient(LOOPBACK, allows_http=True)
        try:
            result: SendResult = await channel(client).send(message(kind, f"{receiver.url}/x", **changes))
            return result
        finally:
            await client.close()

    return asyncio.run(send())


@pytest.fixture(scope="module")
def receiver() -> Any:
    with WebhookReceiver().running() as receiver:
        yield receiver


@pytest.mark.parametrize("status", [200, 204, 299])
def test_2xx_is_a_success(receiver: WebhookReceiver, status: int) -> None:
    receiver.answer = lambda _: Answer(status=status, body=b"")
    assert sent(receiver, ContactKind.WEBHOOK, WebhookChannel).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(status=302, headers={"Location": "http://169.254.169.254/"}), Outcome.NEVER),
        (Answer(status=400), Outcome.NEVER),
        (Answer(status=410), Outcome.NEVER),
        (Answer(status=429, headers={"Retry-After": "3600"}), Outcome.LATER),
        (Answer(status=500), Outcome.LATER),
        (Answer(status=None), Outcome.DOUBTFUL),
        (Answer(status=200, body=b"x" * 20_000_000), Outcome.DELIVERED),
    ],
)
def test_every_answer_has_a_defined_result(receiver: WebhookReceiver, answer: Answer, outcome: Outcome) -> None:
    receiver.answer = lambda _: answer
    assert sent(receiver, ContactKind.WEBHOOK, WebhookChannel).outcome is outcome


@pytest.mark.parametrize(
    ("kind", "answer", "outcome"),
    [
        (ContactKind.WECOM_BOT, {"errcode": 0, "errmsg": "ok"}, Outcome.DELIVERED),
        (ContactKind.WECOM_BOT, {"errcode": 93000, "errmsg": "invalid webhook url"}, Outcome.NEVER),
        (ContactKind.WECOM_BOT, {"errcode": 45009, "errmsg": "reach max api daily quota limit"}, Outcome.LATER),
        (ContactKind.DINGTALK_BOT, {"errcode": 130101, "errmsg": "send too fast"}, Outcome.LATER),
        (ContactKind.DINGTALK_BOT, {"errcode": 310000, "errmsg": "sign not match"}, Outcome.NEVER),
        (ContactKind.FEISHU_BOT, {"code": 0, "msg": "success"}, Outcome.DELIVERED),
        (ContactKind.FEISHU_BOT, {"StatusCode": 0, "StatusMessage": "success"}, Outcome.DELIVERED),
        (ContactKind.FEISHU_BOT, {"code": 19021, "msg": "sign match fail"}, Outcome.NEVER),
        (ContactKind.FEISHU_BOT, {"code": 9499, "msg": "too many request"}, Outcome.LATER),
        (ContactKind.FEISHU_BOT, {"code": 9499, "msg": "Bad Request"}, Outcome.NEVER),
        (ContactKind.FEISHU_BOT, {"surprise": 1}, Outcome.LATER),
        (ContactKind.WECOM_BOT, ["a list"], Outcome.LATER),
        (ContactKind.DINGTALK_BOT, {"errcode": 999, "errmsg": "of tomorrow"}, Outcome.LATER),
    ],
)
def test_the_code_of_a_bot_decides_in_a_200(
    receiver: WebhookReceiver, kind: ContactKind, answer: object, outcome: Outcome
) -> None:
    receiver.answer = lambda _: Answer(body=json.dumps(answer).encode())
    assert sent(receiver, kind, BotChannel).outcome is outcome


def test_the_signatures_of_dingtalk_and_feishu_differ_in_what_is_the_key() -> None:
    """Values from `openssl dgst -sha256 -hmac`."""
    assert dingtalk_signature("1599360473000", "SEC0") == "U6tDpTYk1OWd9KB9QyK9CulVsu7mGZWRBBYjSnTQPeQ="
    assert feishu_signature("1599360473", "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_a_gateway_is_judged_by_its_own_code_and_gets_escaped_text(receiver: WebhookReceiver) -> None:
    gateway = GatewayDescription(
        url=f"{receiver.url}/sms",
        body='{"to": "$phone", "text": "$text", "ref": "$id"}',
        code_field="result.code",
        good=["0"],
        never=["bad"],
        ref_field="result.id",
    )
    quoted = replace(ITEM, document={"headline": {"zh": 'a "b"\n', "en": ""}})
    outcomes = []
    for code in ("0", "bad", "busy"):
        answer = json.dumps({"result": {"code": code, "id": "r-1"}}).encode()
        receiver.answer = lambda _, answer=answer: Answer(body=answer)  # type: ignore[misc]
        result = sent(receiver, ContactKind.SMS, lambda client: GatewayChannel(client, gateway), items=(quoted,))
        outcomes.append((result.outcome, result.provider_ref))
    assert outcomes == [(Outcome.DELIVERED, "r-1"), (Outcome.NEVER, None), (Outcome.LATER, None)]
    assert receiver.of("/sms")[0].document["text"].startswith('a "b"')


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "100.64.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
     "2002:a00:1::", "fd00::1", "fe80::1", "0.0.0.1", "224.0.0.1", "::127.0.0.1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


def test_a_name_is_refused_if_any_of_its_addresses_is_and_nothing_connects(
    monkeypatch: pytest.MonkeyPatch, receiver: WebhookReceiver
) -> None:
    port = int(receiver.url.rpartition(":")[2])
    before = len(receiver.received)

    async def resolve(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)

    async def send() -> SendResult:
        client = HttpClient((), allows_http=True)
        return await WebhookChannel(client).send(message(ContactKind.WEBHOOK, f"http://rebinds.example:{port}/"))

    result = asyncio.run(send())
    assert (result.outcome, "not public" in result.detail) == (Outcome.NEVER, True)
    assert len(receiver.received) == before


def test_plain_http_needs_a_setting_and_a_foreign_certificate_is_no_connection(receiver: WebhookReceiver) -> None:
    async def send(address: str) -> SendResult:
        return await WebhookChannel(HttpClient(LOOPBACK)).send(message(ContactKind.WEBHOOK, address))

    assert asyncio.run(send(receiver.url)).outcome is Outcome.NEVER
    assert asyncio.run(send(receiver.url.replace("http:", "https:"))).outcome is not Outcome.DELIVERED


def test_an_exercise_reaches_no_method_that_does_not_name_it_whatever_the_database_says() -> None:
    class Trap:
        async def send(self, _: OutboundMessage) -> SendResult:
            raise AssertionError

    traps = Channels(dict.fromkeys(ContactKind, Trap()))
    drill = (replace(ITEM, world="drill"),)
    for kind in ContactKind:
        result = asyncio.run(traps.send(message(kind, "x", items=drill)))
        assert result.outcome is Outcome.NEVER


@given(st.text(max_size=300), st.integers(-12, 14), st.booleans())
def test_our_signature_verifies_with_the_reference_library(body: str, hours: int, second: bool) -> None:
    other = "whsec_" + "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
    at = datetime.now(timezone(timedelta(hours=hours)))
    encoded = body.encode("utf-8", "replace")
    headers = signed_headers("id-1", at, encoded, (SECRET, other))
    verifier = Webhook(other if second else SECRET)
    document = json.dumps({"text": body}).encode()
    verifier.verify(document, signed_headers("id-1", at, document, (SECRET, other)))
    assert headers["webhook-signature"].count("v1,") == 2


def test_a_repetition_has_the_same_body_and_the_cap_form_is_inline_only_if_it_fits() -> None:
    first = message(ContactKind.WEBHOOK, "x", cap="inline", items=(replace(ITEM, cap_xml="<a/>"),))
    later = replace(first, attempt_at=AT + timedelta(hours=1), items=(replace(first.items[0], rank=1),))
    assert body_of(first) == body_of(later)
    assert json.loads(body_of(first))["cap_xml"] == "<a/>"
    large = replace(first, items=(replace(ITEM, cap_xml="<a/>" * 9000),))
    assert "cap_xml" not in json.loads(body_of(large))


@pytest.mark.parametrize("template", ["$nothing", "{{ site }} $", "$site" * 200, "$site.__class__ ${x!r}"])
def test_a_template_that_cannot_work_is_refused_when_it_is_saved(template: str) -> None:
    with pytest.raises(ValidationError):
        ContactForm(kind=ContactKind.SMS, address="13800000000", template=template)


@given(st.text(max_size=500), st.integers(1, 20))
def test_a_text_is_never_longer_than_a_bot_takes_and_marks_exercises(headline: str, places: int) -> None:
    one = replace(ITEM, world="drill", document={"headline": {"zh": headline, "en": headline}})
    text = text_of(message(ContactKind.WECOM_BOT, "x", items=(one,) * places))
    assert len(text.encode("utf-8", "replace")) <= TEXT_MAX
    assert text.count("演练") >= places


class MailReceiver(threading.Thread):
    """An SMTP server for one session that answers each command by a list."""

    def __init__(self, *answers: str) -> None:
        super().__init__(daemon=True)
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.lines: list[str] = []

    def run(self) -> None:
        connection, _ = self._socket.accept()
        with connection, self._socket, connection.makefile("rwb") as file:
            file.write(b"220 ready\r\n")
            file.flush()
            answers, in_body = iter(self._answers), False
            for line in file:
                self.lines.append(line.decode().strip())
                if in_body and self.lines[-1] != ".":
                    continue
                answer = next(answers, None)
                if answer is None:
                    return
                in_body = answer.startswith("354")
                file.write(f"{answer}\r\n".encode())
                file.flush()


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("250 hi", "250 ok", "250 ok", "354 go", "250 queued", "221 bye"), Outcome.DELIVERED),
        (("250 hi", "250 ok", "550 no such user", "221 bye"), Outcome.NEVER),
        (("250 hi", "250 ok", "450 later", "221 bye"), Outcome.LATER),
        (("250 hi", "250 ok", "250 ok", "354 go"), Outcome.DOUBTFUL),
        (("250 hi", "250 ok", "250 ok", "354 go", "554 spam", "221 bye"), Outcome.NEVER),
    ],
)
def test_mail_knows_whether_the_body_left(answers: tuple[str, ...], outcome: Outcome) -> None:
    server = MailReceiver(*answers)
    server.start()
    channel = MailChannel(MailServer("127.0.0.1", server.port, "rencheng@city.example", tls=False))
    assert asyncio.run(channel.send(message(ContactKind.MAIL, "duty@city.example"))).outcome is outcome
    server.join(5)
    if outcome is Outcome.DELIVERED:
        assert f"Message-ID: <{UUID(int=7)}@city.example>" in server.lines
