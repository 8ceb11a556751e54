"""Readings in, the long way: COPY into a staging table, insert what is new, tell repetition from contradiction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event

from rencheng.domain.errors import Rejected, RejectionReason, StoreUnavailable
from rencheng.domain.reading import Reading
from rencheng.store.core.errors import is_unavailable
from rencheng.store.readings.row_mapping import READING_TABLES, ReadingTable, since_2000_us

_Driver = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ReceivedReading:
    """A reading, and when its message reached us (UTC)."""

    reading: Reading
    received_at: datetime


class WriteStatus(Enum):
    """What became of a reading that the database took or knew."""

    STORED = auto()
    DUPLICATE = auto()


RowResult = WriteStatus | Rejected
"""Stored, known already with the same values, or refused with a reason."""


def create_staging_on_connect(engine: Engine) -> None:
    """Give every connection of this engine the staging tables that `write` needs.

    Connecting then raises `StoreUnavailable` as long as the schema is not there.
    """

    @event.listens_for(engine, "connect")
    def stage(driver: _Driver, _record: object) -> None:
        try:
            for shape in READING_TABLES.values():
                driver.execute(shape.create_staging)
            # where it counts (the Community edition), a late upload among columns would be refused for ever, as "later"
            driver.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
            driver.commit()
        except psycopg.errors.UndefinedTable as error:
            driver.close()
            raise StoreUnavailable("the database has no schema yet; `rencheng db upgrade` makes it") from error


def write(connection: Connection, received: Sequence[ReceivedReading]) -> list[RowResult]:
    """Store readings and tell the fate of each, in the order given.

    One bad row never takes its neighbours along: it is found by halving, under savepoints.

    Raises:
        StoreUnavailable: for the server's sake; the transaction is then to be given up.
    """
    driver = cast("_Driver", connection.connection.driver_connection)
    if driver.info.transaction_status is TransactionStatus.IDLE:
        connection.exec_driver_sql("SELECT 1")  # begins; else each `driver.transaction` below would commit on its own
    savepoint = _Savepoint(driver)
    fates: dict[int, RowResult] = {}
    by_type: dict[type, list[int]] = defaultdict(list)
    for index, arrival in enumerate(received):
        by_type[type(arrival.reading)].append(index)
    for reading_type, shape in READING_TABLES.items():
        waiting = by_type.get(reading_type, [])
        while waiting:
            # a key goes in once a round; a repetition within the batch then meets a stored row, like any other
            first: dict[tuple[Any, ...], int] = {}
            repeated = [i for i in waiting if first.setdefault(shape.key_of(received[i].reading), i) != i]
            order = [first[key] for key in sorted(first)]
            fates.update(zip(order, _settle(driver, savepoint, shape, [received[i] for i in order]), strict=True))
            waiting = repeated
    return [fates[index] for index in range(len(received))]


class _Savepoint:
    """What a refused row is taken back to. One stands at a time, and the last one until the transaction ends.

    Each statement is a round trip, and a small batch is little else; so two or three go together, unprepared.
    """

    def __init__(self, driver: _Driver) -> None:
        self._driver = driver
        self._stands = False

    def set(self, then: str) -> None:
        """Set it anew, and say something else at the same time."""
        release = "RELEASE SAVEPOINT merge; " if self._stands else ""
        self._driver.execute(f"{release}SAVEPOINT merge; {then}".encode(), prepare=False)
        self._stands = True

    def go_back(self) -> None:
        """Undo what came after it."""
        self._driver.execute("ROLLBACK TO SAVEPOINT merge")


def _settle(
    driver: _Driver, savepoint: _Savepoint, shape: ReadingTable, arrivals: Sequence[ReceivedReading]
) -> list[RowResult]:
    """Write rows with distinct keys; halve them where the database refuses."""
    try:
        savepoint.set(shape.empty_staging)
        return _copy_and_merge(driver, shape, arrivals)
    except (psycopg.Error, UnicodeError, OverflowError) as error:  # the latter two before the row is sent
        if is_unavailable(error):
            raise StoreUnavailable(str(error).strip()) from error
        savepoint.go_back()
        if len(arrivals) == 1:
            return [Rejected(RejectionReason.STORE_REFUSED, str(error).strip().splitlines()[0])]
    middle = len(arrivals) // 2
    return [
        *_settle(driver, savepoint, shape, arrivals[:middle]),
        *_settle(driver, savepoint, shape, arrivals[middle:]),
    ]


def _copy_and_merge(driver: _Driver, shape: ReadingTable, arrivals: Sequence[ReceivedReading]) -> list[RowResult]:
    with driver.cursor() as cursor, cursor.copy(shape.copy_to_staging) as copy:
        copy.set_types(["int4", *shape.types])
        received_at, received_us = None, 0
        for ordinal, arrival in enumerate(arrivals):
            if arrival.received_at is not received_at:  # many arrive together
                received_at, received_us = arrival.received_at, since_2000_us(arrival.received_at)
            copy.write_row([ordinal, *shape.row(arrival.reading, received_us)])
    fates: list[RowResult] = [WriteStatus.STORED] * len(arrivals)
    known = [ordinal for (ordinal,) in driver.execute(shape.merge)]
    if known:
        conflict = Rejected(RejectionReason.CONFLICT, "this key is stored already, with other values")
        compared = driver.execute(shape.compare, [known]).fetchall()
        if len(compared) < len(known):  # an exercise was cleared away between the two statements
            raise StoreUnavailable("stored rows went away while they were compared")
        for ordinal, same in compared:
            fates[ordinal] = WriteStatus.DUPLICATE if same else conflict
    return fates
