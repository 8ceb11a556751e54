"""The SQL that is put together in Python, as the server receives it. `docs/reference/sql` shows it to operators."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from rencheng.domain.kind import Kind
from rencheng.store.core.database import open_database
from rencheng.store.history.from_rollups import history_statement
from rencheng.store.history.raw import Buckets, TimeRange
from rencheng.store.readings.row_mapping import READING_TABLES, ReadingTable
from rencheng.store.rollups.refresh import mark_stale

FOLDER = Path(__file__).parents[3] / "docs" / "reference" / "sql"
CLAUSES = re.compile(r" (?=(?:FROM|WHERE|GROUP BY|ORDER BY|UNION ALL|ON CONFLICT|RETURNING|INSERT INTO|SELECT) )")
START = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="statement tests")
    yield engine
    engine.dispose()


def check(name: str, statement: str) -> None:
    """Compare a statement with the recorded one. A missing file is written; review it and commit it."""
    text = "\n".join(line.rstrip() for line in CLAUSES.sub("\n", statement).splitlines()) + "\n"
    file = FOLDER / f"{name}.sql"
    if not file.exists():
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def history_sql(connection: Connection, kind: Kind) -> str:
    statement = history_statement(
        connection,
        kind,
        ["D1"],
        span=TimeRange(START, START + 3 * HOUR),
        buckets=Buckets(HOUR),
    )
    assert statement is not None
    return str(statement.compile(connection.engine, compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize("kind", Kind)
def test_a_history_request_with_a_stale_hour_is_this_statement(engine: Engine, kind: Kind) -> None:
    with engine.connect() as connection:
        mark_stale(connection, kind, START + HOUR, START + 2 * HOUR)
        check(f"history_{kind}", history_sql(connection, kind))


@pytest.mark.parametrize("table", READING_TABLES.values(), ids=lambda table: str(table.kind))
def test_readings_are_written_by_these_statements(table: ReadingTable) -> None:
    steps = ("create_staging", "copy_new", "empty_staging", "copy_to_staging", "merge", "compare")
    written = "\n\n".join(f"-- {step}\n{getattr(table, step)};" for step in steps)

    check(f"write_{table.kind}", written)
