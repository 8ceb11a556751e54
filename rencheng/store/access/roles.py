"""Roles of people: permissions within regions and worlds, up to a level and until a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, update

from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.schema.identity_tables import role_assignments


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role that a person has.

    Attributes:
        reach: the regions and worlds in which it holds.
        up_to: the highest level that the person approves with it; None: any.
        until: when it ends by itself; None: never.
        assignment_id: its number; None if it comes from a group of the identity provider.
    """

    role: str
    reach: Reach = EVERYWHERE
    up_to: Level | None = None
    until: datetime | None = None
    assignment_id: int | None = None
    made_by: str | None = None
    made_at: datetime | None = None


def add_role(connection: Connection, person_id: str, role: RoleAssignment, made_by: str) -> int:
    """Give a person a role. Return the number of the assignment."""
    values = {
        "person_id": person_id,
        "role": role.role,
        "regions": sorted(set(role.reach.regions)),
        "worlds": sorted(set(role.reach.worlds)),
        "up_to": role.up_to,
        "until": role.until,
        "made_by": made_by,
    }
    query = insert(role_assignments).values(**values).returning(role_assignments.c.assignment_id)
    return int(connection.execute(query).scalar_one())


def end_role(connection: Connection, assignment_id: int, ended_by: str) -> None:
    """End an assignment."""
    query = update(role_assignments).where(role_assignments.c.assignment_id == assignment_id)
    connection.execute(query.values(ended_at=func.now(), ended_by=ended_by))


def find_role(connection: Connection, assignment_id: int) -> tuple[str, RoleAssignment] | None:
    """Return an assignment in force with its person; None if there is none."""
    query = select(role_assignments).where(role_assignments.c.assignment_id == assignment_id, _is_in_force())
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else (row["person_id"], as_assignment(row))


def roles_of(connection: Connection, person_ids: Collection[str]) -> dict[str, Sequence[RoleAssignment]]:
    """Return the roles that people have now."""
    query = select(role_assignments).where(role_assignments.c.person_id.in_(list(person_ids)), _is_in_force())
    found: dict[str, list[RoleAssignment]] = {person_id: [] for person_id in person_ids}
    for row in connection.execute(query.order_by(role_assignments.c.assignment_id)).mappings():
        found[row["person_id"]].append(as_assignment(row))
    return dict(found)


def people_with_roles(connection: Connection) -> list[str]:
    """Return the people who have a role now."""
    query = select(role_assignments.c.person_id).where(_is_in_force()).distinct()
    return sorted(connection.execute(query).scalars())


def as_assignment(row: RowMapping) -> RoleAssignment:
    """Return the assignment of a row."""
    return RoleAssignment(
        row["role"],
        Reach(tuple(row["regions"]), tuple(row["worlds"])),
        None if row["up_to"] is None else Level(row["up_to"]),
        row["until"],
        row["assignment_id"],
        row["made_by"],
        row["made_at"],
    )


def _is_in_force() -> ColumnElement[bool]:
    table = role_assignments.c
    return and_(table.ended_at.is_(None), or_(table.until.is_(None), table.until > func.now()))
