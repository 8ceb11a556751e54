"""A backup under load is of one moment; restored on a fresh server it is equal; a damaged one is refused."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

import migrations
from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from rencheng.domain.errors import NotPossible
from rencheng.domain.reading import WaterReading
from rencheng.store.backup.backup import restore_backup, write_backup
from rencheng.store.backup.contents import database_contents, differences
from rencheng.store.backup.manifest import DUMP, Manifest, read_manifest
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import WriteStatus, create_staging_on_connect, write
from tests.support.store import NOON, arrivals


@pytest.fixture
def empty(own_server: PostgresServer) -> Iterator[Engine]:
    """An empty database on the server of this test."""
    own_server.run_sql('DROP DATABASE IF EXISTS "fresh" WITH (FORCE)')
    own_server.create_database("fresh")
    engine = open_database(own_server.url("fresh"), name="restore test")
    yield engine
    engine.dispose()


def store(database: Engine, minute: int) -> None:
    times = [NOON + timedelta(minutes=minute, seconds=second) for second in range(60)]
    readings = [WaterReading("G1", 0, time, depth_mm=12.5) for time in times]
    with database.begin() as connection:
        write(connection, arrivals(readings))


def test_a_backup_under_load_is_of_one_moment_and_is_equal_where_it_is_restored(
    database: Engine, empty: Engine, programs: Programs, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write_on() -> None:
        minute = 0
        while not stop.is_set():
            store(database, minute := minute + 1)

    writer = threading.Thread(target=write_on)
    store(database, 0)
    writer.start()
    try:
        made = write_backup(database, tmp_path / "backup", programs.postgres_bin, lambda _: None)
    finally:
        stop.set()
        writer.join()

    restored = restore_backup(empty, tmp_path / "backup", programs.postgres_bin, lambda _: None)

    assert restored == made == read_manifest(tmp_path / "backup")
    assert made.tables["public.waterlogging_readings"].rows % 60 == 0
    assert made.tables["public.waterlogging_readings"].rows > 0
    migrations.upgrade(empty.url.render_as_string(hide_password=False))  # the services can use it
    create_staging_on_connect(empty)
    empty.dispose()
    with empty.begin() as connection:
        assert differences(made.tables, database_contents(connection)) == []
        late = WaterReading("G1", 0, NOON + timedelta(days=40), depth_mm=1.0)
        assert write(connection, arrivals([late])) == [WriteStatus.STORED]
        found = differences(made.tables, database_contents(connection))
        assert [line.split(":")[0] for line in found] == ["public.rollup_log", "public.waterlogging_readings"]


def test_what_is_damaged_exists_or_is_not_empty_is_refused_and_nothing_changes(
    database: Engine, empty: Engine, programs: Programs, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    write_backup(database, folder, programs.postgres_bin, lambda _: None)
    with pytest.raises(NotPossible, match="overwrites nothing"):
        write_backup(database, folder, programs.postgres_bin, lambda _: None)
    with pytest.raises(NotPossible, match="is not empty"):
        restore_backup(database, folder, programs.postgres_bin, lambda _: None)
    with pytest.raises(NotPossible, match="cannot be started"):
        restore_backup(empty, folder, tmp_path, lambda _: None)
    content = bytearray((folder / DUMP).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / DUMP).write_bytes(content)
    with pytest.raises(NotPossible, match="SHA-256 differs"):
        restore_backup(empty, folder, programs.postgres_bin, lambda _: None)
    with pytest.raises(NotPossible, match="no whole backup"):
        restore_backup(empty, tmp_path, programs.postgres_bin, lambda _: None)
    with empty.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None


def test_another_edition_or_version_is_refused(
    database: Engine, empty: Engine, programs: Programs, tmp_path: Path
) -> None:
    made = write_backup(database, tmp_path / "backup", programs.postgres_bin, lambda _: None)
    other = Manifest.model_validate({**made.model_dump(), "timescaledb": "2.0.0"})
    (tmp_path / "backup" / "manifest.json").write_text(other.model_dump_json())

    with pytest.raises(NotPossible, match=r"is of TimescaleDB 2\.0\.0"):
        restore_backup(empty, tmp_path / "backup", programs.postgres_bin, lambda _: None)
