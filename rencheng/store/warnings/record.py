"""Warnings, their messages and the deliveries of these: each written once, however often it is tried."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from rencheng.domain.outgoing import OutgoingMessage, RenderedWarning
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.store.schema.tables import deliveries, warning_events, warnings

MQTT = "mqtt"
"""The only channel: the retained warning of a site."""

_DUE = (deliveries.c.delivered_at.is_(None), deliveries.c.suppressed_by.is_(None), deliveries.c.channel == MQTT)


def record(connection: Connection, warning: RenderedWarning, *, delivered: bool) -> None:
    """Write a message and its delivery, in one statement because it is urgent.

    A message that is recorded already is left as it is.

    Args:
        connection: where to write.
        warning: the message.
        delivered: whether it was delivered already; otherwise its delivery is due, unless it is suppressed.
    """
    message = warning.message
    event = insert(warning_events).values(
        warning_id=message.warning_id,
        sequence=message.sequence,
        identifier=message.identifier,
        message_type=message.message_type.value,
        level=int(message.level),
        issued_at=message.issued_at,
        document=warning.document,
        cap_xml=warning.cap_xml,
    )
    kept = event.on_conflict_do_nothing(index_elements=["identifier"]).returning(warning_events.c.event_id).cte("event")
    delivery = {
        "event_id": kept.c.event_id,
        "channel": literal(MQTT),
        "topic": literal(warning.topic),
        "delivered_at": func.now() if delivered else null(),
        "suppressed_by": literal(warning.suppressed_by, Text),
        "trace_id": literal(warning.trace_id or None, Text),
    }
    due = insert(deliveries).from_select(list(delivery), select(*delivery.values()))
    connection.execute(due.add_cte(_kept_warning(message).cte("warning")))
    if delivered:  # an earlier commit, whose answer was lost, may have recorded it as not delivered
        mark_delivered(connection, [message.identifier])


def _kept_warning(message: WarningMessage) -> ReturningInsert[tuple[str]]:
    statement = insert(warnings).values(
        warning_id=message.warning_id,
        site_id=message.site_id,
        world=message.world,
        level=int(message.level),
        peak_level=int(message.level),
        opened_at=message.issued_at,
        updated_at=message.issued_at,
    )
    return statement.on_conflict_do_update(
        index_elements=["warning_id"],
        set_={
            "level": statement.excluded.level,
            "peak_level": func.greatest(warnings.c.peak_level, statement.excluded.level),
            "updated_at": statement.excluded.updated_at,
            "closed_at": message.issued_at if message.message_type is MessageType.CANCEL else None,
        },
    ).returning(warnings.c.warning_id)


def mark_delivered(connection: Connection, identifiers: Sequence[str]) -> None:
    """Mark messages as delivered; those that are marked already stay as they are."""
    if identifiers:
        due = update(deliveries).where(_is_one_of(identifiers), deliveries.c.delivered_at.is_(None))
        connection.execute(due.values(attempts=deliveries.c.attempts + 1, delivered_at=func.now()))


def mark_attempted(connection: Connection, identifiers: Sequence[str]) -> None:
    """Count one more attempt to deliver messages, which failed."""
    if identifiers:
        query = update(deliveries).where(_is_one_of(identifiers), deliveries.c.channel == MQTT)
        connection.execute(query.values(attempts=deliveries.c.attempts + 1))


def settle_overtaken(connection: Connection) -> int:
    """Settle each due message whose topic carries a later one already. Return how many there were.

    While the database is away, later messages are delivered unrecorded; an earlier one sent now would overwrite them.
    A settled row has the delivery time of the message that overtook it, and no attempt.
    """
    later = deliveries.alias("later")
    overtaken_at = (
        select(func.min(later.c.delivered_at))
        .where(
            later.c.topic == deliveries.c.topic,
            later.c.channel == deliveries.c.channel,
            later.c.event_id > deliveries.c.event_id,
        )
        .scalar_subquery()
    )
    query = update(deliveries).where(*_DUE)
    return connection.execute(query.where(overtaken_at.is_not(None)).values(delivered_at=overtaken_at)).rowcount


def due_deliveries(connection: Connection, *, limit: int, besides: Collection[str] = ()) -> list[OutgoingMessage]:
    """Return the messages that are due, in the order in which they were issued.

    Args:
        connection: where to read.
        limit: how many at most.
        besides: identifiers of messages to leave out.
    """
    query = (
        select(
            warning_events.c.identifier,
            deliveries.c.topic,
            warning_events.c.document,
            warning_events.c.recorded_at,
            warnings.c.site_id,
            deliveries.c.trace_id,
        )
        .join(warning_events, warning_events.c.event_id == deliveries.c.event_id)
        .join(warnings, warnings.c.warning_id == warning_events.c.warning_id)
        .where(*_DUE)
        .order_by(deliveries.c.event_id)
        .limit(limit)
    )
    if besides:
        query = query.where(warning_events.c.identifier.not_in(besides))
    return [
        OutgoingMessage(row.identifier, row.topic, row.document, row.recorded_at, row.site_id, row.trace_id or "")
        for row in connection.execute(query)
    ]


class Undelivered(NamedTuple):
    """Due messages that are not delivered: their number, and when the oldest was recorded; None without one."""

    messages: int
    oldest_at: datetime | None


def undelivered(connection: Connection) -> Undelivered:
    """Return the due messages that are not delivered, without those that MQTT can never carry."""
    query = (
        select(func.count(), func.min(warning_events.c.recorded_at))
        .select_from(deliveries)
        .join(warning_events, warning_events.c.event_id == deliveries.c.event_id)
        .where(*_DUE, deliveries.c.attempts == 0)
    )
    return Undelivered(*connection.execute(query).one())


def _is_one_of(identifiers: Sequence[str]) -> ColumnElement[bool]:
    events = select(warning_events.c.event_id).where(warning_events.c.identifier.in_(identifiers))
    return deliveries.c.event_id.in_(events)
