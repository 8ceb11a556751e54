"""The number of ingest writers that the operator requested."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.schema.account_tables import ingest_writers

WRITERS_MAX = 16


def writer_count(connection: Connection) -> int | None:
    """Return the requested number; None without a request.

    Raises:
        StoreUnavailable: the schema does not exist yet.
    """
    try:
        return connection.execute(select(ingest_writers.c.wanted)).scalar_one_or_none()
    except ProgrammingError as error:
        raise StoreUnavailable("the database has no schema yet; `rencheng db upgrade` makes it") from error


def set_writer_count(connection: Connection, number: int) -> None:
    """Request a number of writers, 1 to `WRITERS_MAX`. Ingest follows within two seconds."""
    statement = insert(ingest_writers).values(one=True, wanted=number)
    connection.execute(statement.on_conflict_do_update(index_elements=["one"], set_={"wanted": number}))
