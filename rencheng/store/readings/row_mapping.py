"""The table of each kind of reading, the form of its rows, and the statements that write them.

The statements are built once, at import. `docs/reference/sql/` holds their text, and a test compares the two.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, DateTime, Double, Integer, SmallInteger, Table, Text
from sqlalchemy.types import TypeEngine

from rencheng.domain.kind import Kind
from rencheng.domain.reading import MeterValue, Reading, SignalEvent, WaterReading
from rencheng.store.schema.tables import meter_values, signal_events, waterlogging_readings

_ADDED = ("quality", "received_at")
"""Columns that ingest adds. The device does not report them, so they cause no conflict."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_WIRE: dict[type[TypeEngine[Any]], str] = {
    DateTime: "int8",  # microseconds since 2000: psycopg's own conversion of a timestamptz is much slower
    Text: "text",
    Double: "float8",
    SmallInteger: "int2",
    Integer: "int4",
    BigInteger: "int8",
}
_BYTES = {"int2": 2, "int4": 4, "int8": 8}


class ReadingTable:
    """A table of readings: its kind, the conversion of a reading to key and row, and its SQL.

    Rows are sent in PostgreSQL's binary form, which costs both sides a third of the text form.

    Attributes:
        key_of: returns the natural key of a reading.
        values_of: returns the values that the device reported beside the key.
        types: the types of a row's columns, as psycopg names them.
        copy_new: copies rows straight into the table.
        create_staging: creates the temporary table for a batch, which is emptied by each commit.
        empty_staging, copy_to_staging: empty the staging table within a transaction, and fill it with numbered rows.
        merge: inserts rows with new keys, in the order given, and returns the ordinals of the others.
        compare: returns for each of these ordinals whether the stored row has the same values.
    """

    def __init__(self, kind: Kind, table: Table) -> None:
        key = [column.name for column in table.primary_key]
        values = [column.name for column in table.columns if column.name not in {*key, *_ADDED}]
        columns = _listed([*key, *values, *_ADDED])
        name, staging = table.name, f"staging_{table.name}"

        self.kind = kind
        self.table = table
        self.key_of: Callable[[Reading], tuple[Any, ...]] = attrgetter(*key)
        self.values_of: Callable[[Reading], object] = attrgetter(*values) if values else lambda _reading: None
        self._names = [*key, *values, "quality"]
        self._columns: Callable[[Reading], tuple[Any, ...]] = attrgetter(*key, *values, "quality")
        self._time = key.index("time")
        self.types = [_WIRE[type(table.c[name].type)] for name in [*key, *values, *_ADDED]]
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
        """Return the row of a reading, with the `types` of its columns; `received_us` comes from `since_2000_us`.

        Raises:
            OverflowError: an integer is too large for its column. psycopg would truncate it silently.
        """
        row = list(self._columns(reading))
        for at, limit in self._limits:
            if (number := row[at]) is not None and not -limit <= number < limit:
                raise OverflowError(f"{number} is out of range for {self._names[at]}")
        row[self._time] = since_2000_us(row[self._time])
        row.append(received_us)
        return row


def since_2000_us(time: datetime) -> int:
    """Return microseconds since 2000, PostgreSQL's epoch."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _listed(columns: Iterable[str], alias: str = "") -> str:
    return ", ".join(f"{alias}.{column}" if alias else column for column in columns)


def _matched(columns: Iterable[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{column} = {right}.{column}" for column in columns)


def _same(columns: list[str], left: str, right: str) -> str:
    if not columns:  # an event has only key columns, and PostgreSQL cannot compare empty rows
        return "true"
    return f"ROW({_listed(columns, left)}) IS NOT DISTINCT FROM ROW({_listed(columns, right)})"


READING_TABLES: dict[type[Reading], ReadingTable] = {
    # always in this order, so that two writers with the same keys cannot deadlock
    WaterReading: ReadingTable(Kind.WATERLOGGING, waterlogging_readings),
    SignalEvent: ReadingTable(Kind.SIGNAL, signal_events),
    MeterValue: ReadingTable(Kind.CHARGING, meter_values),
}
