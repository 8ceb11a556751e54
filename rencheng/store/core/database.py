"""Open the database, and put its errors into our words."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import cast

import psycopg
from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.errors import is_unavailable

__all__ = ["Connection", "Engine", "database_now", "open_database", "pipelined", "translate_errors"]

CONNECT_TIMEOUT_S = 5

# A line that went dead without a word is noticed within half a minute: by us, so that work goes on and news (NOTIFY) is
# not waited for in vain; and by the server, so that a transaction of ours that nobody will end holds no locks.
_LISTEN_FOR_LIFE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
_OPTIONS = {
    "timezone": "UTC",
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "lock_timeout": "30s",
}


def open_database(url: str, *, name: str, connections_max: int = 5) -> Engine:
    """An engine on a `postgresql+psycopg://` URL. `name` shows in pg_stat_activity.

    Connections are tested before use, so that a restarted server costs a reconnection and no error.
    """
    return create_engine(
        url,
        pool_size=connections_max,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": name,
            "options": " ".join(f"-c {setting}={value}" for setting, value in _OPTIONS.items()),
            **_LISTEN_FOR_LIFE,
        },
    )


def database_now(connection: Connection) -> datetime:
    """What the database's clock says."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def discard(connection: Connection) -> None:
    """Close a connection for good, dead or alive: it does not go back into the pool."""
    with suppress(SQLAlchemyError):
        connection.invalidate()
    with suppress(SQLAlchemyError):
        connection.close()


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Statements within it are sent together, and answered together: each trip to a server costs more than a statement.

    For statements whose rows nobody wants. An error of one is raised at the end, and what follows it is not done.
    """
    with cast("psycopg.Connection[object]", connection.connection.driver_connection).pipeline():
        yield


def async_commit(connection: Connection) -> None:
    """Let this transaction's commit not wait for the disk: a crash of the server may lose it, but never a part of it.

    For what is found again, or done again, without harm.
    """
    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn an error of the server into `StoreUnavailable`; errors for a row's sake pass as they are.

    The driver's own errors count too: what goes past SQLAlchemy (COPY, LISTEN, NOTIFY) raises them bare.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        if is_unavailable(error):
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StoreUnavailable(str(cause).strip()) from error
        raise
