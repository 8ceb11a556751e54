"""Transactions for requests: read-only by default, with a statement timeout, errors translated."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine, RowMapping, event

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.database import open_database, translate_errors
from rencheng.store.core.deadline import bound_answers

__all__ = ["Connection", "Database", "Row", "Transactions"]

Row = RowMapping
"""The result of a query without a class of its own: values by column name."""

STATEMENT_TIMEOUT_S = 15
"""The longest time that a request may keep the server busy; after it the client gets an error and can ask for less."""

ANSWER_WITHIN_S = STATEMENT_TIMEOUT_S + 3.0
"""The longest wait for an answer. It exceeds the statement timeout, so it applies only to a server that hangs."""


class _Driver(Protocol):
    def execute(self, query: str) -> object: ...
    def commit(self) -> None: ...


class Transactions(Protocol):
    """A database in which a handler reads and writes."""

    def read(self) -> AbstractContextManager[Connection]:
        """Run the block in a read-only transaction."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Run the block in a transaction that is committed at its end."""
        ...


class Database:
    """A pool of connections. It connects at the first query, so that a service starts while the database is away.

    Attributes:
        is_hanging: set by a probe of the database: no query waits or begins while it is true.
    """

    def __init__(
        self, url: str, *, name: str, connections_max: int = 10, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._engine = open_database(url, name=name, connections_max=connections_max)
        self.is_hanging = False
        bound_answers(self._engine, answer_within_s, lambda: self.is_hanging)
        _limit_statements(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run the block in a read-only transaction.

        Raises:
            StoreUnavailable: the database is away or busy, or the statement timed out.
        """
        self._reject_if_hanging()
        with translate_errors(), self._engine.connect() as connection:
            # the transaction ends in a rollback, because nothing was written
            yield connection.execution_options(postgresql_readonly=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run the block in a transaction that is committed at its end.

        Raises:
            StoreUnavailable: as for `read`.
        """
        self._reject_if_hanging()
        with translate_errors(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _reject_if_hanging(self) -> None:
        if self.is_hanging:
            raise StoreUnavailable("the database does not answer")


def _limit_statements(engine: Engine) -> None:
    """Set the timeout when a connection opens, so that no request pays for it."""

    @event.listens_for(engine, "connect")
    def limit(driver: _Driver, _record: object) -> None:
        driver.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
        driver.commit()
