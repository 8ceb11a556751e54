"""Signatures of callbacks: gateways for SMS and voice sign what they report, beside the API key."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError

from rencheng.domain.errors import Misconfigured
from rencheng.response.delivery.signed_webhooks import is_secret, signature_fault
from rencheng.runtime.logs import get_logger
from rencheng.schemas.findings import join_findings, validation_findings
from services.api.http.errors import SignatureRequired

log = get_logger("api")

_SETTING = "RENCHENG_API_CALLBACK_SECRETS_FILE"

CallbackSecrets = Mapping[str, list[str]]
"""The secrets by provider: while one is replaced, both are good."""


def read_callback_secrets(path: Path | None) -> CallbackSecrets | None:
    """Return the secrets of a TOML file; None without a file: the API key is enough.

    Raises:
        Misconfigured: the file cannot be read, or has something else than secrets.
    """
    if path is None:
        return None
    try:
        found = TypeAdapter(dict[str, list[str]]).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise Misconfigured(f"{_SETTING}: {join_findings(validation_findings(error, 'provider'))}") from None
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{_SETTING}: {error}") from None
    for provider, secrets in found.items():
        if not secrets or not all(is_secret(one) for one in secrets):
            raise Misconfigured(f"{_SETTING}: {provider} needs secrets: whsec_ and 24 to 64 bytes in base64")
    return found


class Callback:
    """A callback as it was received.

    Args:
        request: of the provider.
        body: as it was signed.
    """

    def __init__(self, request: Request, body: bytes) -> None:
        self._secrets: CallbackSecrets | None = request.app.state.callback_secrets
        self._headers = request.headers
        self._body = body

    def require_signature(self, provider: str) -> None:
        """Check the signature of a provider. Once secrets are set, a provider without one is refused, too.

        Raises:
            SignatureRequired: it is not signed, too old, or changed on the way.
        """
        if self._secrets is None:
            return
        secrets = self._secrets.get(provider)
        why = "no secret is set for this provider"
        if secrets is not None:
            why = signature_fault(self._headers, self._body, datetime.now(UTC), secrets)
        if why:
            log.warning("callback refused", provider=provider, why=why)
            raise SignatureRequired(f"The callback is refused: {why}. Sign each attempt by Standard Webhooks.")


async def _callback(request: Request) -> Callback:
    return Callback(request, await request.body())


SignedCallback = Annotated[Callback, Depends(_callback)]
