"""Write what shall be sent. An intent that was written before stays as it is."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from rencheng.response.delivery.dispatch import DispatchIntent

CHANNEL = "rencheng_response"
"""The NOTIFY channel that wakes the response service."""

_ADD = text("""
INSERT INTO dispatches (dispatch_id, method_id, world, source, source_id, purpose, round, line, sequence, warning_id,
    event_id, level, is_end, content, due_at, expires_at)
SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(dispatch_id uuid, method_id bigint, world text, source text,
    source_id text, purpose text, round integer, line text, sequence bigint, warning_id text, event_id bigint,
    level smallint, is_end boolean, content jsonb, due_at timestamptz, expires_at timestamptz)
ON CONFLICT DO NOTHING RETURNING dispatch_id
""")
"""One parameter for all rows: composing a statement with a parameter for each value took a second for 1,000 rows."""


def enqueue(connection: Connection, intents: Sequence[DispatchIntent]) -> list[UUID]:
    """Write dispatches. Return the ids of the new ones; the response service sends them once this is committed."""
    if not intents:
        return []
    rows = json.dumps([_row(intent) for intent in intents])
    added = list(connection.execute(_ADD, {"rows": rows}).scalars())
    if added:
        wake(connection)
    return added


def wake(connection: Connection) -> None:
    """Wake the response service when this transaction is committed."""
    connection.execute(text(f"NOTIFY {CHANNEL}"))


def _row(intent: DispatchIntent) -> dict[str, object]:
    content = intent.content
    return {
        "dispatch_id": str(intent.dispatch_id),
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
        "due_at": intent.due_at.isoformat(),
        "expires_at": intent.expires_at.isoformat(),
    }
