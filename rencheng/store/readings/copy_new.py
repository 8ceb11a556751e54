"""Readings in, the short way: COPY straight into their table, as long as none of them is there yet.

Half the work of the long way for the database, and no temporary table to empty, which is most of what a small batch
costs. Almost every batch holds only what is new; one that does not is written again, by `readings.write`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import Connection

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.reading import Reading
from rencheng.store.core.errors import is_unavailable
from rencheng.store.readings.row_mapping import READING_TABLES, ReadingTable, since_2000_us

_Driver = psycopg.Connection[tuple[Any, ...]]
_DeviceRows = tuple[Sequence[Reading], datetime]

SLOW_PATH_MAX = 64


class FastPathBackoff:
    """Whether the short way is worth a try: each that fails costs a batch written twice, and rows for VACUUM.

    After a failure one batch goes the long way, after the next failure two, then four, up to `LONG_WAYS_MAX`: two
    copies of a gateway, which repeat everything, then cost hardly more than without a short way.
    """

    def __init__(self) -> None:
        self._long_ways = 0
        self._after_failure = 1

    def should_try(self) -> bool:
        """Ask once before each batch."""
        if not self._long_ways:
            return True
        self._long_ways -= 1
        return False

    def record_success(self) -> None:
        """All readings of a batch were new."""
        self._after_failure = 1

    def record_failure(self) -> None:
        """One of them was not, or was refused."""
        self._long_ways = self._after_failure
        self._after_failure = min(2 * self._after_failure, SLOW_PATH_MAX)


def copy_new(connection: Connection, messages: Iterable[_DeviceRows]) -> bool:
    """Store the readings of messages, of which none is stored yet: all of them or none.

    Args:
        connection: whose transaction, if it has begun, has changed nothing yet.
        messages: the readings of each, of one type, and when it reached us (UTC).

    Returns:
        False if one of them is known, comes twice, or is refused: then roll back.

    Raises:
        StoreUnavailable: for the server's sake; the transaction is then to be given up.
    """
    if not connection.in_transaction():
        connection.begin()  # else a commit would not know that there is something
    driver = cast("_Driver", connection.connection.driver_connection)
    of_shape: dict[ReadingTable, list[_DeviceRows]] = defaultdict(list)
    for said in messages:
        if said[0]:
            of_shape[READING_TABLES[type(said[0][0])]].append(said)
    try:
        for shape in READING_TABLES.values():
            if shape in of_shape:
                _copy(driver, shape, of_shape[shape])
    except (psycopg.Error, UnicodeError, OverflowError) as error:  # the latter two before the row is sent
        if is_unavailable(error):
            raise StoreUnavailable(str(error).strip()) from error
        return False
    return True


def _copy(driver: _Driver, shape: ReadingTable, messages: list[_DeviceRows]) -> None:
    """Rows go out as they are made, so that the server writes the first while we make the next."""
    messages.sort(key=_device)  # so that two workers that share keys seldom wait for each other
    received_at, received_us = None, 0
    row = shape.row
    with driver.cursor() as cursor, cursor.copy(shape.copy_new) as copy:
        copy.set_types(shape.types)
        write_row = copy.write_row
        for readings, at in messages:
            if at is not received_at:  # many arrive together
                received_at, received_us = at, since_2000_us(at)
            for reading in readings:
                write_row(row(reading, received_us))


def _device(said: _DeviceRows) -> str:
    return said[0][0].device_id
