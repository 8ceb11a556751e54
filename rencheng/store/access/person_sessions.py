"""Sessions of people and of displays. The secret of a session is kept as a hash."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, func, insert, or_, select, update

from rencheng.domain.level import Level
from rencheng.domain.reach import Reach
from rencheng.store.access.roles import RoleAssignment, as_assignment
from rencheng.store.schema.call_tables import people
from rencheng.store.schema.identity_tables import person_logins, person_sessions, role_assignments

PREFIX = "rcs"
"""Marks a token as that of a session."""

SESSION = "session "
"""Begins the name of a session among credentials, which keys have as well."""

LAST_USE_EVERY = timedelta(minutes=1)
"""The last use is written at most this often, as for keys."""

KEPT_AFTER_END = timedelta(days=7)
"""How long a session stays in the list after its end. The audit log keeps it for longer. Proposal."""

_ID_BYTES, _SECRET_BYTES = 8, 32


class SessionKind(StrEnum):
    """How a session began."""

    LOCAL = "local"
    """A person signed in with a password."""
    OIDC = "oidc"
    """A person signed in at the identity provider."""
    DISPLAY = "display"
    """An administrator made it for a screen on the wall."""


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A session without its secret.

    Attributes:
        person_id: the person; None of a display.
        name: the name of the person or of the display.
        roles: all roles: those of the session, and those that the person has now.
        must_change: whether the person must set a password before anything else.
        idle_until: when it ends if it is not used; None: not for this reason.
    """

    session_id: str
    kind: SessionKind
    person_id: str | None
    name: str
    roles: Sequence[RoleAssignment]
    made_by: str
    made_at: datetime
    last_used_at: datetime
    idle_until: datetime | None
    expires_at: datetime
    must_change: bool


def create_session(
    connection: Connection,
    kind: SessionKind,
    name: str,
    *,
    person_id: str | None,
    roles: Sequence[RoleAssignment] = (),
    lasts: timedelta,
    idle: timedelta | None,
    made_by: str,
) -> str:
    """Create a session and return its token, `rcs_<session id>_<secret>`. Old sessions that have ended are deleted."""
    connection.execute(delete(person_sessions).where(person_sessions.c.expires_at < func.now() - KEPT_AFTER_END))
    session_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute(
        insert(person_sessions).values(
            session_id=session_id,
            secret_hash=_hash(secret),
            kind=kind,
            person_id=person_id,
            name=name,
            roles=[_to_json(role) for role in roles],
            made_by=made_by,
            idle_s=None if idle is None else int(idle.total_seconds()),
            expires_at=func.now() + lasts,
        )
    )
    return f"{PREFIX}_{session_id}_{secret}"


def session_id_of(token: str) -> str:
    """Return the part of a token that names its session. It is no secret; a token of another form has none."""
    prefix, _, rest = token.partition("_")
    session_id, _, _ = rest.partition("_")
    is_named = prefix == PREFIX and session_id.isascii() and session_id.isalnum()
    return session_id if is_named and len(session_id) == 2 * _ID_BYTES else ""


def verify_session(connection: Connection, token: str) -> LoginSession | None:
    """Return the session of a token; None if it is unknown, wrong, over or revoked, or its person not active."""
    session_id, secret = session_id_of(token), "_".join(token.split("_")[2:])
    if not session_id:
        return None
    query = _sessions().where(person_sessions.c.session_id == session_id)
    row = connection.execute(query).mappings().first()
    # compare in constant time, and also without such a session
    matches = hmac.compare_digest(_hash(secret), row["secret_hash"] if row else _hash(""))
    if row is None or not matches:
        return None
    return _as_session(connection, row)


def note_session_use(connection: Connection, session_id: str) -> None:
    """Write that the session was used now, unless its last use was written within `LAST_USE_EVERY`."""
    table = person_sessions.c
    is_due = table.last_used_at <= func.now() - LAST_USE_EVERY
    query = update(person_sessions).where(table.session_id == session_id, is_due)
    connection.execute(query.values(last_used_at=func.now()))


def sessions_in_force(connection: Connection, session_ids: Iterable[str]) -> frozenset[str]:
    """Return the sessions among these that are still in force."""
    query = select(person_sessions.c.session_id).select_from(person_sessions)
    query = query.outerjoin(people, people.c.person_id == person_sessions.c.person_id)
    query = query.where(person_sessions.c.session_id.in_(list(session_ids)), _in_force())
    return frozenset(connection.execute(query).scalars())


def list_sessions(connection: Connection, *, person_id: str | None = None) -> list[LoginSession]:
    """Return the sessions in force, of one person or of all, the newest first."""
    query = _sessions()
    if person_id is not None:
        query = query.where(person_sessions.c.person_id == person_id)
    rows = connection.execute(query.order_by(person_sessions.c.made_at.desc())).mappings().all()
    return [_as_session(connection, row) for row in rows]


def find_session(connection: Connection, session_id: str) -> LoginSession | None:
    """Return a session in force; None if there is none."""
    query = _sessions().where(person_sessions.c.session_id == session_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else _as_session(connection, row)


def revoke_session(connection: Connection, session_id: str) -> bool:
    """Revoke a session. Return False if no such session is in force."""
    query = update(person_sessions).where(person_sessions.c.session_id == session_id)
    query = query.where(person_sessions.c.revoked_at.is_(None)).values(revoked_at=func.now())
    return connection.execute(query).rowcount == 1


def revoke_sessions(connection: Connection, *, person_id: str, except_id: str | None = None) -> int:
    """Revoke the sessions of a person, but for one. Return their number."""
    table = person_sessions.c
    query = update(person_sessions).where(table.person_id == person_id, table.revoked_at.is_(None))
    if except_id is not None:
        query = query.where(table.session_id != except_id)
    return connection.execute(query.values(revoked_at=func.now())).rowcount


def _sessions() -> Select[Any]:
    """Return the query of the sessions in force."""
    query = select(person_sessions, people.c.name.label("person_name"), person_logins.c.must_change)
    logins = person_logins.c.person_id == person_sessions.c.person_id
    query = query.select_from(person_sessions).outerjoin(people, people.c.person_id == person_sessions.c.person_id)
    return query.outerjoin(person_logins, logins).where(_in_force())


def _in_force() -> ColumnElement[bool]:
    table = person_sessions.c
    is_idle = table.last_used_at + func.make_interval(0, 0, 0, 0, 0, 0, table.idle_s) <= func.now()
    return and_(
        table.revoked_at.is_(None),
        table.expires_at > func.now(),
        or_(table.idle_s.is_(None), ~is_idle),
        or_(table.person_id.is_(None), people.c.active),
    )


def _as_session(connection: Connection, row: RowMapping) -> LoginSession:
    own = [_of_json(each) for each in row["roles"]]
    if row["person_id"] is not None:
        query = select(role_assignments).where(role_assignments.c.person_id == row["person_id"])
        query = query.where(role_assignments.c.ended_at.is_(None)).order_by(role_assignments.c.assignment_id)
        own += [as_assignment(each) for each in connection.execute(query).mappings()]
    idle_until = None if row["idle_s"] is None else row["last_used_at"] + timedelta(seconds=row["idle_s"])
    return LoginSession(
        row["session_id"],
        SessionKind(row["kind"]),
        row["person_id"],
        row["person_name"] or row["name"],
        own,
        row["made_by"],
        row["made_at"],
        row["last_used_at"],
        idle_until,
        row["expires_at"],
        row["kind"] == SessionKind.LOCAL and bool(row["must_change"]),
    )


def _to_json(role: RoleAssignment) -> dict[str, Any]:
    return {
        "role": role.role,
        "regions": list(role.reach.regions),
        "worlds": list(role.reach.worlds),
        "up_to": role.up_to,
    }


def _of_json(stored: dict[str, Any]) -> RoleAssignment:
    up_to = stored["up_to"]
    reach = Reach(tuple(stored["regions"]), tuple(stored["worlds"]))
    return RoleAssignment(stored["role"], reach, None if up_to is None else Level(up_to))


def _hash(secret: str) -> bytes:
    """Hash a secret. A fast hash is enough, because 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()
