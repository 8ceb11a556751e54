"""The staging path: COPY readings into a staging table, insert new keys, and compare the known ones.

`docs/reference/sql/` shows the statements of each kind.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event

from rencheng.domain.errors import Rejected, RejectionReason, StoreUnavailable
from rencheng.domain.reading import Reading
from rencheng.store.core.driver import driver_of
from rencheng.store.core.errors import is_unavailable
from rencheng.store.readings.row_mapping import READING_TABLES, ReadingTable, since_2000_us

_Driver = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class ReceivedReading:
    """A reading, and the arrival time of its message (UTC)."""

    reading: Reading
    received_at: datetime


class WriteStatus(Enum):
    """The result of writing an accepted reading."""

    STORED = auto()
    DUPLICATE = auto()


RowResult = WriteStatus | Rejected
"""Stored, stored already with the same values, or rejected with a reason."""

CONFLICT = Rejected(RejectionReason.CONFLICT, "a reading with this key is stored with other values")


def create_staging_on_connect(engine: Engine) -> None:
    """Create the staging tables of `write` on every new connection of this engine.

    Connecting raises `StoreUnavailable` until the schema exists.
    """

    @event.listens_for(engine, "connect")
    def create_staging(driver: _Driver, _record: object) -> None:
        try:
            for table in READING_TABLES.values():
                driver.execute(table.create_staging)
            # on the Community edition, this limit would refuse every late upload into the columnstore
            driver.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
            driver.commit()
        except psycopg.errors.UndefinedTable as error:
            driver.close()
            raise StoreUnavailable("the database has no schema yet; `rencheng db upgrade` makes it") from error


def write(connection: Connection, received: Sequence[ReceivedReading]) -> list[RowResult]:
    """Store readings and return the result of each, in the order given.

    A refused row does not affect the others: it is found by halving, under savepoints.

    Raises:
        StoreUnavailable: the server failed; roll back.
    """
    driver = driver_of(connection)
    if driver.info.transaction_status is TransactionStatus.IDLE:
        connection.exec_driver_sql("SELECT 1")  # begin, because the driver commits each statement otherwise
    savepoint = _Savepoint(driver)
    results: dict[int, RowResult] = {}
    by_type: dict[type, list[int]] = defaultdict(list)
    for index, each in enumerate(received):
        by_type[type(each.reading)].append(index)
    for reading_type, table in READING_TABLES.items():
        remaining = by_type.get(reading_type, [])
        while remaining:
            first, repeated = _split_repeated(table, received, remaining)
            batch = [first[key] for key in sorted(first)]
            rows = [received[index] for index in batch]
            results.update(zip(batch, _attempt_or_halve(driver, savepoint, table, rows, _copy_and_merge), strict=True))
            known, unknown, remaining = _judge_repeated(table, received, results, first, repeated)
            results.update(known)
            rows = [received[index] for index in unknown]
            results.update(
                zip(unknown, _attempt_or_halve(driver, savepoint, table, rows, _copy_and_compare), strict=True)
            )
    return [results[index] for index in range(len(received))]


def _split_repeated(
    table: ReadingTable, received: Sequence[ReceivedReading], indexes: Sequence[int]
) -> tuple[dict[tuple[Any, ...], int], list[int]]:
    """Return the first index of each key, and the indexes that repeat a key."""
    first: dict[tuple[Any, ...], int] = {}
    repeated = []
    for index in indexes:
        key = table.key_of(received[index].reading)
        if key in first:
            repeated.append(index)
        else:
            first[key] = index
    return first, repeated


def _judge_repeated(
    table: ReadingTable,
    received: Sequence[ReceivedReading],
    results: Mapping[int, RowResult],
    first: Mapping[tuple[Any, ...], int],
    repeated: Sequence[int],
) -> tuple[dict[int, RowResult], list[int], list[int]]:
    """Return what follows for repetitions from the first reading of their key, without asking the database.

    A device may repeat one key thousands of times in a batch, so that each repetition must cost nothing.

    Returns:
        The results that follow, the indexes that must be compared with a stored row, and those that must be written.
    """
    known: dict[int, RowResult] = {}
    unknown, write_again = list[int](), list[int]()
    for index in repeated:
        reading = received[index].reading
        first_index = first[table.key_of(reading)]
        result = results[first_index]
        is_same = table.values_of(reading) == table.values_of(received[first_index].reading)
        if is_same:
            known[index] = WriteStatus.DUPLICATE if isinstance(result, WriteStatus) else result
        elif isinstance(result, WriteStatus) or result.reason is RejectionReason.CONFLICT:
            unknown.append(index)
        else:
            write_again.append(index)
    return known, unknown, write_again


class _Savepoint:
    """The savepoint before each attempt. At most one exists at a time.

    Each statement is a round trip, which dominates a small batch; so two or three are sent together, unprepared.
    """

    def __init__(self, driver: _Driver) -> None:
        self._driver = driver
        self._exists = False

    def set(self, then: str) -> None:
        """Replace the savepoint and execute another statement, in one round trip."""
        release = "RELEASE SAVEPOINT merge; " if self._exists else ""
        self._driver.execute(f"{release}SAVEPOINT merge; {then}".encode(), prepare=False)
        self._exists = True

    def roll_back(self) -> None:
        """Undo everything since the savepoint."""
        self._driver.execute("ROLLBACK TO SAVEPOINT merge")


_Attempt = Callable[[_Driver, ReadingTable, Sequence[ReceivedReading]], list[RowResult]]


def _attempt_or_halve(
    driver: _Driver,
    savepoint: _Savepoint,
    table: ReadingTable,
    received: Sequence[ReceivedReading],
    attempt: _Attempt,
) -> list[RowResult]:
    """Write or compare rows. Halve the batch when the database refuses a row."""
    if not received:
        return []
    try:
        savepoint.set(table.empty_staging)
        return attempt(driver, table, received)
    except (psycopg.Error, UnicodeError, OverflowError) as error:  # the latter two before the row is sent
        if is_unavailable(error):
            raise StoreUnavailable(str(error).strip()) from error
        savepoint.roll_back()
        if len(received) == 1:
            return [Rejected(RejectionReason.STORE_REFUSED, str(error).strip().splitlines()[0])]
    middle = len(received) // 2
    return [
        *_attempt_or_halve(driver, savepoint, table, received[:middle], attempt),
        *_attempt_or_halve(driver, savepoint, table, received[middle:], attempt),
    ]


def _copy_and_merge(driver: _Driver, table: ReadingTable, received: Sequence[ReceivedReading]) -> list[RowResult]:
    """Insert rows with distinct keys, and compare those whose keys are stored."""
    _copy_to_staging(driver, table, received)
    results: list[RowResult] = [WriteStatus.STORED] * len(received)
    known = [ordinal for (ordinal,) in driver.execute(table.merge)]
    return _compare(driver, table, results, known)


def _copy_and_compare(driver: _Driver, table: ReadingTable, received: Sequence[ReceivedReading]) -> list[RowResult]:
    """Compare rows whose keys are all stored. Keys may repeat."""
    _copy_to_staging(driver, table, received)
    return _compare(driver, table, [WriteStatus.DUPLICATE] * len(received), range(len(received)))


def _copy_to_staging(driver: _Driver, table: ReadingTable, received: Sequence[ReceivedReading]) -> None:
    with driver.cursor() as cursor, cursor.copy(table.copy_to_staging) as copy:
        copy.set_types(["int4", *table.types])
        received_at, received_us = None, 0
        for ordinal, each in enumerate(received):
            if each.received_at is not received_at:  # many messages share one arrival time
                received_at, received_us = each.received_at, since_2000_us(each.received_at)
            copy.write_row([ordinal, *table.row(each.reading, received_us)])


def _compare(driver: _Driver, table: ReadingTable, results: list[RowResult], known: Sequence[int]) -> list[RowResult]:
    """Return the results with those of rows whose keys are stored."""
    if known:
        compared = driver.execute(table.compare, [list(known)]).fetchall()
        if len(compared) < len(known):  # an exercise was cleared between the two statements
            raise StoreUnavailable("stored rows were deleted while they were compared")
        for ordinal, same in compared:
            results[ordinal] = WriteStatus.DUPLICATE if same else CONFLICT
    return results
