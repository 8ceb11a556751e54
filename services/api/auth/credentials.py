"""The credentials of a request: how clients send a key, and how OpenAPI describes it."""

import base64
from collections.abc import Mapping

from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer
from starlette.requests import HTTPConnection

from rencheng.runtime.metrics.api import REJECTED_KEYS
from services.api.http.errors import AuthenticationRequired

REALM = 'Bearer realm="rencheng"'

BASIC = 'Basic realm="rencheng", charset="UTF-8"'
"""Offered to browsers and feed readers, which cannot send the other two and ask their user for a password."""

_CHALLENGES = {"WWW-Authenticate": f"{REALM}, {BASIC}"}

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

BEARER_SCHEME = HTTPBearer(auto_error=False, scheme_name="bearer", description="Authorization: Bearer rck_…")
HEADER_SCHEME = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="X-API-Key: rck_…")


class _DeclaredBasic(HTTPBasic):
    """HTTP Basic for the OpenAPI document. The framework's own reading fails for user names outside Latin-1."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Read nothing, because `token_of` reads the credentials."""


BASIC_SCHEME = _DeclaredBasic(
    auto_error=False, scheme_name="basic", description="The key as the password, with any user name."
)


def token_of(headers: Mapping[str, str], method: str) -> str:
    """Return the token of a request.

    Raises:
        AuthenticationRequired: there is none, or it came by HTTP Basic in a request that changes data.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    basic = _password(value) if scheme.lower() == "basic" else ""
    token = bearer or headers.get("x-api-key", "")
    if not token and basic and method not in _SAFE_METHODS:
        # a browser adds a remembered password to requests that another site's page triggers (CSRF)
        REJECTED_KEYS.labels("basic_not_allowed").inc()
        detail = "A request that changes data must send the key in a header, not by HTTP Basic."
        raise AuthenticationRequired(detail, headers=_CHALLENGES)
    if not token and not basic:
        REJECTED_KEYS.labels("missing").inc()
        detail = "Send a key as `Authorization: Bearer rck_…` or `X-API-Key: rck_…`, or as the password of HTTP Basic."
        raise AuthenticationRequired(detail, headers=_CHALLENGES)
    return token or basic


def _password(encoded: str) -> str:
    """Return the password of HTTP Basic with UTF-8 user names. Unreadable credentials count as none."""
    try:
        return base64.b64decode(encoded).decode().partition(":")[2]
    except ValueError:
        return ""
