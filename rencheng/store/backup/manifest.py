"""The manifest beside a dump: what was dumped, from what, and how to see that it is whole."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, text

from rencheng.domain.errors import NotPossible
from rencheng.store.backup.contents import TableContent
from rencheng.store.hypertables.edition import edition

MANIFEST, DUMP = "manifest.json", "rencheng.dump"


class Manifest(BaseModel):
    """The manifest of a backup.

    Attributes:
        made_at: the time of the snapshot, by the database's clock.
        revision: of the schema.
        postgres, timescaledb, edition: of the server. A restore needs the same version and edition of TimescaleDB.
        dump_bytes, dump_sha256: of the file.
        tables: the content of each table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: AwareDatetime
    revision: str
    postgres: str
    timescaledb: str
    edition: str
    dump_bytes: int
    dump_sha256: str
    tables: Mapping[str, TableContent]

    @property
    def rows(self) -> int:
        """How many rows all tables have together."""
        return sum(table.rows for table in self.tables.values())


class ServerVersions(BaseModel):
    """The versions of a server that has the extension."""

    postgres: str
    timescaledb: str
    edition: str


def server_versions(connection: Connection) -> ServerVersions:
    """Return the versions of the server."""
    query = "SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname = 'timescaledb'"
    postgres, timescaledb = connection.execute(text(query)).one()
    return ServerVersions(postgres=postgres, timescaledb=timescaledb, edition=edition(connection).name)


def new_manifest(connection: Connection, made_at: datetime, dump: Path, tables: Mapping[str, TableContent]) -> Manifest:
    """Return the manifest of a dump."""
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return Manifest(
        made_at=made_at,
        revision=revision,
        dump_bytes=dump.stat().st_size,
        dump_sha256=sha256_of(dump),
        tables=tables,
        **server_versions(connection).model_dump(),
    )


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup after comparing the dump with it.

    Raises:
        NotPossible: the folder holds no backup, or the dump is not as it was written.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        found = sha256_of(folder / DUMP)
    except (OSError, ValidationError) as error:
        raise NotPossible(f"{folder} is no whole backup: {error}") from None
    if found != manifest.dump_sha256:
        raise NotPossible(f"{folder / DUMP} is not as it was written: its SHA-256 differs from {MANIFEST}")
    return manifest


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
