"""The hypertables of readings and rollups, under one name each on both editions of TimescaleDB."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from rencheng.domain.kind import Kind
from rencheng.store.hypertables.edition import rollups_are_continuous
from rencheng.store.readings.row_mapping import READING_TABLES
from rencheng.store.schema.granularity import every_rollup

RAW = "raw"
"""The granularity of the readings themselves, beside those of `Granularity`."""

RAW_TABLES = {table.kind: table.table for table in READING_TABLES.values()}


@dataclass(frozen=True, slots=True)
class Hypertable:
    """The readings (`RAW`) or one rollup of a kind.

    Attributes:
        qualified_name: schema and name of the table or continuous aggregate, for TimescaleDB's functions.
        schema, table: the hypertable that has the chunks; for a continuous aggregate its materialisation.
    """

    kind: Kind
    granularity: str
    qualified_name: str
    schema: str
    table: str

    @property
    def is_table(self) -> bool:
        """Return whether it is a table, not a continuous aggregate."""
        return self.qualified_name == f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A time span of a hypertable, which is dropped as a whole; `is_compressed` in the columnstore."""

    name: str
    begins: datetime
    ends: datetime
    is_compressed: bool


def hypertables(connection: Connection) -> list[Hypertable]:
    """Return all twelve hypertables: the readings first, each rollup after its source."""
    found = [Hypertable(kind, RAW, f"public.{table.name}", "public", table.name) for kind, table in RAW_TABLES.items()]
    materialisations: dict[str, tuple[str, str]] = {}
    if rollups_are_continuous(connection):
        query = text(
            "SELECT view_name, materialization_hypertable_schema, materialization_hypertable_name"
            " FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public'"
        )
        materialisations = {name: (schema, table) for name, schema, table in connection.execute(query)}
    for rollup in every_rollup():
        schema, table = materialisations.get(rollup.name, ("rollup", rollup.name))
        qualified_name = f"{'public' if rollup.name in materialisations else 'rollup'}.{rollup.name}"
        found.append(Hypertable(rollup.kind, rollup.granularity.value, qualified_name, schema, table))
    return found


def chunks(connection: Connection, hypertable: Hypertable) -> list[Chunk]:
    """Return the chunks of a hypertable, the oldest first."""
    query = text(
        "SELECT format('%I.%I', chunk_schema, chunk_name), range_start, range_end, is_compressed"
        " FROM timescaledb_information.chunks"
        " WHERE hypertable_schema = :schema AND hypertable_name = :table ORDER BY range_start"
    )
    rows = connection.execute(query, {"schema": hypertable.schema, "table": hypertable.table})
    return [Chunk(*row) for row in rows]


def chunk_interval(connection: Connection, hypertable: Hypertable) -> timedelta:
    """Return the length of the next chunk."""
    query = text(
        "SELECT time_interval FROM timescaledb_information.dimensions"
        " WHERE hypertable_schema = :schema AND hypertable_name = :table"
    )
    interval: timedelta = connection.execute(
        query, {"schema": hypertable.schema, "table": hypertable.table}
    ).scalar_one()
    return interval


def size_bytes(connection: Connection, hypertable: Hypertable) -> int:
    """Return the size on disk in bytes: rows, indexes, columnstore."""
    query = text("SELECT hypertable_size(CAST(:name AS regclass))")
    name = f'"{hypertable.schema}"."{hypertable.table}"'
    return int(connection.execute(query, {"name": name}).scalar() or 0)
