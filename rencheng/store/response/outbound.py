"""Read what leased messages say, and where they go."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource
from rencheng.response.delivery.lines import Leaving
from rencheng.response.delivery.outbound import OutboundItem, OutboundMessage
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Row
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.leases import Lease
from rencheng.store.schema.delivery_tables import contact_methods, contact_secrets, dispatches
from rencheng.store.schema.suppression_tables import notices
from rencheng.store.schema.tables import warning_events


def load_outbound(
    connection: Connection, leases: Sequence[Lease], cipher: ContactCipher, public_url: str
) -> dict[str, OutboundMessage | str]:
    """Return the message of each lease by the lease's name; text instead says why it cannot be sent."""
    now = database_now(connection)
    rows = _rows(connection, leases)
    method_ids = {one.method_id for one in leases}
    of_methods = select(contact_methods).where(contact_methods.c.method_id.in_(method_ids))
    methods = {row["method_id"]: row for row in connection.execute(of_methods).mappings()}
    secrets = live_secrets(connection, method_ids, cipher)
    loaded: dict[str, OutboundMessage | str] = {}
    for one in leases:
        method = methods[one.method_id]
        try:
            address = cipher.decrypt(method["address"])
        except NotPossible as error:
            loaded[one.name] = str(error)
            continue
        items = [_item(rows[leaving.dispatch_id], leaving) for leaving in one.leaving]
        if None in items:
            loaded[one.name] = "what it is about was deleted"
            continue
        loaded[one.name] = OutboundMessage(
            one.method_id,
            ContactKind(method["kind"]),
            address,
            tuple(secrets[one.method_id]),
            frozenset(method["worlds"]),
            tuple(item for item in items if item is not None),
            now,
            method["language"],
            method["cap"],
            method["template"],
            public_url,
        )
    return loaded


def _rows(connection: Connection, leases: Sequence[Lease]) -> Mapping[Any, Row]:
    ids = [leaving.dispatch_id for one in leases for leaving in one.leaving]
    query = (
        select(
            dispatches,
            warning_events.c.document,
            warning_events.c.cap_xml,
            notices.c.text_zh,
            notices.c.text_en,
            notices.c.kind.label("notice_kind"),
            notices.c.topic,
            notices.c.issued_at,
            notices.c.in_force,
            notices.c.urgent,
            notices.c.site_ids,
            notices.c.doubt,
            notices.c.cap_xml.label("notice_cap_xml"),
        )
        .outerjoin(warning_events, warning_events.c.event_id == dispatches.c.event_id)
        .outerjoin(
            notices, (dispatches.c.source == DispatchSource.NOTICE) & (notices.c.notice_id == dispatches.c.sequence)
        )
        .where(dispatches.c.dispatch_id.in_(ids))
    )
    return {row["dispatch_id"]: row for row in connection.execute(query).mappings()}


def live_secrets(connection: Connection, method_ids: set[int], cipher: ContactCipher) -> Mapping[int, list[str]]:
    """Return the secrets of contact methods that are valid now, the newest first."""
    columns = contact_secrets.c
    query = (
        select(columns.method_id, columns.secret)
        .where(columns.method_id.in_(method_ids), or_(columns.valid_until.is_(None), columns.valid_until > func.now()))
        .order_by(columns.method_id, columns.version.desc())
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.method_id].append(cipher.decrypt(row.secret))
    return found


def _item(row: Row, leaving: Leaving) -> OutboundItem | None:
    """Return what a dispatch says; None if it was deleted."""
    source = DispatchSource(row["source"])
    zh = en = ""
    document: Mapping[str, Any] | None = row["document"]
    if source is DispatchSource.NOTICE:
        document = _notice_document(row)
        zh, en = row["text_zh"] or "", row["text_en"] or ""
    elif source is not DispatchSource.EVENT:
        content = row["content"] or {}
        document, zh, en = content.get("document", {}), content.get("zh", ""), content.get("en", "")
    if document is None:
        return None
    return OutboundItem(
        row["dispatch_id"],
        source,
        row["purpose"],
        row["world"],
        Level(row["level"]),
        row["is_end"],
        row["rank"],
        row["made_at"],
        document,
        zh,
        en,
        row["cap_xml"] or row["notice_cap_xml"],
        leaving.unseen,
    )


def _notice_document(row: Row) -> Mapping[str, Any] | None:
    if row["notice_kind"] is None:
        return None
    return {
        "kind": row["notice_kind"],
        "topic": row["topic"],
        "world": row["world"],
        "issued_at": row["issued_at"].isoformat(),
        "in_force": row["in_force"],
        "level": Level(row["level"]).word,
        "urgent": row["urgent"],
        "site_ids": list(row["site_ids"]),
        "text": {"zh": row["text_zh"], "en": row["text_en"]},
        "doubt": row["doubt"],
    }
