"""A gateway for SMS or voice over HTTP. Every provider has its own fields, so a file describes them."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from rencheng.domain.errors import Misconfigured
from rencheng.response.delivery.outbound import OutboundMessage, text_of
from rencheng.response.delivery.outcome import Outcome, SendResult
from services.response.channels.http import HttpAnswer, HttpClient, result_of_status

NAMES = ("phone", "text", "id")
"""What a body template may contain, as $phone."""


class GatewayDescription(BaseModel):
    """How a gateway is spoken to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    headers: dict[str, str] = {}
    body: str
    """JSON with $phone, $text and $id inside of strings."""
    code_field: str
    """Where its code stands in the answer, such as `Code` or `result.code`."""
    good: list[str]
    """The codes of success."""
    never: list[str] = []
    """The codes of what will not work later either."""
    ref_field: str = ""
    """Where its name of the message stands, for receipts."""

    @field_validator("body")
    @classmethod
    def _is_json_with_known_names(cls, value: str) -> str:
        template = Template(value)
        if not template.is_valid() or set(template.get_identifiers()) - set(NAMES):
            raise ValueError(f"the body may contain {', '.join('$' + name for name in NAMES)} only")
        json.loads(template.substitute(dict.fromkeys(NAMES, "x")))
        return value


def read_gateways(path: Path) -> dict[str, GatewayDescription]:
    """Return the gateways of a TOML file, by kind: `sms`, `voice`.

    Raises:
        Misconfigured: the file is missing or invalid.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return {kind: GatewayDescription(**found[kind]) for kind in ("sms", "voice") if kind in found}
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Misconfigured(f"RENCHENG_RESPONSE_GATEWAYS_FILE: {where}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise Misconfigured(f"RENCHENG_RESPONSE_GATEWAYS_FILE: {error}") from None


@dataclass(frozen=True, slots=True)
class GatewayChannel:
    """Sends text to a telephone number through a gateway."""

    client: HttpClient
    gateway: GatewayDescription

    async def send(self, message: OutboundMessage) -> SendResult:
        """Post the text and the number. The gateway's code decides, not the status."""
        body = filled(self.gateway.body, {"phone": message.address, "text": text_of(message), "id": message.message_id})
        headers = {"Content-Type": "application/json; charset=utf-8"} | self.gateway.headers
        answer = await self.client.post(self.gateway.url, body, headers)
        return answer if isinstance(answer, SendResult) else result_of_gateway(answer, self.gateway)


def filled(template: str, values: Mapping[str, str]) -> bytes:
    """Return the body with the values, each escaped as a part of a JSON string."""
    escaped = {name: json.dumps(value, ensure_ascii=False)[1:-1] for name, value in values.items()}
    return Template(template).substitute(escaped).encode()


def result_of_gateway(answer: HttpAnswer, gateway: GatewayDescription) -> SendResult:
    """Return what the answer of a gateway means. An answer of unknown shape is a failure."""
    by_status = result_of_status(answer)
    code = _at(answer.body, gateway.code_field)
    if code is None:
        if by_status.outcome is Outcome.DELIVERED:
            return SendResult(Outcome.LATER, answer.status, detail="the answer has no code of the gateway")
        return by_status
    if code in gateway.good and by_status.outcome is Outcome.DELIVERED:
        ref = _at(answer.body, gateway.ref_field) if gateway.ref_field else None
        return SendResult(Outcome.DELIVERED, answer.status, code, provider_ref=ref)
    outcome = Outcome.NEVER if code in gateway.never else Outcome.LATER
    return SendResult(outcome, answer.status, code, by_status.retry_after_s, f"code {code}")


def _at(body: bytes, path: str) -> str | None:
    try:
        found: Any = json.loads(body)
        for step in path.split("."):
            found = found[step]
    except (ValueError, KeyError, TypeError):
        return None
    return None if isinstance(found, dict | list) else str(found)
