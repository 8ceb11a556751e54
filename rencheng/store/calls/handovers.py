"""Handovers of shifts: who leaves, who comes, and the calls that are handed over."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update

from rencheng.response.calls.forms import HandoverForm
from rencheng.store.core.sessions import Row
from rencheng.store.schema.answer_tables import handovers

_IS_OPEN = handovers.c.ended_at.is_(None)


def open_handover(connection: Connection, roster_id: str, rank: int) -> Row | None:
    """Lock and return the handover of a rank that is not accepted yet."""
    query = select(handovers).where(handovers.c.roster_id == roster_id, handovers.c.rank == rank, _IS_OPEN)
    return connection.execute(query.with_for_update()).mappings().one_or_none()


def find_handover(connection: Connection, roster_id: str, handover_id: int) -> Row | None:
    """Lock and return a handover of a roster."""
    query = select(handovers).where(handovers.c.roster_id == roster_id, handovers.c.handover_id == handover_id)
    return connection.execute(query.with_for_update()).mappings().one_or_none()


def list_handovers(connection: Connection, roster_id: str, *, limit: int) -> list[Row]:
    """Return the handovers of a roster, the newest first."""
    query = select(handovers).where(handovers.c.roster_id == roster_id)
    return list(connection.execute(query.order_by(handovers.c.handover_id.desc()).limit(limit)).mappings())


def add_handover(
    connection: Connection,
    roster_id: str,
    form: HandoverForm,
    open_calls: Sequence[str],
    offered_by: tuple[str, str | None],
) -> Row:
    """Write an offer, with who made it and the person of the key. One that is not accepted yet ends."""
    older = handovers.c.roster_id == roster_id, handovers.c.rank == form.rank, _IS_OPEN
    connection.execute(update(handovers).where(*older).values(ended_at=func.now()))
    query = insert(handovers).values(
        roster_id=roster_id,
        open_calls=list(open_calls),
        offered_by=offered_by[0],
        offering_person=offered_by[1],
        **form.model_dump(),
    )
    return connection.execute(query.returning(handovers)).mappings().one()


def note_accepted(connection: Connection, handover_id: int, open_calls: Sequence[str], accepted_by: str) -> Row:
    """Write that the person who comes accepted, and the calls that were handed over."""
    query = update(handovers).where(handovers.c.handover_id == handover_id)
    values = {"open_calls": list(open_calls), "accepted_by": accepted_by, "ended_at": func.now()}
    return connection.execute(query.values(values).returning(handovers)).mappings().one()
