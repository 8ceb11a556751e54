"""Take in receipts of providers."""

from datetime import datetime

from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.response.receipts import record_receipt


def note_receipt(
    connection: Connection, provider: str, ref: str, status: str, their_time: datetime | None, *, actor: str
) -> bool:
    """Record a receipt. Return whether a dispatch changed."""
    changed = record_receipt(connection, provider, ref, status, their_time)
    if changed:
        detail = {"provider": provider, "status": status}
        audit.record(connection, actor, "receipt", f"provider's message {ref}", detail)
    return changed
