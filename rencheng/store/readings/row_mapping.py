"""How each kind of reading lies in its table, and the statements that write it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, DateTime, Double, Integer, SmallInteger, Table, Text
from sqlalchemy.types import TypeEngine

from rencheng.domain.kind import Kind
from rencheng.domain.reading import MeterValue, Reading, SignalEvent, WaterReading
from rencheng.store.schema.tables import meter_values, signal_events, waterlogging_readings

_ATTENDANT = ("quality", "received_at")
"""Columns that we add. They are no part of what the device said, so they make no conflict."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_WIRE: dict[type[TypeEngine[Any]], str] = {
    DateTime: "int8",  # a timestamptz travels as microseconds since 2000, which psycopg would count out far slower
    Text: "text",
    Double: "float8",
    SmallInteger: "int2",
    Integer: "int4",
    BigInteger: "int8",
}
_BYTES = {"int2": 2, "int4": 4, "int8": 8}


class ReadingTable:
    """A table of readings: its kind, how a reading becomes a key and a row, and its SQL.

    Rows travel in PostgreSQL's binary form, at a third of the cost of text to us and to the server.

    Attributes:
        key_of: the natural key of a reading.
        types: how the columns of a row travel, as psycopg names types.
        copy_new: takes rows straight into the table.
        stage: makes the temporary table that a batch is copied into; it empties itself at each commit.
        empty, copy_in: empty the staging table within a transaction, and fill it with rows behind their ordinals.
        merge: inserts what is new, in the order given, and returns the ordinals of what was not.
        compare: of these ordinals, whether the stored row says the same.
    """

    def __init__(self, kind: Kind, table: Table) -> None:
        key = [column.name for column in table.primary_key]
        values = [column.name for column in table.columns if column.name not in {*key, *_ATTENDANT}]
        columns = _listed([*key, *values, *_ATTENDANT])
        name, staging = table.name, f"staging_{table.name}"

        self.kind = kind
        self.table = table
        self.key_of: Callable[[Reading], tuple[Any, ...]] = attrgetter(*key)
        self._names = [*key, *values, "quality"]
        self._columns: Callable[[Reading], tuple[Any, ...]] = attrgetter(*key, *values, "quality")
        self._time = key.index("time")
        self.types = [_WIRE[type(table.c[name].type)] for name in [*key, *values, *_ATTENDANT]]
        widths = enumerate(_BYTES.get(of, 0) for of in self.types[:-1])
        self._limits = [(at, 2 ** (8 * width - 1)) for at, width in widths if width and at != self._time]
        self.create_staging = (
            f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS"
            f" SELECT 0 AS ordinal, {columns} FROM {name} WITH NO DATA"
        )
        self.copy_new = f"COPY {name} ({columns}) FROM STDIN (FORMAT binary)"
        self.empty_staging = f"DELETE FROM {staging}"
        self.copy_to_staging = f"COPY {staging} (ordinal, {columns}) FROM STDIN (FORMAT binary)"
        self.merge = (
            f"WITH stored AS (INSERT INTO {name} ({columns}) SELECT {columns} FROM {staging} ORDER BY ordinal"
            f" ON CONFLICT DO NOTHING RETURNING {_listed(key)})"
            f" SELECT s.ordinal FROM {staging} s"
            f" WHERE NOT EXISTS (SELECT FROM stored WHERE {_matched(key, 'stored', 's')})"
        )
        self.compare = (
            f"SELECT s.ordinal, {_same(values, 's', 't')}"
            f" FROM {staging} s JOIN {name} t ON {_matched(key, 's', 't')} WHERE s.ordinal = ANY(%s)"
        )

    def row(self, reading: Reading, received_us: int) -> list[Any]:
        """The columns of a reading, each as `types` says; `received_us` as of `since_2000_us`.

        Raises:
            OverflowError: an integer is too large for its column. psycopg would cut it to size without a word.
        """
        row = list(self._columns(reading))
        for at, limit in self._limits:
            if (number := row[at]) is not None and not -limit <= number < limit:
                raise OverflowError(f"{number} is out of range for {self._names[at]}")
        row[self._time] = since_2000_us(row[self._time])
        row.append(received_us)
        return row


def since_2000_us(time: datetime) -> int:
    """Microseconds since 2000, as PostgreSQL counts them."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _listed(columns: Iterable[str], alias: str = "") -> str:
    return ", ".join(f"{alias}.{column}" if alias else column for column in columns)


def _matched(columns: Iterable[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)


def _same(columns: list[str], left: str, right: str) -> str:
    if not columns:  # an event is all key, and PostgreSQL compares no empty rows
        return "true"
    return f"ROW({_listed(columns, left)}) IS NOT DISTINCT FROM ROW({_listed(columns, right)})"


READING_TABLES: dict[type[Reading], ReadingTable] = {
    # always in this order, so that two workers that share keys cannot wait for each other
    WaterReading: ReadingTable(Kind.WATERLOGGING, waterlogging_readings),
    SignalEvent: ReadingTable(Kind.SIGNAL, signal_events),
    MeterValue: ReadingTable(Kind.CHARGING, meter_values),
}
