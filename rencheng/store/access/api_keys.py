"""Who may ask: keys with scopes. The secret is shown once and kept only as a hash."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from rencheng.store.schema.tables import api_keys

PREFIX = "rck"
"""Marks a token as one of ours, so that scanners of leaked secrets can find it."""

_KEY_ID_BYTES = 8
_SECRET_BYTES = 32
"""256 bits from the system's generator, in base64url."""

_USABLE = (api_keys.c.revoked_at.is_(None), or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now()))

_NO_SUCH_KEY = hashlib.sha256(b"").digest()


class KeyScope(StrEnum):
    """What a key may do. None implies another: a key can do what it lists and nothing else."""

    TELEMETRY_READ = "telemetry:read"
    """Devices, sites, readings, history and counts."""
    WARNINGS_READ = "warnings:read"
    """Warnings, their messages and CAP documents."""
    OPERATE = "operate"
    """What an operator changes: sites and their thresholds, silences and maintenance."""
    WEATHER_WRITE = "weather:write"
    """Hand in what the weather service says: rain signals and forecasts."""
    DEVICES_WRITE = "devices:write"
    """The register of devices: who may speak, and with which password."""
    QUARANTINE_REPLAY = "quarantine:replay"
    """To mend and replay what was refused, which makes stored readings of it."""
    ADMIN = "admin"
    """What is kept from ordinary readers: raw payloads in quarantine, and who did what."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown: all but its secret."""

    key_id: str
    name: str
    scopes: frozenset[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def create(connection: Connection, name: str, scopes: Iterable[KeyScope], expires_at: datetime | None = None) -> str:
    """Make a key and return its token, `rck_<key id>_<secret>`. It cannot be shown again."""
    key_id, secret = secrets.token_hex(_KEY_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute(
        insert(api_keys).values(
            key_id=key_id,
            secret_hash=_hash(secret),
            name=name,
            scopes=sorted(scope.value for scope in set(scopes)),
            expires_at=expires_at,
        )
    )
    return f"{PREFIX}_{key_id}_{secret}"


def verify(connection: Connection, token: str) -> Key | None:
    """The key that a token belongs to; None if it is unknown, wrong, expired or revoked. One query."""
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not key_id.isalnum() or not key_id.isascii():
        return None
    row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id, *_USABLE)).mappings().one_or_none()
    # compared in constant time, and also when there is no such key
    matches = hmac.compare_digest(_hash(secret), row["secret_hash"] if row else _NO_SUCH_KEY)
    return _as_key(row) if row and matches else None


def in_force(connection: Connection, key_ids: Iterable[str]) -> frozenset[str]:
    """Those of some keys that are neither expired nor revoked."""
    query = select(api_keys.c.key_id).where(api_keys.c.key_id.in_(list(key_ids)), *_USABLE)
    return frozenset(connection.execute(query).scalars())


def revoke(connection: Connection, key_id: str) -> bool:
    """Refuse a key from now on. False if there is no such key in force."""
    query = update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=func.now())).rowcount == 1


def list_keys(connection: Connection) -> list[Key]:
    """All keys, also expired and revoked ones, oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    return [_as_key(row) for row in connection.execute(query).mappings()]


def _hash(secret: str) -> bytes:
    """A fast hash is enough: slow ones protect guessable passwords, and 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def _as_key(row: RowMapping) -> Key:
    # a scope that a newer version knew is left out: it gives no right here
    known = frozenset(KeyScope(scope) for scope in row["scopes"] if scope in set(KeyScope))
    return Key(row["key_id"], row["name"], known, row["created_at"], row["expires_at"], row["revoked_at"])
