"""An exercise reaches nobody of another world, changes nothing of it, and goes without a trace."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from rencheng.domain.level import Level
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.store.exercises import OF_WORLD, clear_exercise
from rencheng.store.response.contacts import add_contact
from rencheng.store.response.decided import dispatch_decided
from rencheng.store.response.leases import lease
from rencheng.store.schema.metadata import metadata
from tests.support.calls import clear_calls, look_at_calls, put_on_duty
from tests.support.decisions import CIPHER, decide, empty_ledger, open_sites, subscribe

DRILL = "drillx"

OUTSIDE_WORLDS = {"contact_methods", "audit", "worlds", "sites", "devices"}
"""Tables that an exercise does not empty by a column `world`: contacts name several, the others are cleared apart."""


@pytest.fixture
def both(database: Engine) -> Iterator[Engine]:
    clear_calls(database)
    empty_ledger(database)
    open_sites(database, "S1")
    open_sites(database, "D1", world=DRILL)
    put_on_duty(database)
    subscribe(database, "hook", "webhook", "http://127.0.0.1/a", wants_notices=True)
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET region = '370102'"))
        for kind, address in (("webhook", "http://127.0.0.1/d"), ("sms", "13900000000")):
            form = ContactForm.model_validate({"kind": kind, "address": address, "worlds": [DRILL]})
            add_contact(connection, {"subscriber_id": "hook"}, form, CIPHER)
    yield database
    with database.begin() as connection:
        clear_exercise(connection, DRILL)


def test_every_table_of_a_world_is_emptied_with_its_exercise() -> None:
    """By the schema, so that a new table cannot be forgotten."""
    cleared = {table.name for table in OF_WORLD}
    for _ in metadata.tables:  # what goes with a row goes too
        cleared |= {
            table.name
            for table in metadata.tables.values()
            for key in table.foreign_keys
            if key.column.table.name in cleared | {"sites", "devices"} and key.ondelete == "CASCADE"
        }
    with_world = {table.name for table in metadata.tables.values() if "world" in table.c}
    assert with_world - cleared - OUTSIDE_WORLDS == set(), "add it to OF_WORLD of rencheng/store/exercises.py"


def test_a_message_of_another_world_can_be_neither_written_nor_leased(both: Engine) -> None:
    with both.begin() as connection:
        hook = connection.execute(text("SELECT min(method_id) FROM contact_methods WHERE kind = 'webhook'")).scalar()
    insert = text(
        "INSERT INTO dispatches (dispatch_id, method_id, world, source, source_id, purpose, line, sequence, level,"
        " due_at, expires_at) VALUES (gen_random_uuid(), :method, :world, 'test', 't', 'test', 't', 1, 1, now(), now())"
    )
    with pytest.raises(IntegrityError, match="does not serve the world"), both.begin() as connection:
        connection.execute(insert, {"method": hook, "world": DRILL})
    with both.begin() as connection:
        connection.execute(insert, {"method": hook, "world": "actual"})
        connection.execute(text("UPDATE contact_methods SET worlds = '{other}' WHERE method_id = :m"), {"m": hook})
    with pytest.raises(IntegrityError, match="does not serve the world"), both.begin() as connection:
        connection.execute(text("UPDATE dispatches SET state = 'leased', lease_owner = 'x', lease_until = now()"))
    with both.begin() as connection:  # the service strikes it instead
        assert lease(connection, "x", free=9) == []
        assert connection.execute(text("SELECT state FROM dispatches")).scalar() == "cancelled"


def test_an_exercise_changes_nothing_of_the_actual_world_and_leaves_nothing(both: Engine) -> None:
    decide(both, "S1", 1, Level.RED)
    _go_on(both)
    before = _rows(both)
    assert {"dispatches", "calls", "attempts"} <= before.keys()
    for sequence, level in enumerate((Level.YELLOW, Level.RED, Level.RED), 1):
        decide(both, "D1", sequence, level, world=DRILL, ends=sequence == 3)
        _go_on(both)
    with both.begin() as connection:
        assert _mentions(connection) >= {"dispatches", "calls", "warnings", "call_events"}
        assert _rows_of(connection) == before
        clear_exercise(connection, DRILL)
        assert _mentions(connection) == set()
        assert _rows_of(connection) == before


def _go_on(database: Engine) -> None:
    """Make dispatches, calls and attempts of what is due in the drill; what is due in the actual world waits."""
    with database.begin() as connection:
        dispatch_decided(connection)
    look_at_calls(database)
    with database.begin() as connection:
        lease(connection, "x", free=99)


def _rows(database: Engine) -> dict[str, str]:
    with database.connect() as connection:
        return _rows_of(connection)


def _rows_of(connection: Connection) -> dict[str, str]:
    """Return a hash of each table's rows that do not belong to the drill."""
    found = {}
    for name in sorted(metadata.tables.keys() - {"audit"}):
        query = f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} AS t"
        where = f" WHERE NOT ({_of_drill(name)})"
        if (digest := connection.execute(text(query + where)).scalar()) is not None:
            found[name] = digest
    return found


def _mentions(connection: Connection) -> set[str]:
    """Return the tables with a row of the drill."""
    tables = metadata.tables.keys() - {"audit", "contact_methods"}
    return {
        name
        for name in tables
        if connection.execute(text(f"SELECT EXISTS (SELECT FROM {name} AS t WHERE {_of_drill(name)})")).scalar()
    }


def _of_drill(name: str) -> str:
    """Return a condition: a row that names the drill, its site, or a dispatch of it."""
    own = f"t::text LIKE '%{DRILL}%' OR t::text LIKE '%D1%'"
    if name == "attempts":
        own += f" OR dispatch_id IN (SELECT dispatch_id FROM dispatches WHERE world = '{DRILL}')"
    if name == "deliveries":
        own += " OR event_id IN (SELECT event_id FROM warning_events WHERE warning_id LIKE 'D1%')"
    return own
