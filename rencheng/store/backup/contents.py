"""What a database holds: rows and a checksum of each table and continuous aggregate."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, text

_TABLES = """
    SELECT format('%I.%I', schema.nspname, class.relname)
    FROM pg_class AS class JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'm') AND NOT class.relispartition
      AND schema.nspname NOT LIKE 'pg\\_%' AND schema.nspname <> 'information_schema'
      AND schema.nspname NOT LIKE '\\_timescaledb\\_%'
    ORDER BY 1
"""
_AGGREGATES = """
    SELECT format('%I.%I', view_schema, view_name) FROM timescaledb_information.continuous_aggregates ORDER BY 1
"""


class TableContent(BaseModel):
    """The content of a table.

    Attributes:
        rows: how many it has.
        checksum: the sum of a 64-bit hash of each row, which is the same in any order of rows.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    checksum: str


def table_names(connection: Connection) -> list[str]:
    """Return the quoted names of all tables but TimescaleDB's and PostgreSQL's own. A hypertable is one of them."""
    return [str(name) for name in connection.execute(text(_TABLES)).scalars()]


def database_contents(
    connection: Connection, report: Callable[[str], None] = lambda _: None
) -> Mapping[str, TableContent]:
    """Return the content of each table and continuous aggregate, by its quoted name.

    It reads every row: about a second for a million.

    Args:
        connection: in a transaction whose snapshot is to be described.
        report: takes each name before it is read.
    """
    found: dict[str, TableContent] = {}
    for name in [*table_names(connection), *connection.execute(text(_AGGREGATES)).scalars()]:
        report(name)
        query = f"SELECT count(*), coalesce(sum(hashtextextended(entire::text, 0)), 0)::text FROM {name} AS entire"  # noqa: S608 - quoted by the server
        rows, checksum = connection.execute(text(query)).one()
        found[name] = TableContent(rows=rows, checksum=checksum)
    return found


def differences(expected: Mapping[str, TableContent], found: Mapping[str, TableContent]) -> list[str]:
    """Return a sentence for each table that differs; none if both are equal."""
    return [
        f"{name}: {_described(expected.get(name))} expected, {_described(found.get(name))} found"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def _described(content: TableContent | None) -> str:
    return "no table" if content is None else f"{content.rows:,} rows with checksum {content.checksum}"
