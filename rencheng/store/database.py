"""Open the database, and say what happened when a commit got no answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.errors import is_unavailable

__all__ = ["Connection", "Engine", "in_our_words", "open_database", "transaction_id", "was_committed"]

CONNECT_TIMEOUT_S = 5


def open_database(url: str, *, name: str, connections_max: int = 5) -> Engine:
    """An engine on a `postgresql+psycopg://` URL. `name` shows in pg_stat_activity.

    Connections are tested before use, so that a restarted server costs a reconnection and no error.
    """
    return create_engine(
        url,
        pool_size=connections_max,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": name, "options": "-c timezone=UTC"},
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn an error of the server into `StoreUnavailable`; errors for a row's sake pass as they are."""
    try:
        yield
    except DBAPIError as error:
        if is_unavailable(error):
            raise StoreUnavailable(str(error.orig).strip()) from error
        raise


def transaction_id(connection: Connection) -> str:
    """The number by which `was_committed` can later be asked about this transaction."""
    return str(connection.execute(text("SELECT pg_current_xact_id()::text")).scalar_one())


def was_committed(connection: Connection, xid: str) -> bool:
    """Did a transaction whose commit got no answer take effect?

    Raises:
        StoreUnavailable: the server is still at it.
    """
    status = connection.execute(text("SELECT pg_xact_status(CAST(:xid AS xid8))"), {"xid": xid}).scalar_one()
    if status == "in progress":
        raise StoreUnavailable(f"transaction {xid} is not decided yet")
    return bool(status == "committed")
