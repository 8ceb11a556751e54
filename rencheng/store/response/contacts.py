"""Subscribers, contact methods and their secrets."""

import base64
import secrets as generator
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.store.core.sessions import Row
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.schema.delivery_tables import contact_methods, contact_secrets, subscribers

SECRET_BYTES = 32
"""Source: Standard Webhooks, 24 to 64 bytes."""

OVERLAP = timedelta(hours=24)
"""How long a replaced secret still signs. Source: practice of webhook providers."""

SHOWN = [column for column in contact_methods.c if column.name not in {"address", "address_hash"}]
"""The columns without the address."""


def save_subscriber(connection: Connection, subscriber_id: str, form: SubscriberForm) -> Row | None:
    """Write a subscriber, new or changed, and make it active. Return it as it was before; None if it is new."""
    before = find_subscriber(connection, subscriber_id, lock=True)
    values = {
        "owner": form.owner,
        "level_min": int(Level.parse(form.level_min)),
        "regions": sorted(set(form.regions)),
        "site_types": sorted({each.value for each in form.site_types}),
        "sites": sorted(set(form.sites)),
        "wants_updates": form.wants_updates,
        "wants_notices": form.wants_notices,
        "wants_platform_messages": form.wants_platform_messages,
        "active": True,
    }
    if before is None:
        connection.execute(insert(subscribers).values(subscriber_id=subscriber_id, **values))
    else:
        query = update(subscribers).where(subscribers.c.subscriber_id == subscriber_id)
        connection.execute(query.values(version=subscribers.c.version + 1, **values))
    return before


def end_subscriber(connection: Connection, subscriber_id: str) -> bool:
    """Make a subscriber inactive: it gets nothing more. Return False if there is no active one."""
    query = update(subscribers).where(subscribers.c.subscriber_id == subscriber_id, subscribers.c.active)
    return connection.execute(query.values(active=False, version=subscribers.c.version + 1)).rowcount == 1


def find_subscriber(connection: Connection, subscriber_id: str, *, lock: bool = False) -> Row | None:
    """Return a subscriber; None if there is none."""
    query = select(subscribers).where(subscribers.c.subscriber_id == subscriber_id)
    return connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def list_subscribers(connection: Connection) -> list[Row]:
    """Return all active subscribers by name."""
    query = select(subscribers).where(subscribers.c.active).order_by(subscribers.c.subscriber_id)
    return list(connection.execute(query).mappings())


def add_contact(connection: Connection, owner: Mapping[str, str], form: ContactForm, cipher: ContactCipher) -> int:
    """Write a contact method. Return its number; that of a method with the same owner and address, if there is one.

    Args:
        connection: the transaction.
        owner: `subscriber_id` or `person_id`.
        form: the method.
        cipher: encrypts the address.

    Raises:
        NotPossible: the address is in use, the method of a person shall be in the spare list, or that of a subscriber
            shall have quiet hours.
    """
    if form.spare and "subscriber_id" not in owner:
        raise NotPossible("only a subscriber's contact can be in the spare list; add the address to a subscriber")
    if form.quiet_from is not None and "person_id" not in owner:
        raise NotPossible("only a person's contact has quiet hours; a subscriber has filters")
    address_hash = cipher.hash(form.kind, form.address)
    columns = contact_methods.c
    used = select(contact_methods).where(columns.address_hash == address_hash, columns.ended_at.is_(None))
    if (known := connection.execute(used).mappings().one_or_none()) is not None:
        if all(known[name] == value for name, value in owner.items()):
            return int(known["method_id"])  # a repetition
        raise NotPossible(f"contact {known['method_id']} has this address already; end it first")
    query = insert(contact_methods).values(
        **owner,
        kind=form.kind.value,
        address=cipher.encrypt(form.address),
        address_hash=address_hash,
        shown=form.shown,
        worlds=sorted(set(form.worlds)),
        mode=form.delivery_mode,
        cap=form.cap,
        template=form.template,
        language=form.language,
        spare=form.spare,
        quiet_from=form.quiet_from,
        quiet_until=form.quiet_until,
    )
    number: int = connection.execute(query.returning(columns.method_id)).scalar_one()
    return number


def end_contact(connection: Connection, method_id: int) -> bool:
    """End a contact method for good. Return False if there is none in use."""
    query = update(contact_methods).where(
        contact_methods.c.method_id == method_id, contact_methods.c.ended_at.is_(None)
    )
    return connection.execute(query.values(ended_at=func.now())).rowcount == 1


def begin_probe(connection: Connection, method_id: int) -> None:
    """Let one test message pass to a disabled endpoint."""
    query = update(contact_methods).where(contact_methods.c.method_id == method_id)
    connection.execute(query.values(probing=contact_methods.c.disabled_at.is_not(None), retry_at=None))


def find_contact(connection: Connection, method_id: int, *, lock: bool = False) -> Row | None:
    """Return a contact method in use without its address; None if there is none."""
    query = select(*SHOWN).where(contact_methods.c.method_id == method_id, contact_methods.c.ended_at.is_(None))
    return connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def disable_contact(connection: Connection, method_id: int, why: str) -> None:
    """Send nothing more to a contact method until a test message arrives there."""
    query = update(contact_methods).where(contact_methods.c.method_id == method_id)
    connection.execute(query.values(disabled_at=func.now(), disabled_why=why, probing=False))


def list_contacts(
    connection: Connection, *, subscriber_id: str | None = None, person_id: str | None = None
) -> list[Row]:
    """Return contact methods in use without their addresses."""
    query = select(*SHOWN).where(contact_methods.c.ended_at.is_(None)).order_by(contact_methods.c.method_id)
    if subscriber_id is not None:
        query = query.where(contact_methods.c.subscriber_id == subscriber_id)
    if person_id is not None:
        query = query.where(contact_methods.c.person_id == person_id)
    return list(connection.execute(query).mappings())


def new_secret(connection: Connection, method_id: int, cipher: ContactCipher, *, at_once: bool = False) -> str:
    """Make another secret of a webhook. The one before still signs for a day, or not at all. Return the new one."""
    secret = "whsec_" + base64.b64encode(generator.token_bytes(SECRET_BYTES)).decode()
    columns = contact_secrets.c
    old = update(contact_secrets).where(columns.method_id == method_id)
    if not at_once:
        old = old.where(columns.valid_until.is_(None))
    connection.execute(old.values(valid_until=func.now() + (timedelta() if at_once else OVERLAP)))
    save_secret(connection, method_id, cipher, secret)
    return secret


def save_secret(connection: Connection, method_id: int, cipher: ContactCipher, secret: str) -> None:
    """Write a secret as the newest."""
    newest = select(func.coalesce(func.max(contact_secrets.c.version), 0) + 1)
    version: Any = newest.where(contact_secrets.c.method_id == method_id).scalar_subquery()
    values = {"method_id": method_id, "version": version, "secret": cipher.encrypt(secret)}
    connection.execute(insert(contact_secrets).values(values))


def has_own_secret(kind: ContactKind) -> bool:
    """Return whether messages of a kind are signed with a secret of ours."""
    return kind is ContactKind.WEBHOOK
