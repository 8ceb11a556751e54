"""Several slots write at once: none loses, none doubles, whatever is killed, restarted, added or taken away."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from rencheng.store.accounting.writer_count import set_writer_count
from tests.conftest import Broker
from tests.ingest.conftest import GAUGES, Sender, Worker, counts, eventually, sample, scalar
from tests.ingest.load import audit, under_load

MakeSender = Callable[[str], Sender]
SLOTS = 3


@pytest.fixture
def worker(broker: Broker, database_url: str, tmp_path: Path) -> Iterator[Worker]:
    told = {"RENCHENG_INGEST_WRITERS": str(SLOTS)}
    worker = Worker(broker.environment(database_url) | told, tmp_path / "ingest.log")
    worker.start()
    yield worker
    if worker.process and worker.process.poll() is None:
        worker.kill()


@pytest.fixture(autouse=True)
def _nobody_asked(database: Engine) -> Iterator[None]:
    yield
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ingest_writers")


def hands(worker: Worker) -> list[int]:
    """The processes that write for it."""
    assert worker.process
    tasks = Path(f"/proc/{worker.process.pid}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def ask_for(database: Engine, number: int) -> None:
    with database.begin() as connection:
        set_writer_count(connection, number)


def test_slots_that_are_killed_under_load_lose_nothing(worker: Worker, sender: MakeSender, database: Engine) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        for kill in range(2):
            os.kill(sorted(hands(worker))[kill], signal.SIGKILL)
            load.wait_for(500)

    audit(database, load.published)
    assert worker.log.read_bytes().count(b"died, starting it again") == 2
    assert len(hands(worker)) == SLOTS


def test_a_receiver_killed_under_load_loses_nothing_and_its_hands_go_with_it(
    worker: Worker, sender: MakeSender, database: Engine
) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        load.wait_for(500)
        orphans = hands(worker)
        worker.kill()
        load.wait_for(300)
        worker.start()

    audit(database, load.published)
    eventually(lambda: any(Path(f"/proc/{pid}").exists() for pid in orphans), expected=False)


def test_slots_come_and_go_under_load_and_strand_nothing(
    worker: Worker, sender: MakeSender, database: Engine, broker: Broker
) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        for number in (4, 2, 1, 4):
            ask_for(database, number)
            eventually(lambda: len(hands(worker)), number if number > 1 else 0)
            load.wait_for(300)
        broker.server.stop()
        broker.server.start()
        load.wait_for(500)

    audit(database, load.published)
    assert scalar(database, "SELECT count(*) FROM ingest_counts WHERE stored > 0") >= 2
    assert worker.stop() == 0


def test_a_device_speaks_to_one_slot_so_that_what_it_says_first_is_what_is_stored(
    worker: Worker, sender: MakeSender, database: Engine
) -> None:
    reading, gauge = sample(depth_mm=1), sender("G1")
    for depth_mm in range(1, 40):
        gauge.post(reading | {"depth_mm": depth_mm})
    gauge.send(sample())

    eventually(lambda: counts(database), (2, 0, 38))
    assert scalar(database, "SELECT min(depth_mm) FROM waterlogging_readings") == 1
    assert scalar(database, "SELECT count(*) FROM quarantine WHERE reason = 'conflict'") == 38


def test_what_each_slot_counts_adds_up(worker: Worker, sender: MakeSender, database: Engine) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        load.wait_for(1000)
    sender("G1").send(b"broken")

    audit(database, load.published, quarantined=1)
    assert scalar(database, "SELECT count(DISTINCT writer) FROM ingest_counts") >= 2
