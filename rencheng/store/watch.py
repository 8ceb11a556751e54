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
        if self._connection is not None and self._copy is not None and not self._has_news(self._connection):
            return
        if self._connection is None:
            connection = self._engine.connect()
            listen(connection)
            connection.commit()  # before the first look, so that no change falls between
            self._connection = connection
        self._copy = self._load(self._connection)
        self._connection.commit()

    def _has_news(self, connection: Connection) -> bool:
        """Has anything changed, or was the line lost, so that anything may have?"""
        try:
            with in_our_words():
                return has_changed(connection)
        except StoreUnavailable:
            self.close()
            return True

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()  # it listens, and must not go back into the pool
                self._connection.close()
            self._connection = None
