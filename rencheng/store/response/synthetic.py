"""Synthetic dispatches: messages to the platform itself that take the way of a real one."""

from datetime import timedelta
from secrets import token_hex
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.level import Level
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.response.delivery.dispatch import (
    SYNTHETIC_WORLD,
    ContactKind,
    Content,
    DispatchIntent,
    DispatchSource,
    DispatchState,
)
from rencheng.store.core.database import database_now
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.contacts import add_contact
from rencheng.store.response.enqueue import enqueue
from rencheng.store.schema.delivery_tables import contact_methods, dispatches, subscribers

OWNER = "rencheng-watch"
"""The subscriber of synthetic dispatches, and the last level of their topic. Names that begin so are ours."""

KEPT = timedelta(days=1)
"""How long a synthetic dispatch stays in the ledger."""

_EXPIRY = timedelta(minutes=5)

_PURPOSE = "synthetic"


def ensure_synthetic_contact(connection: Connection, cipher: ContactCipher) -> None:
    """Register the contact method of synthetic dispatches, if it is missing. Nobody else has its world."""
    if find_synthetic_contact(connection) is not None:
        return
    owner = insert(subscribers).values(subscriber_id=OWNER, owner="Rencheng 自检 self-watch")
    connection.execute(owner.on_conflict_do_nothing())
    form = ContactForm(kind=ContactKind.MQTT, address=OWNER, worlds=[SYNTHETIC_WORLD])
    add_contact(connection, {"subscriber_id": OWNER}, form, cipher)


def find_synthetic_contact(connection: Connection) -> int | None:
    """Return the contact method of synthetic dispatches; None without one."""
    columns = contact_methods.c
    query = select(columns.method_id).where(columns.subscriber_id == OWNER, columns.ended_at.is_(None))
    return connection.execute(query.limit(1)).scalar()


def enqueue_synthetic(connection: Connection, method_id: int) -> UUID:
    """Write a synthetic dispatch, and delete old ones."""
    now = database_now(connection)
    old = delete(dispatches).where(dispatches.c.world == SYNTHETIC_WORLD, dispatches.c.made_at < now - KEPT)
    connection.execute(old)
    name = f"synthetic-{token_hex(8)}"
    intent = DispatchIntent(
        method_id=method_id,
        world=SYNTHETIC_WORLD,
        source=DispatchSource.SELF,
        source_id=name,
        purpose=_PURPOSE,
        level=Level.RED,
        line=name,
        sequence=0,
        due_at=now,
        expires_at=now + _EXPIRY,
        content=Content(zh="自检消息", en="Self-watch message.", document={"kind": _PURPOSE}),
    )
    enqueue(connection, [intent])
    return intent.dispatch_id


def is_sent(connection: Connection, dispatch_id: UUID) -> bool:
    """Return whether a dispatch was accepted by its receiver."""
    query = select(func.count()).where(
        dispatches.c.dispatch_id == dispatch_id, dispatches.c.state == DispatchState.SENT.value
    )
    return connection.execute(query).scalar_one() == 1
