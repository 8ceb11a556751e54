"""The jobs and commands of the storage: chunk intervals, stale rollups, retention."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from commands.main import app
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.store.accounting.counts import ReadingCounts, count
from rencheng.store.core.database import open_database
from rencheng.store.hypertables.catalog import RAW, chunk_interval, hypertables
from rencheng.store.hypertables.chunk_sizes import INTERVALS, ROWS_MAX, suitable_interval
from rencheng.store.readings.merge import ReceivedReading, create_staging_on_connect, write
from services.jobs.settings import JobSettings
from services.jobs.storage import arrange

HOUR = timedelta(hours=1)
LONG_AGO = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=20)


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, name="storage tests")
    create_staging_on_connect(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def rencheng(database_url: str, monkeypatch: pytest.MonkeyPatch) -> "Rencheng":
    monkeypatch.setenv("RENCHENG_DATABASE_URL", database_url)
    return Rencheng()


class Rencheng:
    """The command, within this process."""

    def __call__(self, *words: str) -> str:
        result = self.asked(*words)
        assert result.exit_code == 0, result.output + repr(result.exception)
        return result.output

    def asked(self, *words: str) -> Result:
        return CliRunner().invoke(app, words)


def length_of(engine: Engine, kind: Kind) -> timedelta:
    with engine.connect() as connection:
        [raw] = [table for table in hypertables(connection) if (table.kind, table.granularity) == (kind, RAW)]
        return chunk_interval(connection, raw)


@given(st.floats(min_value=0.001, max_value=1e11))
def test_a_chunk_interval_keeps_chunks_below_their_limit(rows_per_day: float) -> None:
    length = suitable_interval(rows_per_day)
    rows = rows_per_day * (length / timedelta(days=1))

    assert rows <= ROWS_MAX or length == INTERVALS[0]
    longer = INTERVALS[INTERVALS.index(length) + 1 :]
    assert all(rows_per_day * (other / timedelta(days=1)) > ROWS_MAX for other in longer)


def test_chunk_intervals_follow_the_busiest_day_or_the_expected_rate(engine: Engine, database_url: str) -> None:
    settings = JobSettings(database_url=database_url, storage_signal_rows_per_day=860_000_000)
    with engine.begin() as connection:
        for days_ago, stored in ((0, 10), (2, 30_000_000), (9, 900_000_000)):
            day = datetime.now(UTC) - timedelta(days=days_ago)
            count(connection, "w", day, {("actual", "waterlogging"): ReadingCounts(stored=stored)})
    with engine.begin() as connection:
        first = arrange(connection, settings)
        again = arrange(connection, settings)

    assert (first["chunk_lengths_changed"], again["chunk_lengths_changed"]) == (4, 0)  # and of their minutes
    assert again["columnstore_policies_changed"] == 0
    assert [length_of(engine, kind) for kind in Kind] == [4 * HOUR, HOUR, 24 * HOUR]


def test_rollups_of_changed_readings_are_refreshed_on_request(engine: Engine, rencheng: Rencheng) -> None:
    with engine.begin() as connection:
        write(connection, [ReceivedReading(WaterReading("G", 0, LONG_AGO, depth_mm=12.0), LONG_AGO)])
    rencheng("storage", "roll-up")
    with engine.begin() as connection:
        connection.execute(text("UPDATE waterlogging_readings SET depth_mm = 34"))
    day = ("--from", f"{LONG_AGO:%Y-%m-%dT%H:%M:%S}", "--to", f"{LONG_AGO + HOUR:%Y-%m-%dT%H:%M:%S}")
    rencheng("storage", "mark-stale", "waterlogging", *day)
    assert "1 stale rollup buckets" in rencheng("storage", "status")
    rencheng("storage", "roll-up")

    with engine.connect() as connection:
        for level in ("1min", "1h", "1day"):
            query = text(f"SELECT depth_mm_max FROM waterlogging_{level} WHERE device_id = 'G'")
            assert connection.execute(query).scalars().all() == [34.0]
    backwards = ("--from", day[3], "--to", day[1])
    assert "must be before" in str(rencheng.asked("storage", "mark-stale", "signal", *backwards).exception)


def test_a_dry_run_lists_the_chunks_before_they_are_dropped(
    engine: Engine, rencheng: Rencheng, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RENCHENG_INGEST_PAST_DAYS", "3")
    monkeypatch.setenv("RENCHENG_STORAGE_WATERLOGGING_RAW_DAYS", "5")
    with engine.begin() as connection:
        write(connection, [ReceivedReading(WaterReading("H", 0, LONG_AGO, depth_mm=1.0), LONG_AGO)])
    assert "waterlogging raw" in (output := rencheng("storage", "drop", "--dry-run"))
    assert "waits for its rollup" in output
    rencheng("storage", "drop")
    rencheng("storage", "roll-up")
    assert "would be dropped" in rencheng("storage", "drop", "--dry-run")
    rencheng("storage", "drop")

    assert rencheng("storage", "drop", "--dry-run") == ""
    assert "dropped before" in rencheng("storage", "status")
    refused = rencheng.asked("storage", "mark-stale", "waterlogging", "--from", "2026-01-01", "--to", "2026-01-02")
    assert "were dropped" in str(refused.exception)
