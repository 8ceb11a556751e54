"""Look at the ledger, and send again what failed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, func, select, update

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.response.delivery.dispatch import SYNTHETIC_WORLD, DispatchState
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.response.enqueue import wake
from rencheng.store.schema.delivery_tables import attempts, contact_methods, dispatches
from rencheng.store.schema.tables import sites, warnings

DEAD = (DispatchState.FAILED, DispatchState.EXPIRED, DispatchState.DOUBTFUL)
"""The states of dead letters."""

AGAIN_WITHIN = timedelta(hours=1)
"""How long a dispatch that is sent again may wait."""


def list_dispatches(
    connection: Connection,
    *,
    states: tuple[DispatchState, ...] = (),
    method_id: int | None = None,
    warning_id: str | None = None,
    only: UUID | None = None,
    reach: Reach = EVERYWHERE,
    before: UUID | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return dispatches with the masked address, the newest first, with ids below `before` among equal times."""
    columns = dispatches.c
    query = (
        select(dispatches, contact_methods.c.kind, contact_methods.c.shown)
        .join(contact_methods, contact_methods.c.method_id == columns.method_id)
        .order_by(columns.made_at.desc(), columns.dispatch_id.desc())
        .limit(limit)
    )
    if states:
        query = query.where(columns.state.in_([state.value for state in states]))
    if method_id is None and only is None:
        query = query.where(columns.world != SYNTHETIC_WORLD)
    if only is not None:
        query = query.where(columns.dispatch_id == only)
    if method_id is not None:
        query = query.where(columns.method_id == method_id)
    if warning_id is not None:
        query = query.where(columns.warning_id == warning_id)
    if not reach.is_everywhere:
        of_reach = (
            select(warnings.c.warning_id)
            .join(sites, sites.c.site_id == warnings.c.site_id)
            .where(within(reach, sites.c.region, warnings.c.world))
        )
        query = query.where(columns.warning_id.in_(of_reach))
    if before is not None:
        last = select(columns.made_at).where(columns.dispatch_id == before).scalar_subquery()
        query = query.where((columns.made_at < last) | ((columns.made_at == last) & (columns.dispatch_id < before)))
    return list(connection.execute(query).mappings())


def attempts_of(connection: Connection, dispatch_id: UUID) -> list[Row]:
    """Return the attempts of a dispatch in order."""
    query = select(attempts).where(attempts.c.dispatch_id == dispatch_id).order_by(attempts.c.n)
    return list(connection.execute(query).mappings())


def send_again(connection: Connection, dispatch_id: UUID) -> Row | None:
    """Make a dead letter due again, under its id. Return it as it was; None if it is no dead letter."""
    dead = dispatches.c.state.in_([state.value for state in DEAD])
    query = select(dispatches).where(dispatches.c.dispatch_id == dispatch_id, dead).with_for_update()
    before = connection.execute(query).mappings().one_or_none()
    if before is not None:
        values = {"state": DispatchState.DUE.value, "due_at": func.now(), "expires_at": func.now() + AGAIN_WITHIN}
        changed = update(dispatches).where(dispatches.c.dispatch_id == dispatch_id)
        connection.execute(changed.values(reason=None, settled_at=None, **values))
        wake(connection)
    return before
