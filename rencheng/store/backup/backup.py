"""Write a backup, and restore one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from rencheng.domain.errors import NotPossible
from rencheng.store.backup.contents import database_contents, differences, table_names
from rencheng.store.backup.manifest import DUMP, MANIFEST, Manifest, new_manifest, read_manifest, server_versions
from rencheng.store.backup.programs import run_program
from rencheng.store.core.database import database_now

Report = Callable[[str], None]


def write_backup(engine: Engine, folder: Path, programs: Path, report: Report) -> Manifest:
    """Write a dump and its manifest, both of one snapshot, while services go on.

    The folder appears when everything in it is on disk. Until the end no chunk can be dropped, as with any pg_dump.

    Args:
        engine: of the database.
        folder: that does not exist yet.
        programs: the folder of pg_dump.
        report: takes what is worked on.

    Raises:
        NotPossible: the folder exists or cannot be written, or pg_dump failed.
    """
    if folder.exists():
        raise NotPossible(f"{folder} exists. Choose another folder, because a backup overwrites nothing")
    partial = folder.with_name(folder.name + ".partial")
    try:
        partial.mkdir(mode=0o700, parents=True, exist_ok=True)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            manifest = _write(connection, partial, programs, report)
        (partial / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for path in (partial / DUMP, partial / MANIFEST, partial):
            _flush(path)
        partial.rename(folder)
        _flush(folder.parent)
    except OSError as error:
        raise NotPossible(f"{folder} cannot be written: {error.strerror}") from None
    return manifest


def restore_backup(engine: Engine, folder: Path, programs: Path, report: Report) -> Manifest:
    """Restore a backup into an empty database, and compare each table with the manifest.

    Args:
        engine: of a superuser, because TimescaleDB's catalogue belongs to one.
        folder: of the backup.
        programs: the folder of pg_restore.
        report: takes what is worked on.

    Raises:
        NotPossible: the backup is not whole, the database is not empty, its TimescaleDB differs, pg_restore failed, or
            a table differs afterwards.
    """
    manifest = read_manifest(folder)
    _prepare(engine, manifest)
    with _restoring(engine):
        arguments = ["--exit-on-error", "--single-transaction", str(folder / DUMP)]
        run_program(programs / "pg_restore", arguments, url=_url(engine), report=report)
    with engine.connect() as connection:
        found = differences(manifest.tables, database_contents(connection, report))
    if found:
        raise NotPossible(f"the restored database differs from the backup: {'; '.join(found)}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return manifest


def _write(connection: Connection, partial: Path, programs: Path, report: Report) -> Manifest:
    made_at, names = database_now(connection), table_names(connection)
    connection.execute(text(f"LOCK TABLE {', '.join(names)} IN ACCESS SHARE MODE"))
    snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    dump = partial / DUMP
    arguments = ["--format=custom", f"--snapshot={snapshot}", f"--file={dump}"]
    run_program(programs / "pg_dump", arguments, url=_url(connection.engine), report=report)
    return new_manifest(connection, made_at, dump, database_contents(connection, report))


def _prepare(engine: Engine, manifest: Manifest) -> None:
    """Check that the database is empty and has the backup's TimescaleDB."""
    with engine.begin() as connection:
        if names := table_names(connection):
            raise NotPossible(f"the database is not empty: it has {names[0]} and {len(names) - 1} more tables")
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS timescaledb"))
        found = server_versions(connection)
        if (found.timescaledb, found.edition) != (manifest.timescaledb, manifest.edition):
            raise NotPossible(
                f"the backup is of TimescaleDB {manifest.timescaledb}, {manifest.edition} edition; this server has"
                f" {found.timescaledb}, {found.edition} edition. Restore on the same, and upgrade afterwards"
            )


@contextmanager
def _restoring(engine: Engine) -> Iterator[None]:
    """Stop TimescaleDB's workers and triggers. Source: TimescaleDB documentation, logical backup with pg_dump."""
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        connection.execute(text("SELECT timescaledb_pre_restore()"))
    try:
        yield
    finally:
        engine.dispose()  # sessions keep the setting with which they began
        with autocommit.connect() as connection:
            connection.execute(text("SELECT timescaledb_post_restore()"))
        engine.dispose()


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _flush(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
