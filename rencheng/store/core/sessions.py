"""Transactions for those who answer questions: read-only by default, with an end to patience, errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine, RowMapping, event
from sqlalchemy.exc import TimeoutError as PoolExhausted

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.database import open_database, translate_errors

__all__ = ["Connection", "Database", "Row"]

Row = RowMapping
"""What a question returns where no class of ours says more: values by the names of their columns."""

STATEMENT_TIMEOUT_S = 15
"""No question may keep the server busy for longer; the asker is told to come back with a smaller one."""


class _Driver(Protocol):
    def execute(self, query: str) -> object: ...
    def commit(self) -> None: ...


class Database:
    """A pool of connections. It connects when first asked, so that a service starts while the database is away."""

    def __init__(self, url: str, *, name: str, connections_max: int = 10) -> None:
        self._engine = open_database(url, name=name, connections_max=connections_max)
        _limit_statements(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction in which the server refuses to write.

        Raises:
            StoreUnavailable: the database is away, too busy, or had to give the question up.
        """
        with _translate_errors(), self._engine.connect() as connection:
            # ends in a rollback: nothing was written
            yield connection.execution_options(postgresql_readonly=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at its end.

        Raises:
            StoreUnavailable: as for `read`.
        """
        with _translate_errors(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        with translate_errors():
            yield
    except PoolExhausted as error:
        raise StoreUnavailable("all connections to the database are busy") from error


def _limit_statements(engine: Engine) -> None:
    """Once a connection, so that no question pays for it."""

    @event.listens_for(engine, "connect")
    def limit(driver: _Driver, _record: object) -> None:
        driver.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
        driver.commit()
