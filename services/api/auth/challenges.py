"""Refusals of requests that are not authenticated, or not permitted, with their challenges (RFC 6750)."""

from collections.abc import Iterable

from rencheng.runtime.metrics.api import REJECTED_KEYS
from services.api.http.errors import AuthenticationRequired, InsufficientScope

REALM = 'Bearer realm="rencheng"'

BASIC = 'Basic realm="rencheng", charset="UTF-8"'
"""Offered to browsers and feed readers, which cannot send the other two and ask their user for a password."""

CHALLENGES = {"WWW-Authenticate": f"{REALM}, {BASIC}"}


def insufficient_scope(needed: Iterable[str]) -> InsufficientScope:
    """Return the error for a caller without a scope."""
    REJECTED_KEYS.labels("insufficient_scope").inc()
    listed = " ".join(needed)
    challenge = f'{REALM}, error="insufficient_scope", scope="{listed}"'
    return InsufficientScope(f"This request requires the scope {listed}.", headers={"WWW-Authenticate": challenge})


def key_not_in_force() -> AuthenticationRequired:
    """Return the error for a key or a session that is unknown, expired or revoked."""
    REJECTED_KEYS.labels("invalid").inc()
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token", {BASIC}'}
    return AuthenticationRequired("The key or the session is unknown, expired or revoked.", headers=headers)


def nothing_sent() -> AuthenticationRequired:
    """Return the error for a request without a key or a session."""
    REJECTED_KEYS.labels("missing").inc()
    detail = "Sign in, or send a key: `Authorization: Bearer rck_…`, `X-API-Key: rck_…`, or the password of HTTP Basic."
    return AuthenticationRequired(detail, headers=CHALLENGES)
