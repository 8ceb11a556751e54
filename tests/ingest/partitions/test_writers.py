"""Several writers at once: nothing is lost or stored twice, whatever is killed, restarted, added or removed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from rencheng.store.accounting.writer_count import set_writer_count
from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess, counts, sample, scalar
from tests.support.ingest_load import audit, under_load
from tests.support.polling import eventually

Connect = Callable[[str], DeviceClient]
WRITERS = 3


@pytest.fixture
def ingest(broker: Broker, database_url: str, tmp_path: Path) -> Iterator[IngestProcess]:
    changed = {"RENCHENG_INGEST_WRITERS": str(WRITERS)}
    ingest = IngestProcess(broker.environment(database_url) | changed, tmp_path / "ingest.log")
    ingest.start()
    yield ingest
    if ingest.is_running:
        ingest.kill()


@pytest.fixture(autouse=True)
def _no_number_set(database: Engine) -> Iterator[None]:
    yield
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ingest_writers")


def writer_pids(ingest: IngestProcess) -> list[int]:
    """Return the processes of its writers."""
    tasks = Path(f"/proc/{ingest.pid}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def ask_for(database: Engine, number: int) -> None:
    with database.begin() as connection:
        set_writer_count(connection, number)


def test_writers_that_are_killed_under_load_lose_nothing(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        for kill in range(2):
            os.kill(sorted(writer_pids(ingest))[kill], signal.SIGKILL)
            load.wait_for(500)

    audit(database, load.published)
    assert ingest.output().count("died, starting it again") == 2
    assert len(writer_pids(ingest)) == WRITERS


def test_a_receiver_killed_under_load_loses_nothing_and_its_writers_go_with_it(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        load.wait_for(500)
        orphans = writer_pids(ingest)
        ingest.kill()
        load.wait_for(300)
        ingest.start()

    audit(database, load.published)
    eventually(lambda: any(Path(f"/proc/{pid}").exists() for pid in orphans), expected=False)


def test_writers_come_and_go_under_load_and_lose_nothing(
    ingest: IngestProcess, connect: Connect, database: Engine, broker: Broker
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        for number in (4, 2, 1, 4):
            ask_for(database, number)
            eventually(lambda: len(writer_pids(ingest)), number if number > 1 else 0)
            load.wait_for(300)
        broker.server.stop()
        broker.server.start()
        load.wait_for(500)

    audit(database, load.published)
    assert scalar(database, "SELECT count(*) FROM ingest_counts WHERE stored > 0") >= 2
    assert ingest.stop() == 0


def test_a_device_has_one_writer_so_that_its_first_reading_is_the_one_stored(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    reading, gauge = sample(depth_mm=1), connect("G1")
    for depth_mm in range(1, 40):
        gauge.post(reading | {"depth_mm": depth_mm})
    gauge.send(sample())

    eventually(lambda: counts(database), (2, 0, 38))
    assert scalar(database, "SELECT min(depth_mm) FROM waterlogging_readings") == 1
    assert scalar(database, "SELECT count(*) FROM quarantine WHERE reason = 'conflict'") == 38


def test_the_counts_of_the_writers_add_up(ingest: IngestProcess, connect: Connect, database: Engine) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        load.wait_for(1000)
    connect("G1").send(b"broken")

    audit(database, load.published, quarantined=1)
    assert scalar(database, "SELECT count(DISTINCT writer) FROM ingest_counts") >= 2
