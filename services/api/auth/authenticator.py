"""Authenticate requests by API key, and check the scopes of the key. No other module reads keys."""

import base64
import hashlib
from contextlib import suppress
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

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.metrics.api import REJECTED_KEYS
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import Key, KeyScope
from rencheng.store.core.sessions import Database
from services.api.http.errors import AuthenticationRequired, InsufficientScope

CACHED_S = 5.0
"""How long a verified key is accepted without another query. A revocation takes effect within this time."""

CACHED_MAX = 1_000
"""The most keys in the cache."""

_REALM = 'Bearer realm="rencheng"'

_BASIC = 'Basic realm="rencheng", charset="UTF-8"'
"""Offered to browsers and feed readers, which cannot send the other two and ask their user for a password."""

_HEADERS = {"WWW-Authenticate": f"{_REALM}, {_BASIC}"}

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class _Basic(HTTPBasic):
    """HTTP Basic with UTF-8 user names. Unreadable credentials count as no credentials."""

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
    """Verifies tokens, and caches accepted ones for a few seconds. Rejected ones are looked up each time."""

    def __init__(self, database: Database, *, cached_s: float = CACHED_S, clock: Clock = SYSTEM_CLOCK) -> None:
        self._database = database
        self._cached_s = cached_s
        self._clock = clock
        self._keys: dict[bytes, tuple[Key, float]] = {}
        self._lock = Lock()

    def authenticate(self, token: str) -> Key | None:
        """Return the key of a token; None if it is not in force."""
        digest = hashlib.sha256(token.encode()).digest()  # the token itself is not kept in memory
        key = self._cached(digest)
        if key is None:
            with self._database.read() as connection:
                key = api_keys.verify(connection, token)
            if key is not None:
                self._cache(digest, key)
                self._note_use(key)
        return None if key is None or self._has_expired(key) else key

    def _note_use(self, key: Key) -> None:
        """Write the last use of a key, at most once a minute. A request does not fail if this does."""
        last = key.last_used_at
        if last is not None and self._clock.now() - last < api_keys.LAST_USE_EVERY:
            return
        with suppress(StoreUnavailable), self._database.write() as connection:
            api_keys.note_use(connection, key.key_id)

    def _cached(self, digest: bytes) -> Key | None:
        with self._lock:
            key, until_s = self._keys.get(digest, (None, 0.0))
        return key if self._clock.monotonic_s() < until_s else None

    def _has_expired(self, key: Key) -> bool:
        return key.expires_at is not None and key.expires_at <= self._clock.now()

    def _cache(self, digest: bytes, key: Key) -> None:
        with self._lock:
            if len(self._keys) >= CACHED_MAX:
                self._keys.clear()
            self._keys[digest] = key, self._clock.monotonic_s() + self._cached_s


def require_scopes(*scopes: KeyScope) -> SecurityParameter:
    """Return a dependency that rejects requests whose key does not list all of these scopes."""
    guard: SecurityParameter = Security(_authorise, scopes=[scope.value for scope in scopes])
    return guard


def key_of(request: Request) -> Key:
    """Return the key of an authenticated request."""
    key: Key = request.state.key
    return key


def actor_of(request: Request) -> str:
    """Return the name of the caller as the audit records it."""
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
    if basic and not bearer and not header and request.method not in _SAFE_METHODS:
        # a browser adds a remembered password to requests that another site's page triggers (CSRF)
        REJECTED_KEYS.labels("basic_not_allowed").inc()
        detail = "A request that changes data must send the key in a header, not by HTTP Basic."
        raise AuthenticationRequired(detail, headers=_HEADERS)
    if not token:
        REJECTED_KEYS.labels("missing").inc()
        detail = "Send a key as `Authorization: Bearer rck_…` or `X-API-Key: rck_…`, or as the password of HTTP Basic."
        raise AuthenticationRequired(detail, headers=_HEADERS)
    authenticator: Authenticator = request.app.state.authenticator
    key = authenticator.authenticate(token)
    if key is None:
        REJECTED_KEYS.labels("invalid").inc()
        address = request.client.host if request.client else "unknown"
        request.app.state.refused_logins.count(address, api_keys.key_id_of(token))
        headers = {"WWW-Authenticate": f'{_REALM}, error="invalid_token", {_BASIC}'}
        raise AuthenticationRequired("The key is unknown, expired or revoked.", headers=headers)
    if not key.scopes.issuperset(needed.scopes):
        REJECTED_KEYS.labels("insufficient_scope").inc()
        challenge = f'{_REALM}, error="insufficient_scope", scope="{needed.scope_str}"'
        raise InsufficientScope(
            f"This request requires the scope {needed.scope_str}.", headers={"WWW-Authenticate": challenge}
        )
    request.state.key = key
