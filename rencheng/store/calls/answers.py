"""Answers of people, and the links by which they answer."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from rencheng.domain.level import Level
from rencheng.response.calls.call import AnswerKind
from rencheng.store.core.sessions import Row
from rencheng.store.schema.call_tables import acknowledgements, answer_links

LINK_LASTS = timedelta(hours=2)
"""How long a link can be used. Proposal."""

_TOKEN_BYTES = 16
"""128 bits from the system's generator."""

_ROWS_MAX = 1000


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as it was given.

    Attributes:
        ask: the number of the ask that it answers, from 1; 0 if the person was not asked.
        via: the way: `link`, `api`, `command`.
        recorded_by: who recorded it.
    """

    warning_id: str
    person_id: str
    kind: AnswerKind
    round: int
    ask: int
    via: str
    recorded_by: str
    note: str = ""


def first_refusal(connection: Connection, given: GivenAnswer) -> str | None:
    """Return what the first answer of this kind to this ask had as its refusal; None if there was none yet."""
    query = select(acknowledgements.c.refusal).where(
        acknowledgements.c.warning_id == given.warning_id,
        acknowledgements.c.person_id == given.person_id,
        acknowledgements.c.round == given.round,
        acknowledgements.c.ask == given.ask,
        acknowledgements.c.kind == given.kind.value,
    )
    refusal: str | None = connection.execute(query).scalar()
    return refusal


def record_answer(connection: Connection, given: GivenAnswer, level: Level, refusal: str) -> None:
    """Record an answer, also one that changed nothing."""
    connection.execute(
        insert(acknowledgements).values(
            warning_id=given.warning_id,
            person_id=given.person_id,
            round=given.round,
            ask=given.ask,
            kind=given.kind.value,
            level_seen=int(level),
            via=given.via,
            recorded_by=given.recorded_by,
            note=given.note,
            refusal=refusal,
        )
    )


def answers_of_call(connection: Connection, warning_id: str) -> list[Row]:
    """Return the answers to a call, the oldest first."""
    query = select(acknowledgements).where(acknowledgements.c.warning_id == warning_id)
    return list(connection.execute(query.order_by(acknowledgements.c.at)).mappings())


def make_link(connection: Connection, warning_id: str, person_id: str, round_: int, ask: int) -> str:
    """Make a link for one ask. Return its token; only a hash of it is stored."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    values = {"warning_id": warning_id, "person_id": person_id, "round": round_, "ask": ask}
    expires_at = func.now() + LINK_LASTS
    connection.execute(insert(answer_links).values(token_hash=_hash(token), expires_at=expires_at, **values))
    return token


def find_link(connection: Connection, token: str) -> Row | None:
    """Return the link of a token, unless it has expired."""
    query = select(answer_links).where(answer_links.c.token_hash == _hash(token))
    return connection.execute(query.where(answer_links.c.expires_at > func.now())).mappings().one_or_none()


def delete_expired_links(connection: Connection, before: datetime) -> int:
    """Delete links that expired before a time. Return their number."""
    old = select(answer_links.c.token_hash).where(answer_links.c.expires_at < before).limit(_ROWS_MAX)
    return connection.execute(delete(answer_links).where(answer_links.c.token_hash.in_(old))).rowcount


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
