"""Several workers share the work: each reading is taken by one of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.conftest import Broker
from tests.ingest.conftest import GAUGES, Sender, Worker, counts, scalar
from tests.ingest.load import audit, under_load


@pytest.fixture
def workers(broker: Broker, database_url: str, tmp_path: Path) -> Iterator[list[Worker]]:
    workers = []
    for slot in range(2):
        told = {"RENCHENG_INGEST_SLOT": str(slot), "RENCHENG_INGEST_SHARED": "true"}
        workers.append(Worker(broker.environment(database_url) | told, tmp_path / f"ingest-{slot}.log"))
        workers[-1].start()
    yield workers
    for worker in workers:
        worker.kill()


def test_two_workers_share_a_load_and_one_that_is_killed_loses_nothing(
    workers: list[Worker], sender: Callable[[str], Sender], database: Engine
) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        load.wait_for(500)
        workers[1].kill()
        load.wait_for(500)
        workers[1].start()

    audit(database, load.published)
    assert scalar(database, "SELECT count(*) FROM ingest_counts WHERE stored > 100") == 2


def test_two_workers_count_each_reading_once(
    workers: list[Worker], sender: Callable[[str], Sender], database: Engine
) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        load.wait_for(1000)

    audit(database, load.published)
    assert counts(database) == (len(load.published), 0, 0)
