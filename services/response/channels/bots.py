"""Group bots of 企业微信, 钉钉 and 飞书. They answer 200 also to what they refuse: their own code decides."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outbound import OutboundMessage, text_of
from rencheng.response.delivery.outcome import Outcome, SendResult
from services.response.channels.http import HttpAnswer, HttpClient, result_of_status

_MUTED_S = 600.0
"""钉钉 mutes a bot for ten minutes after too many messages."""

Request = tuple[str, Mapping[str, object]]
"""URL and JSON body."""


@dataclass(frozen=True, slots=True)
class BotProtocol:
    """How one provider is spoken to.

    Attributes:
        request: makes the URL and the body.
        code_fields: where the code stands in the answer; the first that is there.
        never: codes of what will not work later either: a wrong address, key or keyword.
        waits_s: how long codes ask to wait.
    """

    request: Callable[[OutboundMessage, str], Request]
    code_fields: tuple[str, ...]
    never: frozenset[int]
    waits_s: Mapping[int, float]


def _wecom(message: OutboundMessage, text: str) -> Request:
    return message.address, {"msgtype": "text", "text": {"content": text}}


def _dingtalk(message: OutboundMessage, text: str) -> Request:
    url = message.address
    if message.secrets:
        stamp = str(int(message.attempt_at.timestamp() * 1000))
        url += f"&timestamp={stamp}&sign={quote(dingtalk_signature(stamp, message.secrets[0]), safe='')}"
    return url, {"msgtype": "text", "text": {"content": text}}


def _feishu(message: OutboundMessage, text: str) -> Request:
    body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if message.secrets:
        stamp = str(int(message.attempt_at.timestamp()))
        body |= {"timestamp": stamp, "sign": feishu_signature(stamp, message.secrets[0])}
    return message.address, body


def dingtalk_signature(stamp_ms: str, secret: str) -> str:
    """Return the signature of 钉钉: the secret is the key, time and secret are the message."""
    digest = hmac.new(secret.encode(), f"{stamp_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def feishu_signature(stamp_s: str, secret: str) -> str:
    """Return the signature of 飞书: time and secret are the key, the message is empty."""
    return base64.b64encode(hmac.new(f"{stamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


PROTOCOLS: Mapping[ContactKind, BotProtocol] = {
    ContactKind.WECOM_BOT: BotProtocol(_wecom, ("errcode",), frozenset({93000, 93008, 40008, 40058}), {45009: 60.0}),
    ContactKind.DINGTALK_BOT: BotProtocol(
        _dingtalk, ("errcode",), frozenset({310000, 300001, 460101, 400013}), {130101: _MUTED_S}
    ),
    ContactKind.FEISHU_BOT: BotProtocol(
        _feishu, ("code", "StatusCode"), frozenset({19001, 19021, 19022, 19024}), {11232: 10.0}
    ),
}
"""The providers. Codes from their documents; a code that is not listed is tried again until the message expires."""

_FEISHU_BAD_OR_MANY = 9499
"""飞书 answers it to a bad body and to too many messages: the text tells them apart."""


class BotChannel:
    """Sends text to a group by its bot."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def send(self, message: OutboundMessage) -> SendResult:
        """Post the text. The provider's code decides, not the status."""
        protocol = PROTOCOLS[message.kind]
        url, body = protocol.request(message, text_of(message))
        encoded = json.dumps(body, ensure_ascii=False).encode()
        answer = await self._client.post(url, encoded, {"Content-Type": "application/json; charset=utf-8"})
        return answer if isinstance(answer, SendResult) else result_of_bot(answer, protocol)


def result_of_bot(answer: HttpAnswer, protocol: BotProtocol) -> SendResult:
    """Return what the answer of a bot means. An answer of unknown shape is a failure."""
    by_status = result_of_status(answer)
    try:
        found = json.loads(answer.body)
        code = next(found[name] for name in protocol.code_fields if name in found)
    except (ValueError, StopIteration, TypeError):
        if by_status.outcome is Outcome.DELIVERED:
            return SendResult(Outcome.LATER, answer.status, detail="the answer has no code of the provider")
        return by_status
    text = str(found.get("errmsg") or found.get("msg") or found.get("StatusMessage") or "")[:200]
    written = str(code)
    if code == 0:
        return (
            by_status
            if by_status.outcome is not Outcome.DELIVERED
            else SendResult(Outcome.DELIVERED, answer.status, written)
        )
    detail = f"code {written}: {text}"
    if code in protocol.never or (code == _FEISHU_BAD_OR_MANY and "too many" not in text.lower()):
        return SendResult(Outcome.NEVER, answer.status, written, detail=detail)
    wait_s = protocol.waits_s.get(code) if isinstance(code, int) else None
    return SendResult(Outcome.LATER, answer.status, written, wait_s, detail)
