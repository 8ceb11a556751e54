"""Transactions for requests: read-only by default, with a statement timeout, errors translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine, RowMapping, event

from rencheng.store.core.database import open_database, translate_errors

__all__ = ["Connection", "Database", "Row"]

Row = RowMapping
"""The result of a query without a class of its own: values by column name."""

STATEMENT_TIMEOUT_S = 15
"""The longest time that a request may keep the server busy; after it the client gets an error and can ask for less."""


class _Driver(Protocol):
    def execute(self, query: str) -> object: ...
    def commit(self) -> None: ...


class Database:
    """A pool of connections. It connects at the first query, so that a service starts while the database is away."""

    def __init__(self, url: str, *, name: str, connections_max: int = 10) -> None:
        self._engine = open_database(url, name=name, connections_max=connections_max)
        _limit_statements(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run the block in a read-only transaction.

        Raises:
            StoreUnavailable: the database is away or busy, or the statement timed out.
        """
        with translate_errors(), self._engine.connect() as connection:
            # the transaction ends in a rollback, because nothing was written
            yield connection.execution_options(postgresql_readonly=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run the block in a transaction that is committed at its end.

        Raises:
            StoreUnavailable: as for `read`.
        """
        with translate_errors(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _limit_statements(engine: Engine) -> None:
    """Set the timeout when a connection opens, so that no request pays for it."""

    @event.listens_for(engine, "connect")
    def limit(driver: _Driver, _record: object) -> None:
        driver.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
        driver.commit()
