"""Receipts of providers: a message was delivered, read, or could not be delivered. Their order means nothing."""

from datetime import datetime

from sqlalchemy import Connection, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.response.delivery.dispatch import DELIVERED_RANK, READ_RANK, SENT_RANK, DispatchState
from rencheng.store.schema.delivery_tables import dispatches, receipts

RANKS = {"delivered": DELIVERED_RANK, "read": READ_RANK, "undelivered": 0}
"""The ranks of the statuses. A rank only rises."""


def record_receipt(
    connection: Connection, provider: str, provider_ref: str, status: str, their_time: datetime | None
) -> bool:
    """Write a receipt; a repetition changes nothing. Return whether a dispatch changed."""
    rank = RANKS[status]
    values = {"provider": provider, "provider_ref": provider_ref, "status": status, "rank": rank}
    added = insert(receipts).values(their_time=their_time, **values).on_conflict_do_nothing()
    if connection.execute(added).rowcount == 0:
        return False
    columns = dispatches.c
    query = update(dispatches).where(columns.provider_ref == provider_ref)
    if rank:
        settled = columns.state.in_(["sent", "delivered", "doubtful", "failed"])
        changed = query.where(columns.rank < rank, settled).values(rank=rank, state=status)
    else:
        undelivered = columns.state.in_(["sent", "doubtful"]), columns.rank <= SENT_RANK
        reason = "the provider could not deliver it"
        changed = query.where(*undelivered).values(state=DispatchState.FAILED.value, reason=reason)
    return connection.execute(changed).rowcount > 0
