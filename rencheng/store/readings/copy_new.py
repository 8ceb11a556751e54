"""The fast path: COPY readings straight into their table, as long as none of them is stored yet.

It costs the database half of the staging path (`merge.write`). Almost every batch holds only new readings; a batch that
does not is written again by the staging path.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.reading import Reading
from rencheng.store.core.driver import driver_of
from rencheng.store.core.errors import is_unavailable
from rencheng.store.readings.row_mapping import READING_TABLES, ReadingTable, since_2000_us

_Driver = psycopg.Connection[Any]
_DeviceRows = tuple[Sequence[Reading], datetime]

SLOW_PATH_MAX = 64
"""The most batches in a row that skip the fast path."""


class FastPathBackoff:
    """Whether to try the fast path. Each failure writes a batch twice and leaves rows for VACUUM.

    After a failure one batch skips the fast path, after the next failure two, then four, up to `SLOW_PATH_MAX`. So two
    copies of a gateway that repeat every reading cost hardly more than without a fast path.
    """

    def __init__(self) -> None:
        self._batches_to_skip = 0
        self._after_failure = 1

    def should_try(self) -> bool:
        """Return whether the next batch uses the fast path. Call once before each batch."""
        if not self._batches_to_skip:
            return True
        self._batches_to_skip -= 1
        return False

    def record_success(self) -> None:
        """Note that all readings of a batch were new."""
        self._after_failure = 1

    def record_failure(self) -> None:
        """Note that a batch held a known or refused reading."""
        self._batches_to_skip = self._after_failure
        self._after_failure = min(2 * self._after_failure, SLOW_PATH_MAX)


def copy_new(connection: Connection, messages: Iterable[_DeviceRows]) -> bool:
    """Store readings that are all new: all of them or none.

    Args:
        connection: its transaction, if one has begun, has changed nothing yet.
        messages: the readings of each message, of one type, and its arrival time (UTC).

    Returns:
        False if a reading is stored already, occurs twice, or is refused: then roll back.

    Raises:
        StoreUnavailable: the server failed; roll back.
    """
    if not connection.in_transaction():
        connection.begin()  # otherwise SQLAlchemy's commit would do nothing
    driver = driver_of(connection)
    by_table: dict[ReadingTable, list[_DeviceRows]] = defaultdict(list)
    for message in messages:
        if message[0]:
            by_table[READING_TABLES[type(message[0][0])]].append(message)
    try:
        for table in READING_TABLES.values():
            if table in by_table:
                _copy(driver, table, by_table[table])
    except (psycopg.Error, UnicodeError, OverflowError) as error:  # the latter two before the row is sent
        if is_unavailable(error):
            raise StoreUnavailable(str(error).strip()) from error
        return False
    return True


def _copy(driver: _Driver, table: ReadingTable, messages: list[_DeviceRows]) -> None:
    """Send rows as they are built, so that the server writes while the next are built."""
    messages.sort(key=_device)  # in one order, so that two writers with the same keys seldom wait for each other
    received_at, received_us = None, 0
    row = table.row
    with driver.cursor() as cursor, cursor.copy(table.copy_new) as copy:
        copy.set_types(table.types)
        write_row = copy.write_row
        for readings, at in messages:
            if at is not received_at:  # many messages share one arrival time
                received_at, received_us = at, since_2000_us(at)
            for reading in readings:
                write_row(row(reading, received_us))


def _device(message: _DeviceRows) -> str:
    return message[0][0].device_id
