"""Warnings and what was said under them: written once, whatever is tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Text, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.store.schema.tables import deliveries, warning_events, warnings

MQTT = "mqtt"
"""The one channel so far: the retained warning of a site."""

_DUE = (deliveries.c.delivered_at.is_(None), deliveries.c.suppressed_by.is_(None), deliveries.c.channel == MQTT)


@dataclass(frozen=True, slots=True)
class RenderedWarning:
    """A message with its outer forms, and where on MQTT it is retained."""

    message: WarningMessage
    document: Mapping[str, object]
    cap_xml: str
    topic: str
    suppressed_by: str | None = None
    """Why storm control holds its delivery back; None if it does not."""


def record(connection: Connection, said: RenderedWarning, *, delivered: bool) -> None:
    """Keep a message and its delivery, due unless it has been delivered already; in one statement, for it is urgent.

    A message that is kept already is left as it is.
    """
    message = said.message
    event = insert(warning_events).values(
        warning_id=message.warning_id,
        sequence=message.sequence,
        identifier=message.identifier,
        message_type=message.message_type.value,
        level=int(message.level),
        issued_at=message.issued_at,
        document=said.document,
        cap_xml=said.cap_xml,
    )
    kept = event.on_conflict_do_nothing(index_elements=["identifier"]).returning(warning_events.c.event_id).cte("event")
    delivery = {
        "event_id": kept.c.event_id,
        "channel": literal(MQTT),
        "topic": literal(said.topic),
        "delivered_at": func.now() if delivered else null(),
        "suppressed_by": literal(said.suppressed_by, Text),
    }
    due = insert(deliveries).from_select(list(delivery), select(*delivery.values()))
    connection.execute(due.add_cte(_kept_warning(message).cte("warning")))
    if delivered:  # it may be kept already, by a commit whose answer was lost, and have been sent since
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
    """Note that messages which were due have come through; what was so before stays as it was."""
    events = select(warning_events.c.event_id).where(warning_events.c.identifier.in_(identifiers))
    due = update(deliveries).where(deliveries.c.event_id.in_(events), deliveries.c.delivered_at.is_(None))
    connection.execute(due.values(attempts=deliveries.c.attempts + 1, delivered_at=func.now()))


def settle_overtaken(connection: Connection) -> int:
    """Strike from what is due each message whose topic carries a later one already; how many that were.

    While the database was away, later messages went out directly; the earlier one now would overwrite them. A row that
    was settled so has a time of delivery and no attempt: the time of the message that overtook it.
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


def due_deliveries(connection: Connection, *, limit: int) -> Sequence[tuple[int, str, dict[str, object]]]:
    """(event_id, topic, document) of what is still to be delivered, in the order in which it was said."""
    query = (
        select(deliveries.c.event_id, deliveries.c.topic, warning_events.c.document)
        .join(warning_events, warning_events.c.event_id == deliveries.c.event_id)
        .where(*_DUE)
        .order_by(deliveries.c.event_id)
        .limit(limit)
    )
    return [(row.event_id, row.topic, row.document) for row in connection.execute(query)]


def mark_attempt(connection: Connection, event_id: int, *, delivered: bool) -> None:
    """Note that a delivery was tried, and whether it came through."""
    query = update(deliveries).where(deliveries.c.event_id == event_id, deliveries.c.channel == MQTT)
    connection.execute(query.values(attempts=deliveries.c.attempts + 1, delivered_at=func.now() if delivered else None))
