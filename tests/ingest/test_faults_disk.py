"""The database's disk fills up under load: nothing is acknowledged that is not stored, and nothing is lost."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from local_stack.postgres import PostgresServer
from local_stack.programs import Programs
from tests.private_database import private_server
from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, scalar
from tests.support.ingest_load import audit, under_load
from tests.support.polling import eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the small disk that is to fill up")

DISK_MB = 220
LEFT_MB = 1


@pytest.fixture(scope="module")
def small_disk(server_folder: Path) -> Iterator[Path]:
    """A small file system, which is soon full."""
    folder = server_folder / "small-disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0755", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def server(programs: Programs, small_disk: Path) -> Iterator[PostgresServer]:
    with private_server(programs, small_disk) as server:
        yield server


@pytest.fixture(scope="module")
def database_url(server: PostgresServer) -> str:
    return server.url("postgres")


@pytest.mark.slow
def test_a_full_disk_stops_ingest_and_loses_nothing(
    ingest: IngestProcess,
    connect: Callable[[str], DeviceClient],
    database: Engine,
    server: PostgresServer,
    small_disk: Path,
) -> None:
    ballast = small_disk / "ballast"
    with under_load([connect(name) for name in GAUGES]) as load:
        eventually(lambda: scalar(database, "SELECT count(*) > 0 FROM waterlogging_readings"), expected=True)
        fill(ballast)
        eventually(lambda: "batch kept" in ingest.output(), expected=True, within_s=60)
        load.wait_for(500)
        ballast.unlink()
        server.start()  # PostgreSQL ends without space for its log; an operator frees space and starts it
        load.wait_for(500)

    audit(database, load.published)


def fill(ballast: Path) -> None:
    """Leave hardly any space."""
    disk = os.statvfs(ballast.parent)
    size = disk.f_bavail * disk.f_frsize - LEFT_MB * 2**20
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
