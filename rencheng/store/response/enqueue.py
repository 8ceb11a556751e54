"""Write what shall be sent. An intent that was written before stays as it is."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from rencheng.response.delivery.dispatch import DispatchIntent
from rencheng.store.schema.delivery_tables import dispatches

CHANNEL = "rencheng_response"
"""The NOTIFY channel that wakes the response service."""

_ROWS_MAX = 1000
"""Rows in one statement."""


def enqueue(connection: Connection, intents: Sequence[DispatchIntent]) -> list[UUID]:
    """Write dispatches. Return the ids of the new ones; the response service sends them once this is committed."""
    added: list[UUID] = []
    for begin in range(0, len(intents), _ROWS_MAX):
        rows = [_row(intent) for intent in intents[begin : begin + _ROWS_MAX]]
        query = insert(dispatches).values(rows).on_conflict_do_nothing().returning(dispatches.c.dispatch_id)
        added += connection.execute(query).scalars()
    if added:
        wake(connection)
    return added


def wake(connection: Connection) -> None:
    """Wake the response service when this transaction is committed."""
    connection.execute(text(f"NOTIFY {CHANNEL}"))


def _row(intent: DispatchIntent) -> dict[str, object]:
    content = intent.content
    return {
        "dispatch_id": intent.dispatch_id,
        "method_id": intent.method_id,
        "world": intent.world,
        "source": intent.source.value,
        "source_id": intent.source_id,
        "purpose": intent.purpose,
        "round": intent.round,
        "line": intent.line,
        "sequence": intent.sequence,
        "warning_id": intent.warning_id,
        "event_id": intent.event_id,
        "level": int(intent.level),
        "is_end": intent.is_end,
        "content": content and {"zh": content.zh, "en": content.en, "document": dict(content.document)},
        "due_at": intent.due_at,
        "expires_at": intent.expires_at,
    }
