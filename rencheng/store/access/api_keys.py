"""API keys with scopes. The secret is shown once and stored only as a hash."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.schema.tables import api_keys

PREFIX = "rck"
"""Marks a token as a key of this platform, so that secret scanners can find it."""

LIFETIME_DAYS = 365
"""The days until a new key expires, unless another time is given."""

LAST_USE_EVERY = timedelta(minutes=1)
"""The last use of a key is written at most this often, because a write per request would cost more than the request."""

_KEY_ID_BYTES = 8
_SECRET_BYTES = 32
"""256 bits from the system's generator, in base64url."""

_USABLE = (api_keys.c.revoked_at.is_(None), or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now()))

_NO_SUCH_KEY = hashlib.sha256(b"").digest()


class KeyScope(StrEnum):
    """A permission of a key. No scope implies another: a key has exactly the scopes that it lists."""

    TELEMETRY_READ = "telemetry:read"
    """Read devices, sites, readings, history and counts."""
    WARNINGS_READ = "warnings:read"
    """Read warnings, their messages and CAP documents."""
    OPERATE = "operate"
    """Change sites and their thresholds, silences and maintenance windows."""
    WEATHER_WRITE = "weather:write"
    """Submit rain signals, forecasts and nowcasts."""
    DEVICES_WRITE = "devices:write"
    """Register, change and retire devices, and set their passwords."""
    QUARANTINE_REPLAY = "quarantine:replay"
    """Correct and replay quarantined messages."""
    CONTACTS_WRITE = "contacts:write"
    """Read and change people who can be called, subscribers and their contact methods; read and repeat dispatches."""
    ROSTERS_WRITE = "rosters:write"
    """Read and change rosters, policies of calls, and response plans."""
    PLANS_APPROVE = "plans:approve"
    """Approve policies of calls and response plans that somebody else made."""
    RECEIPTS_WRITE = "receipts:write"
    """Report that a provider delivered a message. For gateways of SMS and voice."""
    REPLIES_WRITE = "replies:write"
    """Report replies to calls by SMS and key presses. For gateways of SMS and voice."""
    RESPOND = "respond"
    """Read calls and tasks, record answers and reports, call more people, end calls, pass shifts on, check tasks."""
    RESPONSE_DECLARE = "response:declare"
    """Declare, adjust, decline and end responses of a region, with a key of a person."""
    COMMAND_REQUEST = "command:request"
    """Read commands to devices, ask for them and withdraw them. What protects is then sent at once."""
    COMMAND_APPROVE = "command:approve"
    """Approve and refuse commands that others asked for. Approving needs the key of a person."""
    ADMIN = "admin"
    """Read raw payloads in quarantine and the audit log; list, make and revoke keys."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret.

    Attributes:
        reach: the regions and worlds that it is bound to.
        made_by: who made it; None before this was kept.
        last_used_at: at most a minute before its last use; None if it was never used.
        person_id: the person who uses it and signs with it; None of a program or an office.
    """

    key_id: str
    name: str
    scopes: frozenset[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    reach: Reach = EVERYWHERE
    made_by: str | None = None
    last_used_at: datetime | None = None
    person_id: str | None = None


def create(
    connection: Connection,
    name: str,
    scopes: Iterable[KeyScope],
    expires_at: datetime | None = None,
    *,
    reach: Reach = EVERYWHERE,
    made_by: str | None = None,
    person_id: str | None = None,
) -> str:
    """Create a key and return its token, `rck_<key id>_<secret>`. The token cannot be shown again."""
    key_id, secret = secrets.token_hex(_KEY_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute(
        insert(api_keys).values(
            key_id=key_id,
            secret_hash=_hash(secret),
            name=name,
            scopes=sorted(scope.value for scope in set(scopes)),
            expires_at=expires_at,
            regions=sorted(set(reach.regions)),
            worlds=sorted(set(reach.worlds)),
            made_by=made_by,
            person_id=person_id,
        )
    )
    return f"{PREFIX}_{key_id}_{secret}"


def key_id_of(token: str) -> str:
    """Return the part of a token that names its key. It is no secret; a token of another form has none."""
    prefix, _, rest = token.partition("_")
    key_id, _, _ = rest.partition("_")
    is_named = prefix == PREFIX and key_id.isalnum() and key_id.isascii() and len(key_id) == 2 * _KEY_ID_BYTES
    return key_id if is_named else ""


def verify(connection: Connection, token: str) -> Key | None:
    """Return the key of a token; None if the token is unknown, wrong, expired or revoked. One query."""
    key_id, secret = key_id_of(token), "_".join(token.split("_")[2:])
    if not key_id:
        return None
    row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id, *_USABLE)).mappings().one_or_none()
    # compare in constant time, and also without such a key
    matches = hmac.compare_digest(_hash(secret), row["secret_hash"] if row else _NO_SUCH_KEY)
    return _as_key(row) if row and matches else None


def find_key(connection: Connection, key_id: str) -> Key | None:
    """Return a key, also an expired or revoked one; None if there is none."""
    row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).mappings().one_or_none()
    return _as_key(row) if row else None


def note_use(connection: Connection, key_id: str) -> None:
    """Write that the key was used now, unless its last use was written within `LAST_USE_EVERY`."""
    is_due = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= func.now() - LAST_USE_EVERY)
    query = update(api_keys).where(api_keys.c.key_id == key_id, is_due)
    connection.execute(query.values(last_used_at=func.now()))


def in_force(connection: Connection, key_ids: Iterable[str]) -> frozenset[str]:
    """Return the keys among these that are neither expired nor revoked."""
    query = select(api_keys.c.key_id).where(api_keys.c.key_id.in_(list(key_ids)), *_USABLE)
    return frozenset(connection.execute(query).scalars())


def revoke(connection: Connection, key_id: str) -> bool:
    """Revoke a key. Return False if no such key is in force."""
    query = update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=func.now())).rowcount == 1


def list_keys(connection: Connection) -> list[Key]:
    """Return all keys, also expired and revoked ones, the oldest first."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    return [_as_key(row) for row in connection.execute(query).mappings()]


def _hash(secret: str) -> bytes:
    """Hash a secret. A fast hash is enough, because 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def _as_key(row: RowMapping) -> Key:
    # a scope of a newer version is left out, because it grants nothing here
    known = frozenset(KeyScope(scope) for scope in row["scopes"] if scope in set(KeyScope))
    return Key(
        row["key_id"],
        row["name"],
        known,
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
        Reach(tuple(row["regions"]), tuple(row["worlds"])),
        row["made_by"],
        row["last_used_at"],
        row["person_id"],
    )
