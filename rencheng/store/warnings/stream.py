"""Warning messages as they are committed, in order, none left out: for streams. Writing them is `warnings`.

An event_id is drawn when a row is inserted, and seen when its transaction commits; with two writers a lower one may
appear after a higher one. To tell everything once and in order, a reader may pass an id only when no lower one can
appear any more: when that id is *settled*.

A trigger (migration 0002) lets every writer hold a shared advisory lock from before it draws an id until its
transaction has ended. So, once some id is visible, whoever drew a lower one either holds the lock or has ended; and
what has ended is visible to the next statement. Ids up to the newest visible one are settled when nobody holds the
lock, or when all those have ended who held it then. This asks for the primary server: a standby does not show locks.

Not by transaction ids: numbers of transactions follow another order than event ids, begin anew in a database that was
restored from a dump, and would let any long transaction in the whole server hold warnings back.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from rencheng.domain.level import Level
from rencheng.store.access import api_keys
from rencheng.store.schema.tables import warning_events, warnings

CHANNEL = "rencheng_warnings"
"""Where the database says (NOTIFY) that something was said."""

_LOOK = text("""
SELECT (SELECT max(event_id) FROM warning_events) AS newest,
       ARRAY(SELECT virtualtransaction FROM pg_locks
             WHERE locktype = 'advisory' AND classid = 7766 AND objid = 1 AND objsubid = 2
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS speaking
""")
"""The newest visible id, by a snapshot taken before the locks are looked at; and who may have drawn a lower one."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One message as it goes into a stream.

    Attributes:
        peak_level: the highest level that its warning had reached by then.
    """

    event_id: int
    site_id: str
    world: str
    peak_level: Level
    document: dict[str, Any]


def read(connection: Connection, *, after: int, through: int, limit: int) -> Sequence[StreamEvent]:
    """Messages with ids above `after`, up to the settled id `through`, in order."""
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
            warnings.c.world,
            peak.label("peak_level"),
            warning_events.c.document,
        )
        .join(warnings, warnings.c.warning_id == warning_events.c.warning_id)
        .where(warning_events.c.event_id > after, warning_events.c.event_id <= through)
        .order_by(warning_events.c.event_id)
        .limit(limit)
    )
    return [
        StreamEvent(row.event_id, row.site_id, row.world, Level(row.peak_level), row.document)
        for row in connection.execute(query)
    ]


def newest_drawn(connection: Connection) -> int:
    """The highest id that was ever given out; also one whose row is gone, or not committed yet."""
    drawn = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('warning_events', 'event_id')), 0)")
    return int(connection.execute(drawn).scalar_one())


class StreamTail:
    """The end of the record: what is settled there, and a line on which the database says that there is more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._high_water_mark: int | None = None
        self._waiting: tuple[int, frozenset[str]] | None = None

    @property
    def is_waiting(self) -> bool:
        """Is something visible that is not settled yet? Nobody tells us when a writer gives up: look again soon."""
        return self._waiting is not None

    def poll(self) -> int | None:
        """Up to which id everything is settled; None as long as that was never known."""
        row = self._connection.execute(_LOOK).one()
        newest, speaking = row.newest or 0, frozenset(row.speaking)
        if self._waiting is not None and not self._waiting[1] & speaking:
            self._high_water_mark, self._waiting = self._waiting[0], None
        if not speaking:
            self._high_water_mark, self._waiting = newest, None
        elif self._waiting is None and newest != self._high_water_mark:
            self._waiting = newest, speaking
        return self._high_water_mark

    def read(self, *, after: int, through: int, limit: int) -> Sequence[StreamEvent]:
        """As `read`, on this line."""
        return read(self._connection, after=after, through=through, limit=limit)

    def keys_in_force(self, key_ids: Iterable[str]) -> frozenset[str]:
        """Those of some API keys that are still good."""
        return api_keys.in_force(self._connection, key_ids)

    def wait(self, timeout_s: float) -> None:
        """Until the database says that something was said; no longer than the timeout."""
        for _news in cast("_Driver", self._connection.connection.driver_connection).notifies(
            timeout=timeout_s, stop_after=1
        ):
            pass


_Driver = psycopg.Connection[Any]


@contextmanager
def listening(engine: Engine) -> Iterator[StreamTail]:
    """A tail with a connection of its own, on which each statement sees what is committed by then."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        yield StreamTail(connection)
    finally:
        with suppress(SQLAlchemyError):
            connection.invalidate()  # it listens, and must not go back into the pool
            connection.close()
