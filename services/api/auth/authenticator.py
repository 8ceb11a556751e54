"""Authenticate API keys. No other module reads keys."""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Annotated

from fastapi import Request, Security
from fastapi.params import Security as SecurityParameter
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, SecurityScopes
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
"""The most tokens in each cache. The oldest is forgotten first."""


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


class Authenticator:
    """Verifies tokens, and caches the results for a few seconds. The tokens themselves are not kept in memory."""

    def __init__(self, database: Database, *, cached_s: float = CACHED_S, clock: Clock = SYSTEM_CLOCK) -> None:
        self._database = database
        self._cached_s = cached_s
        self._clock = clock
        self._accepted: OrderedDict[bytes, tuple[Key, float]] = OrderedDict()
        self._rejected: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def authenticate(self, token: str) -> Key | None:
        """Return the key of a token; None if it is not in force. Asks the database if no result is cached."""
        key = self.recall(token)
        if key is None and not self.was_rejected(token):
            with self._database.read() as connection:
                key = api_keys.verify(connection, token)
            self._remember(token, key)
            if key is not None:
                self._note_use(key)
        return None if key is None or self._has_expired(key) else key

    def _note_use(self, key: Key) -> None:
        """Write the last use of a key, at most once a minute. A request does not fail if this does."""
        last = key.last_used_at
        if last is not None and self._clock.now() - last < api_keys.LAST_USE_EVERY:
            return
        with suppress(StoreUnavailable), self._database.write() as connection:
            api_keys.note_use(connection, key.key_id)

    def recall(self, token: str) -> Key | None:
        """Return the key of a token that was accepted within the last seconds."""
        with self._lock:
            key, until_s = self._accepted.get(_digest(token), (None, 0.0))
        return key if key and self._clock.monotonic_s() < until_s and not self._has_expired(key) else None

    def was_accepted(self, token: str) -> bool:
        """Return whether the token was accepted when it was last looked up."""
        with self._lock:
            return _digest(token) in self._accepted

    def was_rejected(self, token: str) -> bool:
        """Return whether the token was rejected within the last seconds."""
        with self._lock:
            return self._clock.monotonic_s() < self._rejected.get(_digest(token), 0.0)

    def _has_expired(self, key: Key) -> bool:
        return key.expires_at is not None and key.expires_at <= self._clock.now()

    def _remember(self, token: str, key: Key | None) -> None:
        digest, until_s = _digest(token), self._clock.monotonic_s() + self._cached_s
        with self._lock:
            self._accepted.pop(digest, None)
            self._rejected.pop(digest, None)
            if key is None:
                self._rejected[digest] = until_s
            else:
                self._accepted[digest] = key, until_s
            for cache in (self._accepted, self._rejected):
                while len(cache) > CACHED_MAX:
                    cache.popitem(last=False)


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


def require_scopes(*scopes: KeyScope) -> SecurityParameter:
    """Return a dependency that rejects requests whose key does not list all of these scopes."""
    guard: SecurityParameter = Security(_authorise, scopes=[scope.value for scope in scopes])
    return guard


def key_of(request: Request) -> Key:
    """Return the key of an authenticated request."""
    key: Key = request.state.key
    return key


async def actor_of(request: Request) -> str:
    """Return the name of the caller as the audit records it."""
    key = key_of(request)
    return f"key {key.key_id} ({key.name})"


def check_scopes(key: Key, needed: Sequence[str]) -> None:
    """Check that a key lists all of these scopes.

    Raises:
        InsufficientScope: one is missing.
    """
    if not key.scopes.issuperset(needed):
        REJECTED_KEYS.labels("insufficient_scope").inc()
        listed = " ".join(needed)
        challenge = f'{REALM}, error="insufficient_scope", scope="{listed}"'
        raise InsufficientScope(f"This request requires the scope {listed}.", headers={"WWW-Authenticate": challenge})


def key_not_in_force() -> AuthenticationRequired:
    """Return the error for a key that is unknown, expired or revoked."""
    REJECTED_KEYS.labels("invalid").inc()
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token", {BASIC}'}
    return AuthenticationRequired("The key is unknown, expired or revoked.", headers=headers)


async def _authorise(
    request: Request,
    needed: SecurityScopes,
    _bearer: Annotated[object, Security(BEARER_SCHEME)],
    _header: Annotated[object, Security(HEADER_SCHEME)],
    _basic: Annotated[object, Security(BASIC_SCHEME)],
) -> None:
    """Declare the schemes, and check the scopes again. `AccessControl` has checked both before the body was read."""
    check_scopes(key_of(request), needed.scopes)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
