"""Open the database, and translate its errors."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import psycopg
from sqlalchemy import Connection, Engine, create_engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.driver import driver_of
from rencheng.store.core.errors import is_unavailable

__all__ = ["Connection", "Engine", "database_now", "open_database", "pipelined", "translate_errors"]

CONNECT_TIMEOUT_S = 5

# Both sides detect a dead connection within half a minute: this process, so that work continues and NOTIFY messages are
# not missed; and the server, so that an abandoned transaction holds no locks.
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
_OPTIONS = {
    "timezone": "UTC",
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "lock_timeout": "30s",
}


def open_database(url: str, *, name: str, connections_max: int = 5) -> Engine:
    """Return an engine for a `postgresql+psycopg://` URL. `name` is shown in pg_stat_activity.

    Connections are tested before use, so that a restarted server causes a reconnection and no error.
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
            **_KEEPALIVE,
        },
    )


def database_now(connection: Connection) -> datetime:
    """Return the time of the database's clock."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def discard(connection: Connection) -> None:
    """Close a connection without returning it to the pool."""
    with suppress(SQLAlchemyError):
        connection.invalidate()
    with suppress(SQLAlchemyError):
        connection.close()


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Send the statements of the block together, because a round trip costs more than a statement.

    For statements without a result. An error is raised at the end of the block, and later statements are not executed.
    """
    with driver_of(connection).pipeline():
        yield


def async_commit(connection: Connection) -> None:
    """Commit this transaction without waiting for the disk. A crash of the server may lose it, but never a part of it.

    For data that can be found or computed again.
    """
    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise `StoreUnavailable` for a failure of the server or an exhausted pool. Errors about a row pass unchanged.

    Errors of the driver are included, because COPY, LISTEN and NOTIFY bypass SQLAlchemy.
    """
    try:
        yield
    except PoolExhausted as error:
        raise StoreUnavailable("all connections to the database are busy") from error
    except (DBAPIError, psycopg.Error) as error:
        if is_unavailable(error):
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise StoreUnavailable(str(cause).strip()) from error
        raise
