"""Read warning messages in the order of their ids, without gaps, for streams. `record` writes them.

An event_id is drawn at the insert and becomes visible at the commit. With two writers a lower id may become visible
after a higher one. A reader that sends every message once and in order may therefore pass an id only when no lower id
can appear any more. The highest such id is the *high-water mark*.

A trigger (migration 0002) takes a shared advisory lock before an id is drawn; the lock ends with the transaction. When
an id is visible, every transaction with a lower id either holds the lock or has ended, and what has ended is visible
to the next statement. The newest visible id becomes the high-water mark when no transaction holds the lock, or when
all transactions that held it then have ended. This requires the primary server, because a standby shows no locks.

Transaction ids cannot be used: they have another order than event ids, restart in a database restored from a dump, and
any long transaction on the server would delay warnings.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.access.person_sessions import SESSION, sessions_in_force
from rencheng.store.core.driver import driver_of
from rencheng.store.schema.tables import sites, warning_events, warnings

CHANNEL = "rencheng_warnings"
"""The NOTIFY channel for new messages."""

_NEWEST_AND_WRITERS = text("""
SELECT (SELECT max(event_id) FROM warning_events) AS newest,
       ARRAY(SELECT virtualtransaction FROM pg_locks
             WHERE locktype = 'advisory' AND classid = 7766 AND objid = 1 AND objsubid = 2
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS writers
""")
"""The newest visible id, from a snapshot taken before the locks are read, and the transactions that hold the lock."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """A message of a stream.

    Attributes:
        peak_level: the highest level of its warning up to this message.
    """

    event_id: int
    site_id: str
    region: str
    world: str
    peak_level: Level
    document: dict[str, Any]
    recorded_at: datetime


def read(connection: Connection, *, after: int, through: int, limit: int) -> Sequence[StreamEvent]:
    """Return messages with ids above `after`, up to the high-water mark `through`, in order."""
    earlier = warning_events.alias("earlier")
    peak = (
        select(func.max(earlier.c.level))
        .where(earlier.c.warning_id == warning_events.c.warning_id, earlier.c.sequence <= warning_events.c.sequence)
        .scalar_subquery()
    )
    query = (
        select(
            warning_events.c.event_id,
            warnings.c.site_id,
            sites.c.region,
            warnings.c.world,
            peak.label("peak_level"),
            warning_events.c.document,
            warning_events.c.recorded_at,
        )
        .join(warnings, warnings.c.warning_id == warning_events.c.warning_id)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(warning_events.c.event_id > after, warning_events.c.event_id <= through)
        .order_by(warning_events.c.event_id)
        .limit(limit)
    )
    return [
        StreamEvent(
            row.event_id, row.site_id, row.region, row.world, Level(row.peak_level), row.document, row.recorded_at
        )
        for row in connection.execute(query)
    ]


def newest_drawn(connection: Connection) -> int:
    """Return the highest id ever drawn, also if its row was deleted or is not committed yet."""
    drawn = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('warning_events', 'event_id')), 0)")
    return int(connection.execute(drawn).scalar_one())


class StreamTail:
    """The end of the stream: its high-water mark, and a connection that listens for new messages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._high_water_mark: int | None = None
        self._waiting: tuple[int, frozenset[str]] | None = None

    @property
    def is_waiting(self) -> bool:
        """Return whether a visible id is above the mark. Poll again soon, because a rollback sends no notification."""
        return self._waiting is not None

    def poll(self) -> int | None:
        """Return the high-water mark; None until it was known once."""
        row = self._connection.execute(_NEWEST_AND_WRITERS).one()
        newest, writers = row.newest or 0, frozenset(row.writers)
        if self._waiting is not None and not self._waiting[1] & writers:
            self._high_water_mark, self._waiting = self._waiting[0], None
        if not writers:
            self._high_water_mark, self._waiting = newest, None
        elif self._waiting is None and newest != self._high_water_mark:
            self._waiting = newest, writers
        return self._high_water_mark

    def read(self, *, after: int, through: int, limit: int) -> Sequence[StreamEvent]:
        """Return messages as `read` does, on this connection."""
        return read(self._connection, after=after, through=through, limit=limit)

    def keys_in_force(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Return the keys, and the sessions as `session <id>`, among these that are still in force."""
        sessions = {one: one.removeprefix(SESSION) for one in key_ids if one.startswith(SESSION)}
        found = sessions_in_force(self._connection, sessions.values())
        kept = {one for one, session_id in sessions.items() if session_id in found}
        return api_keys.in_force(self._connection, key_ids) | kept

    def wait(self, timeout_s: float) -> None:
        """Wait for a notification of a new message, at most for the timeout."""
        for _notification in driver_of(self._connection).notifies(timeout=timeout_s, stop_after=1):
            pass


@contextmanager
def listening(engine: Engine) -> Iterator[StreamTail]:
    """Open a tail with its own connection in autocommit mode, so that each statement sees the latest commits."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        yield StreamTail(connection)
    finally:
        with suppress(SQLAlchemyError):
            connection.invalidate()  # it listens, so it must not return to the pool
            connection.close()
