"""Old data is dropped by chunk, never before its rollup is refreshed."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.errors import Misconfigured
from rencheng.domain.kind import Kind
from rencheng.domain.reading import SignalEvent
from rencheng.store.hypertables.catalog import RAW, Hypertable, chunks, hypertables
from rencheng.store.readings.merge import ReceivedReading, write
from rencheng.store.retention.readings import DroppedChunks, drop_old_chunks, preview_drop
from rencheng.store.rollups.refresh import roll_up
from rencheng.store.schema.granularity import Granularity
from services.jobs.settings import JobSettings
from services.jobs.storage import drop_what_is_old
from tests.store.rollups.test_refresh import rolled_up
from tests.support.storage import compress_chunks, settle
from tests.support.store import rows

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
KEPT = 35 * DAY


@pytest.fixture(autouse=True)
def _events(database: Engine) -> Iterator[None]:
    """Store events of fifty days, one in four days."""
    with database.begin() as connection:
        for table in ("signal_events", "rollup_log", "storage_horizons"):
            connection.execute(text(f"TRUNCATE {table}"))
    store(database, *(SignalEvent("S", NOW - 4 * n * DAY, 1, n) for n in range(13)))
    yield
    with database.begin() as connection:
        connection.execute(text("TRUNCATE signal_events, rollup_log, storage_horizons"))


def store(database: Engine, *events: SignalEvent) -> None:
    with database.begin() as connection:
        write(connection, [ReceivedReading(event, NOW) for event in events])


def table_of(database: Engine, level: str) -> Hypertable:
    with database.connect() as connection:
        return next(t for t in hypertables(connection) if t.kind is Kind.SIGNAL and t.granularity == level)


def drop(database: Engine, level: str, keep: timedelta = KEPT) -> DroppedChunks:
    with database.begin() as connection:
        return drop_old_chunks(connection, table_of(database, level), keep)


def days_left(database: Engine) -> float:
    with database.connect() as connection:
        oldest = connection.execute(text("SELECT min(time) FROM signal_events")).scalar_one()
    return float((NOW - oldest) / DAY)


def test_readings_are_kept_until_they_are_rolled_up(database: Engine) -> None:
    withheld = drop(database, RAW)
    assert (withheld.chunks, rows(database, "signal_events")) == ([], 13)
    with database.connect() as connection:
        assert preview_drop(connection, table_of(database, RAW), KEPT) == withheld
    assert len(withheld.withheld) == 4

    settle(database)
    before = [rolled_up(database, Kind.SIGNAL, level) for level in Granularity]
    dropped = drop(database, RAW)

    assert dropped.withheld == []
    assert len(dropped.chunks) == 4
    assert days_left(database) == 32
    assert [rolled_up(database, Kind.SIGNAL, level) for level in Granularity] == before


def test_a_late_reading_withholds_its_chunk_and_later_ones_only(database: Engine) -> None:
    settle(database)
    store(database, SignalEvent("S", NOW - 40 * DAY, 2, 0))
    dropped = drop(database, RAW)
    assert dropped.chunks
    assert dropped.withheld
    assert days_left(database) == 40

    settle(database)
    assert drop(database, RAW).withheld == []
    assert {row["event_id"] for row in rolled_up(database, Kind.SIGNAL, Granularity.DAY)} == {1, 2}


def test_a_concurrent_insert_into_an_old_chunk_is_awaited_and_kept(database: Engine) -> None:
    settle(database)
    late = SignalEvent("S", NOW - 44 * DAY, 3, 0)
    found: list[DroppedChunks] = []
    with database.connect() as storing:
        write(storing, [ReceivedReading(late, NOW)])  # not committed yet
        dropping = Thread(target=lambda: found.append(drop(database, RAW)))
        dropping.start()
        wait_for_lock(database)
        storing.commit()
        dropping.join(20)

    assert found[0].withheld
    settle(database)
    assert 3 in {row["event_id"] for row in rolled_up(database, Kind.SIGNAL, Granularity.MINUTE)}


def wait_for_lock(database: Engine) -> None:
    with database.connect() as connection:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL")
        until = time.monotonic() + 20
        while connection.execute(waiting).scalar_one() == 0:
            assert time.monotonic() < until
            connection.rollback()


def test_minutes_wait_for_hours_and_hours_stay_without_minutes(database: Engine) -> None:
    roll_up(database, budget_s=0)  # without time nothing is refreshed
    assert drop(database, Granularity.MINUTE).chunks == []
    settle(database)
    hours = rolled_up(database, Kind.SIGNAL, Granularity.HOUR)
    minutes = rolled_up(database, Kind.SIGNAL, Granularity.MINUTE)
    drop(database, RAW)
    dropped = drop(database, Granularity.MINUTE)
    left = rolled_up(database, Kind.SIGNAL, Granularity.MINUTE)

    assert dropped.chunks
    assert left == minutes[len(minutes) - len(left) :]
    assert 0 < len(left) < len(minutes)
    assert rolled_up(database, Kind.SIGNAL, Granularity.HOUR) == hours


def test_a_reading_older_than_the_retained_ones_leaves_their_rollup_unchanged(database: Engine) -> None:
    """Ingest rejects such readings. A stored one must not replace the bucket of the hundred before it."""
    settle(database)
    drop(database, RAW)
    before = rolled_up(database, Kind.SIGNAL, Granularity.DAY)
    store(database, SignalEvent("S", NOW - 45 * DAY, 9, 0))
    figures = roll_up(database, budget_s=60, ahead=2 * DAY)

    assert figures["beyond_retention"] == 1
    assert rolled_up(database, Kind.SIGNAL, Granularity.DAY) == before


def test_compressed_chunks_are_dropped_too(database: Engine) -> None:
    settle(database)
    compress_chunks(database)
    store(database, SignalEvent("S", NOW - 44 * DAY, 4, 0))  # into a compressed chunk
    assert drop(database, RAW).withheld
    settle(database)
    assert drop(database, RAW).withheld == []
    assert 4 in {row["event_id"] for row in rolled_up(database, Kind.SIGNAL, Granularity.DAY)}
    assert days_left(database) == 32


def test_the_job_drops_each_kind_and_granularity_by_its_own_period(database: Engine, database_url: str) -> None:
    settle(database)
    settings = JobSettings(database_url=database_url, storage_signal_raw_days=45, storage_minute_days=35)
    figures = drop_what_is_old(database, settings)

    assert figures["chunks_dropped"] > 0
    assert figures["chunks_withheld"] == 0
    assert days_left(database) == 44
    with database.connect() as connection:
        oldest = min(chunk.ends for chunk in chunks(connection, table_of(database, Granularity.MINUTE)))
    assert oldest > NOW - 45 * DAY


def test_readings_must_be_kept_for_longer_than_they_may_be_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENCHENG_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1/nothing")
    monkeypatch.setenv("RENCHENG_STORAGE_SIGNAL_RAW_DAYS", "31")
    with pytest.raises(Misconfigured, match="storage_signal_raw_days is 31"):
        JobSettings.load()
    monkeypatch.setenv("RENCHENG_INGEST_PAST_DAYS", "7")
    assert JobSettings.load().keep(Kind.SIGNAL, RAW) == 31 * DAY
