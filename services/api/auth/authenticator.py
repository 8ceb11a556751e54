"""Authenticate keys and sessions. No other module reads their tokens."""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Annotated

from fastapi import Request, Security
from fastapi.params import Security as SecurityParameter
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBasic, HTTPBearer, SecurityScopes
from starlette.requests import HTTPConnection

from rencheng.domain.errors import StoreUnavailable
from rencheng.operations.roles import RoleRules
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.metrics.api import REJECTED_KEYS
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.access.person_sessions import LAST_USE_EVERY, note_session_use, session_id_of, verify_session
from rencheng.store.core.sessions import Connection, Database
from services.api.auth.challenges import CHALLENGES, insufficient_scope, key_not_in_force, nothing_sent
from services.api.auth.principal import Principal, principal_of
from services.api.auth.session_cookie import SAFE_METHODS, SessionCookie
from services.api.http.errors import AuthenticationRequired

CACHED_S = 5.0
"""How long a verified key is accepted without another query. A revocation takes effect within this time."""

CACHED_MAX = 1_000
"""The most tokens in each cache. The oldest is forgotten first."""


BEARER_SCHEME = HTTPBearer(auto_error=False, scheme_name="bearer", description="Authorization: Bearer rck_…")
HEADER_SCHEME = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="X-API-Key: rck_…")


COOKIE_SCHEME = APIKeyCookie(
    name="rencheng_session", auto_error=False, scheme_name="session", description="The session of a person."
)


class _DeclaredBasic(HTTPBasic):
    """HTTP Basic for the OpenAPI document. The framework's own reading fails for user names outside Latin-1."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Read nothing, because `token_of` reads the credentials."""


BASIC_SCHEME = _DeclaredBasic(
    auto_error=False, scheme_name="basic", description="The key as the password, with any user name."
)


class Authenticator:
    """Verifies tokens. The tokens themselves are not kept in memory.

    The result for a key is cached for a few seconds. A session is looked up at every request, so that its end, and the
    end of a role, take effect at once.
    """

    def __init__(
        self,
        database: Database,
        *,
        rules: RoleRules | None = None,
        cached_s: float = CACHED_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._database = database
        self._rules = rules or RoleRules()
        self._cached_s = cached_s
        self._clock = clock
        self._accepted: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._rejected: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def authenticate(self, token: str) -> Principal | None:
        """Return the principal of a token; None if it is not in force. Asks the database if no result is cached."""
        principal = self.recall(token)
        if principal is None and not self.was_rejected(token):
            principal = self._session(token) if session_id_of(token) else self._key(token)
            self._remember(token, principal, 0.0 if principal and principal.session else self._cached_s)
        return None if principal is None or self._has_expired(principal) else principal

    def _key(self, token: str) -> Principal | None:
        with self._database.read() as connection:
            key = api_keys.verify(connection, token)
        if key is None:
            return None
        self._note_use(key.last_used_at, api_keys.LAST_USE_EVERY, partial(api_keys.note_use, key_id=key.key_id))
        return Principal.of_key(key)

    def _session(self, token: str) -> Principal | None:
        with self._database.read() as connection:
            session = verify_session(connection, token)
        if session is None:
            return None
        note = partial(note_session_use, session_id=session.session_id)
        self._note_use(session.last_used_at, LAST_USE_EVERY, note)
        return Principal.of_session(session, self._rules, self._clock.now())

    def _note_use(self, last: datetime | None, every: timedelta, note: Callable[[Connection], None]) -> None:
        """Write the last use, at most once a minute. A request does not fail if this does."""
        if last is not None and self._clock.now() - last < every:
            return
        with suppress(StoreUnavailable), self._database.write() as connection:
            note(connection)

    def recall(self, token: str) -> Principal | None:
        """Return the principal of a key that was accepted within the last seconds."""
        with self._lock:
            found, until_s = self._accepted.get(_digest(token), (None, 0.0))
        return found if found and self._clock.monotonic_s() < until_s and not self._has_expired(found) else None

    def was_accepted(self, token: str) -> bool:
        """Return whether the token was accepted when it was last looked up."""
        with self._lock:
            return _digest(token) in self._accepted

    def was_rejected(self, token: str) -> bool:
        """Return whether the token was rejected within the last seconds."""
        with self._lock:
            return self._clock.monotonic_s() < self._rejected.get(_digest(token), 0.0)

    def _has_expired(self, principal: Principal) -> bool:
        return principal.expires_at is not None and principal.expires_at <= self._clock.now()

    def _remember(self, token: str, principal: Principal | None, cached_s: float) -> None:
        digest, until_s = _digest(token), self._clock.monotonic_s() + cached_s
        with self._lock:
            self._accepted.pop(digest, None)
            self._rejected.pop(digest, None)
            if principal is None:
                self._rejected[digest] = until_s
            else:
                self._accepted[digest] = principal, until_s
            for cache in (self._accepted, self._rejected):
                while len(cache) > CACHED_MAX:
                    cache.popitem(last=False)


def token_of(headers: Mapping[str, str], method: str, cookie: SessionCookie) -> str:
    """Return the token of a request: a key in a header, or the session of a cookie.

    Raises:
        AuthenticationRequired: there is none, or a key came by HTTP Basic in a request that changes data.
        CrossSiteRequest: a changing request of a session does not come from our own pages.
    """
    scheme, _, value = headers.get("authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    basic = _password(value) if scheme.lower() == "basic" else ""
    token = bearer or headers.get("x-api-key", "")
    if not token and basic and method not in SAFE_METHODS:
        # a browser adds a remembered password to requests that another site's page triggers (CSRF)
        REJECTED_KEYS.labels("basic_not_allowed").inc()
        detail = "A request that changes data must send the key in a header, not by HTTP Basic."
        raise AuthenticationRequired(detail, headers=CHALLENGES)
    if token or basic:
        if session_id_of(token or basic):  # only the cookie carries it, so that no script ever needs to read it
            raise key_not_in_force()
        return token or basic
    session = cookie.read(headers)
    if not session_id_of(session):
        raise nothing_sent()
    if method not in SAFE_METHODS:
        cookie.check_origin(headers)
    return session


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


async def actor_of(request: Request) -> str:
    """Return the name of the caller as the audit records it."""
    return principal_of(request).actor


async def _authorise(
    request: Request,
    needed: SecurityScopes,
    _bearer: Annotated[object, Security(BEARER_SCHEME)],
    _header: Annotated[object, Security(HEADER_SCHEME)],
    _basic: Annotated[object, Security(BASIC_SCHEME)],
    _cookie: Annotated[object, Security(COOKIE_SCHEME)],
) -> None:
    """Declare the schemes, and check the scopes again. `AccessControl` has checked both before the body was read."""
    if not principal_of(request).scopes.issuperset(needed.scopes):
        raise insufficient_scope(needed.scopes)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
