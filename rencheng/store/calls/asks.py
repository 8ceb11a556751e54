"""The messages of calls in the ledger of deliveries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, any_, func, select, text, update

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.response.calls.people import is_quiet
from rencheng.response.delivery.dispatch import ContactKind, DispatchSource, DispatchState
from rencheng.store.core.database import database_now
from rencheng.store.schema.call_tables import people
from rencheng.store.schema.delivery_tables import contact_methods, dispatches


class PersonMethod(NamedTuple):
    """A proven contact method of a person."""

    method_id: int
    kind: ContactKind


def proven_methods(
    connection: Connection, person_ids: Collection[str], world: str, level: Level
) -> Mapping[str, list[PersonMethod]]:
    """Return the contact methods of active people that were proven and may carry messages of a world and level now."""
    columns = contact_methods.c
    now = database_now(connection).astimezone(CITY_ZONE).time()
    query = (
        select(columns.person_id, columns.method_id, columns.kind, columns.quiet_from, columns.quiet_until)
        .join(people, people.c.person_id == columns.person_id)
        .where(columns.person_id.in_(list(person_ids)), people.c.active)
        .where(columns.ended_at.is_(None), columns.disabled_at.is_(None), columns.verified_at.is_not(None))
        .where(any_(columns.worlds) == world, columns.kind.in_([kind.value for kind in ContactKind]))
        .order_by(columns.method_id)
    )
    found: dict[str, list[PersonMethod]] = defaultdict(list)
    for row in connection.execute(query):
        if level is Level.RED or not is_quiet(row.quiet_from, row.quiet_until, now):
            found[row.person_id].append(PersonMethod(row.method_id, ContactKind(row.kind)))
    return found


def reachable_people(
    connection: Connection, person_ids: Collection[str], world: str, level: Level = Level.RED
) -> frozenset[str]:
    """Return who can be called. In an exercise that is everybody who is active: without methods they are simulated."""
    if world == ACTUAL:
        return frozenset(proven_methods(connection, person_ids, world, level))
    query = select(people.c.person_id).where(people.c.person_id.in_(list(person_ids)), people.c.active)
    return frozenset(connection.execute(query).scalars())


def proven_since(connection: Connection, since: datetime) -> frozenset[str]:
    """Return the people who proved a contact method since a time."""
    columns = contact_methods.c
    query = select(columns.person_id).where(columns.person_id.is_not(None), columns.ended_at.is_(None))
    newest = func.coalesce(columns.proved_at, columns.verified_at)
    return frozenset(connection.execute(query.where(newest >= since).distinct()).scalars())


def hasten_asks(connection: Connection) -> int:
    """Send at once what waits for a later channel of people, of which everything that was sent failed."""
    return connection.execute(_HASTEN).rowcount


_HASTEN = text("""
UPDATE dispatches AS d SET due_at = now() FROM contact_methods AS m, calls AS c
WHERE d.state = 'due' AND d.source = 'call' AND d.due_at > now() AND d.attempts = 0
    AND m.method_id = d.method_id AND m.person_id IS NOT NULL
    AND c.warning_id = d.warning_id AND c.round = d.round AND c.state = 'calling'
    AND (SELECT coalesce(bool_and(e.state IN ('failed', 'expired')), false) FROM dispatches AS e
        JOIN contact_methods AS n ON n.method_id = e.method_id AND n.person_id = m.person_id
        WHERE e.warning_id = d.warning_id AND e.round = d.round AND e.source = 'call'
            AND NOT (e.state = 'due' AND e.due_at > now() AND e.attempts = 0))
""")


def cancel_asks(connection: Connection, warning_id: str, person_id: str | None) -> int:
    """Cancel what is due of a call: for one person, or for all. Return the number of messages."""
    query = update(dispatches).where(
        dispatches.c.warning_id == warning_id,
        dispatches.c.source == DispatchSource.CALL,
        dispatches.c.state == DispatchState.DUE,
    )
    if person_id is not None:
        own = select(contact_methods.c.method_id).where(contact_methods.c.person_id == person_id)
        query = query.where(dispatches.c.method_id.in_(own))
    values = {"state": DispatchState.CANCELLED.value, "reason": "answered or over", "settled_at": func.now()}
    return connection.execute(query.values(values)).rowcount


class LostContact(NamedTuple):
    """A person who waits in a call, and who could not be sent any message."""

    warning_id: str
    person_id: str
    round: int


def lost_contacts(connection: Connection, warning_id: str | None = None) -> list[LostContact]:
    """Return the people of one call, or of all, of which every message failed."""
    rows = connection.execute(_LOST, {"warning": warning_id})
    return [LostContact(row.warning_id, row.person_id, row.round) for row in rows]


_LOST = text("""
SELECT d.warning_id, m.person_id, d.round FROM calls AS c
JOIN dispatches AS d ON d.warning_id = c.warning_id AND d.source = 'call' AND d.round = c.round
JOIN contact_methods AS m ON m.method_id = d.method_id
WHERE c.state = 'calling' AND m.person_id IS NOT NULL AND (CAST(:warning AS text) IS NULL OR c.warning_id = :warning)
    AND jsonb_path_exists(c.document, '$.targets[*] ? (@.person_id == $person && @.state == 0)',
        jsonb_build_object('person', m.person_id))
GROUP BY d.warning_id, m.person_id, d.round
HAVING bool_and(d.state IN ('failed', 'expired'))
""")
