"""The messages of open warnings: what was delivered, what is suppressed, and the release of what was suppressed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from rencheng.domain.level import Level
from rencheng.store.schema.tables import deliveries, warning_events, warnings


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of an open warning, and whether its delivery is suppressed."""

    site_id: str
    identifier: str
    level: Level
    issued_at: datetime
    is_suppressed: bool
    document: Mapping[str, Any]
    topic: str
    trace_id: str


def sent_of_open_warnings(connection: Connection) -> list[SentMessage]:
    """Return every message of the open warnings, in the order in which they were issued."""
    query = (
        select(
            warnings.c.site_id,
            warning_events.c.identifier,
            warning_events.c.level,
            warning_events.c.issued_at,
            warning_events.c.document,
            deliveries.c.topic,
            deliveries.c.suppressed_by,
            deliveries.c.trace_id,
        )
        .join(warning_events, warning_events.c.warning_id == warnings.c.warning_id)
        .join(deliveries, deliveries.c.event_id == warning_events.c.event_id)
        .where(warnings.c.closed_at.is_(None))
        .order_by(warning_events.c.event_id)
    )
    return [
        SentMessage(
            row.site_id,
            row.identifier,
            Level(row.level),
            row.issued_at,
            row.suppressed_by is not None,
            row.document,
            row.topic,
            row.trace_id or "",
        )
        for row in connection.execute(query)
    ]


def release(connection: Connection, identifier: str, *, delivered: bool) -> bool:
    """Make a suppressed message due, or note that it was delivered already. Return False if it was never recorded."""
    of_event = select(warning_events.c.event_id).where(warning_events.c.identifier == identifier)
    values = {"suppressed_by": None} | ({"delivered_at": func.now()} if delivered else {})
    query = update(deliveries).where(deliveries.c.event_id.in_(of_event)).values(values)
    return connection.execute(query).rowcount > 0
