"""Logins of people by password. Passwords are kept as Argon2 hashes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.schema.call_tables import people
from rencheng.store.schema.identity_tables import person_logins


@dataclass(frozen=True, slots=True)
class PersonLogin:
    """A login.

    Attributes:
        must_change: the password was given by somebody else, and opens nothing until the person sets another.
        failures: attempts with a wrong password or code since the last success.
        locked_until: no attempt counts before this.
        second_factor: the encrypted secret; None without one.
        second_factor_on: whether a code is required.
        last_step: the time step of the newest code that was accepted.
    """

    person_id: str
    name: str
    password_hash: str
    must_change: bool
    failures: int
    locked_until: datetime | None
    second_factor: bytes | None
    second_factor_on: bool
    last_step: int


def lock_login(connection: Connection, person_id: str) -> PersonLogin | None:
    """Lock the login of an active person and return it; None if there is none. Attempts come one after another."""
    query = select(person_logins, people.c.name).join(people).where(people.c.person_id == person_id, people.c.active)
    row = connection.execute(query.with_for_update(of=person_logins)).mappings().first()
    if row is None:
        return None
    return PersonLogin(**{name: row[name] for name in PersonLogin.__dataclass_fields__})


def save_login(connection: Connection, person_id: str, password_hash: str, *, must_change: bool) -> None:
    """Set a password. One that somebody else gives also removes the second factor and the lock."""
    values = {"password_hash": password_hash, "must_change": must_change, "failures": 0, "locked_until": None}
    if must_change:
        values |= {"second_factor": None, "second_factor_on": False}
    query = insert(person_logins).values(person_id=person_id, **values)
    changed = values | {"changed_at": func.now()}
    connection.execute(query.on_conflict_do_update(index_elements=["person_id"], set_=changed))


def save_attempt(connection: Connection, person_id: str, failures: int, locked_until: datetime | None) -> None:
    """Write the number of failed attempts, and until when the login is locked."""
    query = update(person_logins).where(person_logins.c.person_id == person_id)
    connection.execute(query.values(failures=failures, locked_until=locked_until))


def save_step(connection: Connection, person_id: str, step: int) -> None:
    """Write the time step of a code that was accepted."""
    connection.execute(update(person_logins).where(person_logins.c.person_id == person_id).values(last_step=step))


def save_second_factor(connection: Connection, person_id: str, secret: bytes | None, *, is_on: bool) -> None:
    """Write the encrypted secret of the second factor, and whether it is required."""
    query = update(person_logins).where(person_logins.c.person_id == person_id)
    connection.execute(query.values(second_factor=secret, second_factor_on=is_on))


def delete_login(connection: Connection, person_id: str) -> bool:
    """Delete a login. Return False if there was none."""
    return connection.execute(delete(person_logins).where(person_logins.c.person_id == person_id)).rowcount == 1


def list_logins(connection: Connection) -> list[tuple[str, bool, bool, datetime | None]]:
    """Return the people with a login: whether the password is to be changed, whether a code is required, the lock."""
    columns = person_logins.c
    query = select(columns.person_id, columns.must_change, columns.second_factor_on, columns.locked_until)
    return [tuple(row) for row in connection.execute(query.order_by(columns.person_id))]
