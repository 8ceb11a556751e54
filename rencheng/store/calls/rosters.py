"""Rosters with their shifts and overrides."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or_change

from rencheng.response.calls.roster import Handover, Roster, Shift
from rencheng.store.schema.answer_tables import handovers
from rencheng.store.schema.call_tables import overrides, rosters, shifts


def save_roster(connection: Connection, roster: Roster, made_by: str) -> None:
    """Add or change a roster. Its shifts are replaced; its overrides stay."""
    values = {
        "role": roster.role,
        "region": roster.region,
        "site_id": roster.site_id,
        "zone": roster.zone,
        "ranks": roster.ranks,
    }
    query = insert_or_change(rosters).values(roster_id=roster.roster_id, made_by=made_by, **values)
    connection.execute(query.on_conflict_do_update(index_elements=["roster_id"], set_=values))
    connection.execute(delete(shifts).where(shifts.c.roster_id == roster.roster_id))
    if roster.shifts:
        connection.execute(insert(shifts), [_row(roster.roster_id, shift) for shift in roster.shifts])


def delete_roster(connection: Connection, roster_id: str) -> bool:
    """Delete a roster with everything in it. Return whether there was one."""
    return connection.execute(delete(rosters).where(rosters.c.roster_id == roster_id)).rowcount == 1


def add_override(connection: Connection, roster_id: str, period: Shift, reason: str, made_by: str) -> int:
    """Add an override; the last one that includes a time wins. Return its number."""
    values = _row(roster_id, period) | {"reason": reason, "made_by": made_by}
    query = insert(overrides).values(values).returning(overrides.c.override_id)
    number: int = connection.execute(query).scalar_one()
    return number


def find_override(connection: Connection, roster_id: str, period: Shift, reason: str) -> int | None:
    """Return the number of an override that is the same in everything."""
    same = [overrides.c[name] == value for name, value in _row(roster_id, period).items()]
    query = select(overrides.c.override_id).where(*same, overrides.c.reason == reason)
    number: int | None = connection.execute(query.order_by(overrides.c.override_id.desc()).limit(1)).scalar()
    return number


def has_rosters(connection: Connection) -> bool:
    """Return whether there is any roster."""
    return connection.execute(select(rosters.c.roster_id).limit(1)).first() is not None


def load_rosters(
    connection: Connection,
    *,
    roster_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Roster]:
    """Return one roster, or all.

    Args:
        connection: the database.
        roster_id: the one roster.
        since: periods that ended before are left out.
        until: periods that begin later are left out.
    """
    query = select(rosters).order_by(rosters.c.roster_id)
    if roster_id is not None:
        query = query.where(rosters.c.roster_id == roster_id)
    rows = connection.execute(query).mappings().all()
    names = [row["roster_id"] for row in rows]
    planned = _periods(connection, shifts, names, since, until)
    replacing = _periods(connection, overrides, names, since, until)
    offered = _handovers(connection, names, since)
    return [
        Roster(
            row["roster_id"],
            row["role"],
            row["region"],
            row["site_id"],
            row["zone"],
            row["ranks"],
            planned.get(row["roster_id"], ()),
            replacing.get(row["roster_id"], ()),
            offered.get(row["roster_id"], ()),
        )
        for row in rows
    ]


def _periods(
    connection: Connection, table: Table, roster_ids: list[str], since: datetime | None, until: datetime | None
) -> Mapping[str, tuple[Shift, ...]]:
    [key] = table.primary_key.columns
    query = select(table).where(table.c.roster_id.in_(roster_ids)).order_by(key)
    if since is not None:
        query = query.where(table.c.ends_at > since)
    if until is not None:
        query = query.where(table.c.begins_at <= until)
    found: dict[str, list[Shift]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.roster_id].append(Shift(row.rank, row.person_id, row.begins_at, row.ends_at))
    return {name: tuple(periods) for name, periods in found.items()}


def _handovers(
    connection: Connection, roster_ids: list[str], since: datetime | None
) -> Mapping[str, tuple[Handover, ...]]:
    query = select(handovers).where(handovers.c.roster_id.in_(roster_ids)).order_by(handovers.c.handover_id)
    if since is not None:
        query = query.where(or_(handovers.c.ended_at.is_(None), handovers.c.ended_at > since))
    found: dict[str, list[Handover]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.roster_id].append(Handover(row.rank, row.from_person, row.to_person, row.offered_at, row.ended_at))
    return {name: tuple(offers) for name, offers in found.items()}


def _row(roster_id: str, shift: Shift) -> dict[str, object]:
    return {
        "roster_id": roster_id,
        "rank": shift.rank,
        "person_id": shift.person_id,
        "begins_at": shift.begins_at,
        "ends_at": shift.ends_at,
    }
