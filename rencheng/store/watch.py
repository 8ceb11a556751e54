"""A copy of what the registry says, kept current by the database's own word (NOTIFY), at no query a message."""

from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.database import in_our_words
from rencheng.store.devices import has_changed, listen

T = TypeVar("T")


class Watched(Generic[T]):
    """What `load` returns, loaded anew when devices or sites have changed.

    While the database is away, the last copy goes on serving.
    """

    def __init__(self, engine: Engine, load: Callable[[Connection], T]) -> None:
        self._engine = engine
        self._load = load
        self._connection: Connection | None = None
        self._copy: T | None = None

    def current(self) -> T:
        """The newest copy.

        Raises:
            StoreUnavailable: there has never been one, and the database is away.
        """
        try:
            with in_our_words():
                self._refresh()
        except (StoreUnavailable, SQLAlchemyError):
            self.close()
            if self._copy is None:
                raise
        assert self._copy is not None  # noqa: S101 - loaded now, or before
        return self._copy

    def _refresh(self) -> None:
        if self._connection is None:
            connection = self._engine.connect()
            listen(connection)
            connection.commit()
            self._connection = connection
        elif not has_changed(self._connection) and self._copy is not None:
            return
        self._copy = self._load(self._connection)
        self._connection.commit()

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
