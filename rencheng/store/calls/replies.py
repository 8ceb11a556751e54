"""Replies of gateways, the codes in messages that they name, and the contact methods that they come from."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.response.calls.call import CallState
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource
from rencheng.store.calls.answers import LINK_LASTS
from rencheng.store.schema.answer_tables import replies, reply_codes
from rencheng.store.schema.call_tables import calls, people
from rencheng.store.schema.delivery_tables import contact_methods, dispatches

_FIRST_CODE, _CODES = 1000, 9000
_TRIES = 50


class AskedFor(NamedTuple):
    """What a reply answers: one ask of one round."""

    warning_id: str
    round: int
    ask: int
    code: str | None = None


class ReplyingMethod(NamedTuple):
    """The contact method from which a reply came."""

    method_id: int
    person_id: str
    kind: ContactKind
    shown: str
    worlds: tuple[str, ...]


def make_reply_code(connection: Connection, person_id: str, asked: AskedFor) -> str | None:
    """Make a code for an ask that the person has for no other one; None if there is none left."""
    values = {"person_id": person_id, "warning_id": asked.warning_id, "round": asked.round, "ask": asked.ask}
    for _ in range(_TRIES):
        code = str(_FIRST_CODE + secrets.randbelow(_CODES))
        query = insert(reply_codes).values(code=code, expires_at=func.now() + LINK_LASTS, **values)
        if connection.execute(query.on_conflict_do_nothing().returning(reply_codes.c.code)).first() is not None:
            return code
    return None


def note_reply(connection: Connection, provider: str, ref: str) -> bool:
    """Write that a reply came. Return False if it came before."""
    query = insert(replies).values(provider=provider, reply_ref=ref, result="")
    added = query.on_conflict_do_nothing().returning(replies.c.reply_ref)
    return connection.execute(added).first() is not None


def note_result(connection: Connection, provider: str, ref: str, method_id: int | None, result: str) -> None:
    """Write what became of a reply."""
    query = update(replies).where(replies.c.provider == provider, replies.c.reply_ref == ref)
    connection.execute(query.values(method_id=method_id, result=result))


def find_method(connection: Connection, hashes: Sequence[bytes]) -> ReplyingMethod | None:
    """Return the proven contact method of an active person with one of these hashes of a number."""
    columns = contact_methods.c
    query = (
        select(columns.method_id, columns.person_id, columns.kind, columns.shown, columns.worlds)
        .join(people, people.c.person_id == columns.person_id)
        .where(columns.address_hash.in_(hashes), columns.ended_at.is_(None), columns.verified_at.is_not(None))
        .where(people.c.active)
        .order_by(columns.kind)  # sms before voice, so that the reply can be answered
    )
    row = connection.execute(query.limit(1)).one_or_none()
    return row and ReplyingMethod(row.method_id, row.person_id, ContactKind(row.kind), row.shown, tuple(row.worlds))


def find_by_code(connection: Connection, person_id: str, code: str) -> AskedFor | None:
    """Return what a person was asked under a code."""
    columns = reply_codes.c
    query = select(columns.warning_id, columns.round, columns.ask, columns.code)
    query = query.where(columns.person_id == person_id, columns.code == code, columns.expires_at > func.now())
    row = connection.execute(query).one_or_none()
    return row and AskedFor(*row)


def find_by_message(connection: Connection, person_id: str, message_ref: str) -> AskedFor | None:
    """Return what a person was asked in a message, by its id or the provider's name of it."""
    columns = dispatches.c
    query = (
        select(columns.warning_id, columns.round, columns.source_id)
        .join(contact_methods, contact_methods.c.method_id == columns.method_id)
        .where(columns.source == DispatchSource.CALL, contact_methods.c.person_id == person_id)
        .where(or_(columns.provider_ref == message_ref, cast(columns.dispatch_id, Text) == message_ref))
        .where(columns.warning_id.is_not(None))
    )
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None or not (ask := row.source_id.rpartition("/")[2]).isdecimal():
        return None
    return AskedFor(row.warning_id, row.round, int(ask))


def open_asks(connection: Connection, person_id: str) -> list[AskedFor]:
    """Return the newest ask of a person for each call that is open."""
    columns = reply_codes.c
    query = (
        select(columns.warning_id, columns.round, columns.ask, columns.code)
        .join(calls, calls.c.warning_id == columns.warning_id)
        .where(columns.person_id == person_id, columns.expires_at > func.now(), calls.c.state != CallState.ENDED)
        .order_by(columns.warning_id, columns.round, columns.ask)
    )
    return list({row.warning_id: AskedFor(*row) for row in connection.execute(query)}.values())


def delete_old_replies(connection: Connection, before: datetime) -> None:
    """Delete codes that expired, and replies that came, before a time."""
    connection.execute(delete(reply_codes).where(reply_codes.c.expires_at < before))
    connection.execute(delete(replies).where(replies.c.received_at < before))
