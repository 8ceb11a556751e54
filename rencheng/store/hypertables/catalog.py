"""The hypertables: of readings and of rollups, by one name each, whatever lies behind it on this edition."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.edition import rollups_are_continuous
from rencheng.store.readings.row_mapping import READING_TABLES
from rencheng.store.schema.granularity import Granularity, Rollup

RAW = "raw"
"""The level of the readings themselves, beside those of `Level`."""

RAW_TABLES = {shape.kind: shape.table for shape in READING_TABLES.values()}


@dataclass(frozen=True, slots=True)
class Hypertable:
    """One kind's readings (`RAW`) or rollup of a level.

    Attributes:
        handle: what TimescaleDB's functions know it by: schema and name of a table or a continuous aggregate.
        schema, table: where its chunks hang; for a continuous aggregate its materialisation.
    """

    kind: Kind
    granularity: str
    handle: str
    schema: str
    table: str

    @property
    def is_table(self) -> bool:
        """Is it no continuous aggregate?"""
        return self.handle == f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a hypertable, which is dropped as a whole; `by_columns` if it lies in the columnstore."""

    name: str
    begins: datetime
    ends: datetime
    by_columns: bool


def hypertables(connection: Connection) -> list[Hypertable]:
    """All twelve, the readings first, each rollup after what it is made from."""
    found = [Hypertable(kind, RAW, f"public.{table.name}", "public", table.name) for kind, table in RAW_TABLES.items()]
    behind: dict[str, tuple[str, str]] = {}
    if rollups_are_continuous(connection):
        query = text(
            "SELECT view_name, materialization_hypertable_schema, materialization_hypertable_name"
            " FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public'"
        )
        behind = {name: (schema, table) for name, schema, table in connection.execute(query)}
    for level in Granularity:
        for kind in Kind:
            name = Rollup(kind, level).name
            schema, table = behind.get(name, ("rollup", name))
            handle = f"public.{name}" if name in behind else f"rollup.{name}"
            found.append(Hypertable(kind, level.value, handle, schema, table))
    return found


def chunks(connection: Connection, hypertable: Hypertable) -> list[Chunk]:
    """Its chunks, the oldest first."""
    query = text(
        "SELECT format('%I.%I', chunk_schema, chunk_name), range_start, range_end, is_compressed"
        " FROM timescaledb_information.chunks"
        " WHERE hypertable_schema = :schema AND hypertable_name = :table ORDER BY range_start"
    )
    rows = connection.execute(query, {"schema": hypertable.schema, "table": hypertable.table})
    return [Chunk(*row) for row in rows]


def chunk_interval(connection: Connection, hypertable: Hypertable) -> timedelta:
    """How long its next chunk will be."""
    query = text(
        "SELECT time_interval FROM timescaledb_information.dimensions"
        " WHERE hypertable_schema = :schema AND hypertable_name = :table"
    )
    interval: timedelta = connection.execute(
        query, {"schema": hypertable.schema, "table": hypertable.table}
    ).scalar_one()
    return interval


def size_bytes(connection: Connection, hypertable: Hypertable) -> int:
    """Everything that it takes on disk: rows, indexes, columnstore."""
    query = text("SELECT hypertable_size(CAST(:name AS regclass))")
    name = f'"{hypertable.schema}"."{hypertable.table}"'
    return int(connection.execute(query, {"name": name}).scalar() or 0)
