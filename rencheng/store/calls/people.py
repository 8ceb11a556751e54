"""The people who can be called."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.domain.region import code_includes, code_prefix
from rencheng.response.calls.people import Person
from rencheng.store.schema.call_tables import people


def save_person(connection: Connection, person: Person, made_by: str) -> None:
    """Add or change a person."""
    values = {
        "name": person.name,
        "organisation": person.organisation,
        "roles": list(person.roles),
        "regions": list(person.regions),
        "active": person.active,
    }
    query = insert(people).values(person_id=person.person_id, made_by=made_by, **values)
    connection.execute(query.on_conflict_do_update(index_elements=["person_id"], set_=values))


def find_people(connection: Connection, person_ids: Collection[str]) -> dict[str, Person]:
    """Return those of these people who are registered."""
    query = select(people).where(people.c.person_id.in_(list(person_ids)))
    return {row["person_id"]: as_person(row) for row in connection.execute(query).mappings()}


def find_roles(connection: Connection, person_id: str) -> tuple[str, ...] | None:
    """Return the roles of a person; None if the person is not registered. Services that see no names may ask this."""
    row = connection.execute(select(people.c.roles).where(people.c.person_id == person_id)).one_or_none()
    return None if row is None else tuple(row.roles)


def has_people(connection: Connection) -> bool:
    """Return whether anybody who can be called is registered."""
    return connection.execute(select(people.c.person_id).where(people.c.active).limit(1)).first() is not None


def standby_people(connection: Connection, region: str, roles: Sequence[str]) -> list[str]:
    """Return the active people with one of these roles in a region, in their order, the smallest region first."""
    query = select(people.c.person_id, people.c.roles, people.c.regions).where(people.c.active)
    found = []
    for row in connection.execute(query.where(people.c.roles.overlap(list(roles)))):
        sizes = [len(code_prefix(code)) for code in row.regions if code_includes(code, region)]
        if sizes:
            first = min(number for number, role in enumerate(roles) if role in row.roles)
            found.append((first, -max(sizes), row.person_id))
    return [person_id for _, _, person_id in sorted(found)]


def list_people(
    connection: Connection, *, reach: Reach = EVERYWHERE, after: str | None = None, limit: int | None = None
) -> list[Person]:
    """Return the people all of whose regions lie in a reach, by name of the register."""
    query = select(people).where(_serves_within(reach)).order_by(people.c.person_id)
    if after is not None:
        query = query.where(people.c.person_id > after)
    return [as_person(row) for row in connection.execute(query.limit(limit)).mappings()]


def _serves_within(reach: Reach) -> ColumnElement[bool]:
    if not reach.regions:
        return true()
    region = func.unnest(people.c.regions).column_valued("region")
    inside = or_(*(region.startswith(code_prefix(code), autoescape=True) for code in reach.regions))
    outside = select(region).where(~inside).correlate(people).exists()
    return ~outside & (func.cardinality(people.c.regions) > 0)


def as_person(row: RowMapping) -> Person:
    """Return the person of a row."""
    return Person(
        row["person_id"], row["name"], row["organisation"], tuple(row["roles"]), tuple(row["regions"]), row["active"]
    )
