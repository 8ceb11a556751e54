"""Who did what, and when: written in the transaction that does it, so that neither is there without the other."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.account_tables import audit


def record(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
    """Write down what somebody did.

    Args:
        connection: the transaction in which it is done.
        actor: `key <id> (<name>)` for an API key, `shell <user>` for a command.
        action: what was done, such as `device.replace`.
        subject: to what, such as `device gauge-7`.
        detail: what a reader needs to judge it; never a secret.
    """
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, detail=dict(detail)))


def list_audit(
    connection: Connection,
    *,
    subject: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """What was done, the newest first, from the number `before` on."""
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
