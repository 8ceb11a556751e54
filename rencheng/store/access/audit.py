"""The audit log. An entry is written in the transaction of the change, so that neither exists without the other."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import to_builtins
from sqlalchemy import Connection, insert, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.account_tables import audit


def record(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
    """Record an action.

    Args:
        connection: the transaction of the action.
        actor: `key <id> (<name>)` for an API key, `shell <user>` for a command.
        action: the name of the action, such as `device.replace`.
        subject: its object, such as `device gauge-7`.
        detail: further values for the reader, which are written as JSON; never a secret.
    """
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, detail=to_builtins(detail)))


def list_audit(
    connection: Connection,
    *,
    subject: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return audit entries, the newest first, with numbers below `before`."""
    query = select(audit).order_by(audit.c.audit_id.desc()).limit(limit)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    if action is not None:
        query = query.where(audit.c.action == action)
    if since is not None:
        query = query.where(audit.c.at >= since)
    if before is not None:
        query = query.where(audit.c.audit_id < before)
    return list(connection.execute(query).mappings())
