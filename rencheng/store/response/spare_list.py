"""Read the spare list, and write what was sent from memory into the ledger."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, insert, select, text, update

from rencheng.response.delivery.dispatch import ContactKind, DispatchState
from rencheng.response.delivery.spare import SpareMethod
from rencheng.response.delivery.spare_ledger import SpareDispatch
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.decided import load_subscriptions
from rencheng.store.response.outbound import live_secrets
from rencheng.store.schema.delivery_tables import attempts, contact_methods, dispatches

_LEAD = text("SELECT pg_try_advisory_lock(7766, 3)")

_FROM_MEMORY = "memory"
"""The lease of attempts that were made without the database."""


def hold_lead(connection: Connection) -> bool:
    """Try to become the process that sends while the database is away. The lead ends with the connection."""
    found: bool = connection.execute(_LEAD).scalar_one()
    return found


def load_spare_methods(connection: Connection, cipher: ContactCipher) -> list[SpareMethod]:
    """Return the contact methods of the spare list that are in use."""
    columns = contact_methods.c
    query = select(contact_methods).where(columns.spare, columns.ended_at.is_(None), columns.disabled_at.is_(None))
    rows = {row["method_id"]: row for row in connection.execute(query).mappings()}
    if not rows:
        return []
    secrets = live_secrets(connection, set(rows), cipher)
    return [
        SpareMethod(
            one,
            ContactKind(rows[one.method_id]["kind"]),
            cipher.decrypt(rows[one.method_id]["address"]),
            tuple(secrets[one.method_id]),
            rows[one.method_id]["language"],
            rows[one.method_id]["cap"],
            rows[one.method_id]["template"],
        )
        for one in load_subscriptions(connection)
        if one.method_id in rows
    ]


def record_spare(connection: Connection, sent: Sequence[SpareDispatch]) -> list[UUID]:
    """Write what was sent from memory. Return the ids that the ledger knows now; the others have no dispatch yet.

    A dispatch that another process has sent meanwhile stays as it is.
    """
    if not sent:
        return []
    ids = [one.dispatch_id for one in sent]
    query = select(dispatches.c.dispatch_id, dispatches.c.state, dispatches.c.attempts).with_for_update()
    known = {row.dispatch_id: row for row in connection.execute(query.where(dispatches.c.dispatch_id.in_(ids)))}
    for one in sent:
        row = known.get(one.dispatch_id)
        if row is None or row.state != DispatchState.DUE:
            continue
        final = one.state is not DispatchState.DUE
        values = {
            "state": one.state.value,
            "rank": one.rank,
            "reason": one.reason or "sent from memory while the database was away",
            "attempts": row.attempts + len(one.attempts),
            "provider_ref": one.attempts[-1].result.provider_ref,
            "settled_at": one.attempts[-1].ended_at if final else None,
        }
        changed = update(dispatches).where(dispatches.c.dispatch_id == one.dispatch_id)
        connection.execute(changed.values(values))
        connection.execute(insert(attempts), _attempts(one, row.attempts))
    return list(known)


def _attempts(one: SpareDispatch, before: int) -> list[dict[str, object]]:
    return [
        {
            "dispatch_id": one.dispatch_id,
            "n": before + number,
            "method_id": one.intent.method_id,
            "lease": _FROM_MEMORY,
            "begun_at": attempt.begun_at,
            "ended_at": attempt.ended_at,
            "outcome": attempt.result.outcome.value,
            "status": attempt.result.status,
            "provider_code": attempt.result.provider_code,
            "retry_after_s": attempt.result.retry_after_s,
            "detail": attempt.result.detail[:2000] or None,
        }
        for number, attempt in enumerate(one.attempts, 1)
    ]
