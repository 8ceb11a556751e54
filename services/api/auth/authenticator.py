"""Who is asking: the one place where keys are looked at."""

import base64
import hashlib
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Annotated

from fastapi import Request, Security
from fastapi.params import Security as SecurityParameter
from fastapi.security import (
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    SecurityScopes,
)
from starlette.requests import HTTPConnection

from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.core.sessions import Database
from services.api.http.errors import Forbidden, Unauthenticated

CACHED_S = 5.0
"""A key that was verified is trusted for so long without asking again: a revocation takes effect within this time."""

CACHED_MAX = 1_000

_REALM = 'Bearer realm="rencheng"'

_BASIC = 'Basic realm="rencheng", charset="UTF-8"'
"""So that browsers and feed readers, which cannot send the other two, ask their user."""


_HEADERS = {"WWW-Authenticate": f"{_REALM}, {_BASIC}"}

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class _Basic(HTTPBasic):
    """The framework's scheme, read by us: users have Chinese names, and what cannot be read is as good as nothing."""

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:  # type: ignore[override]
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return None
        return HTTPBasicCredentials(username=user, password=password)


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="Authorization: Bearer rck_…")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="X-API-Key: rck_…")
_basic = _Basic(auto_error=False, scheme_name="basic", description="The key as the password, with any user name.")


class Authenticator:
    """Verifies tokens, and remembers for a moment those that were good. Bad ones are looked up each time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[bytes, tuple[Key, float]] = {}
        self._lock = Lock()

    def authenticate(self, token: str) -> Key | None:
        """The key of a token, if it is in force."""
        digest = hashlib.sha256(token.encode()).digest()  # so that no token lies in memory for longer than its request
        key = self._remembered(digest)
        if key is None:
            with self._database.read() as connection:
                key = api_keys.verify(connection, token)
            if key is not None:
                self._remember(digest, key)
        return key

    def _remembered(self, digest: bytes) -> Key | None:
        with self._lock:
            key, until = self._known.get(digest, (None, 0.0))
        if key is None or time.monotonic() >= until:
            return None
        return None if key.expires_at and key.expires_at <= datetime.now(UTC) else key

    def _remember(self, digest: bytes, key: Key) -> None:
        with self._lock:
            if len(self._known) >= CACHED_MAX:
                self._known.clear()
            self._known[digest] = key, time.monotonic() + CACHED_S


def require_scopes(*scopes: KeyScope) -> SecurityParameter:
    """The dependency that lets nobody pass whose key does not list all of these scopes."""
    guard: SecurityParameter = Security(_authorise, scopes=[scope.value for scope in scopes])
    return guard


def key_of(request: Request) -> Key:
    """Who is asking, once they have passed."""
    key: Key = request.state.key
    return key


def actor_of(request: Request) -> str:
    """Who is asking, for the audit."""
    key = key_of(request)
    return f"key {key.key_id} ({key.name})"


def _authorise(
    request: Request,
    needed: SecurityScopes,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    header: Annotated[str | None, Security(_header)],
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)],
) -> None:
    token = bearer.credentials if bearer else header or (basic.password if basic else None)
    if basic and not bearer and not header and request.method not in _HARMLESS:
        # a browser adds the password that it remembers to a request that another site's page made it send
        raise Unauthenticated("What changes something needs the key in a header, not by HTTP Basic.", headers=_HEADERS)
    if not token:
        how = "Send a key as `Authorization: Bearer rck_…` or `X-API-Key: rck_…`, or as the password of HTTP Basic."
        raise Unauthenticated(how, headers=_HEADERS)
    doorkeeper: Authenticator = request.app.state.doorkeeper
    key = doorkeeper.authenticate(token)
    if key is None:
        headers = {"WWW-Authenticate": f'{_REALM}, error="invalid_token", {_BASIC}'}
        raise Unauthenticated("The key is unknown, expired or revoked.", headers=headers)
    if not key.scopes.issuperset(needed.scopes):
        challenge = f'{_REALM}, error="insufficient_scope", scope="{needed.scope_str}"'
        raise Forbidden(f"This needs the scope {needed.scope_str}.", headers={"WWW-Authenticate": challenge})
    request.state.key = key
