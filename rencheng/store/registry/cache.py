"""A copy of the registry in memory, kept current by NOTIFY, so that a message costs no query."""

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.database import discard, translate_errors
from rencheng.store.registry.notifications import RegistryChanges, listen_for_changes, pending_changes

T = TypeVar("T")


Refresh = Callable[[Connection, T, Collection[str]], T]


class RegistryCache(Generic[T]):
    """The result of `load`, loaded again when devices or sites have changed.

    While the database is away, `current` returns the last copy.

    Args:
        engine: the database.
        load: returns the whole content.
        refresh: returns a new copy from the last one and the names of the changed devices, where a whole load is slow.
    """

    def __init__(self, engine: Engine, load: Callable[[Connection], T], *, refresh: Refresh[T] | None = None) -> None:
        self._engine = engine
        self._load = load
        self._refresh_some = refresh
        self._connection: Connection | None = None
        self._copy: T | None = None

    def current(self, *, round_trip: bool = False) -> T:
        """Return the newest copy.

        Args:
            round_trip: query the server first, so that the copy includes everything committed before the call. Without
                it the latest NOTIFY may still be under way.

        Raises:
            StoreUnavailable: nothing was loaded yet, and the database is away.
        """
        try:
            with translate_errors():
                if round_trip and self._connection is not None:
                    self._connection.exec_driver_sql("SELECT 1")
                    self._connection.commit()
                self._refresh()
        except (StoreUnavailable, SQLAlchemyError):
            self.close()
            if self._copy is None:
                raise
        assert self._copy is not None  # noqa: S101 - loaded now or earlier
        return self._copy

    def _refresh(self) -> None:
        if self._connection is not None and self._copy is not None:
            changed = self._changes(self._connection)
            if changed is not None and not changed:
                return
            if changed is not None and changed.is_complete and self._refresh_some is not None:
                self._copy = self._refresh_some(self._connection, self._copy, changed.names)
                self._connection.commit()
                return
        if self._connection is None:
            connection = self._engine.connect()
            listen_for_changes(connection)
            connection.commit()  # before the first load, so that no change is missed
            self._connection = connection
        self._copy = self._load(self._connection)
        self._connection.commit()

    def _changes(self, connection: Connection) -> RegistryChanges | None:
        """Return the changes; None if the connection was lost, so that anything may have changed."""
        try:
            with translate_errors():
                return pending_changes(connection)
        except StoreUnavailable:
            self.close()
            return None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            discard(self._connection)  # it listens, so it must not return to the pool
            self._connection = None
