"""The broker or the worker ends under load: nothing is lost, nothing stored twice."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.conftest import Broker
from tests.ingest.conftest import GAUGES, Sender, Worker
from tests.ingest.load import audit, cut_off, under_load

MakeSender = Callable[[str], Sender]


@pytest.mark.slow
def test_a_broker_restarted_under_load_loses_nothing(
    worker: Worker, sender: MakeSender, database: Engine, broker: Broker
) -> None:
    with under_load([sender(name) for name in GAUGES]) as load:
        for _ in range(2):
            broker.server.stop()
            broker.server.start()
            load.wait_for(2000)

    audit(database, load.published)
    assert cut_off(worker) >= 2


@pytest.mark.slow
def test_a_worker_stopped_and_started_under_load_loses_nothing(
    worker: Worker, sender: MakeSender, database: Engine
) -> None:
    ended = []
    with under_load([sender(name) for name in GAUGES]) as load:
        for _ in range(3):
            load.wait_for(500)
            ended.append(worker.stop())
            load.wait_for(500)
            worker.start()

    audit(database, load.published)
    assert ended == [0, 0, 0]


def test_a_backlog_larger_than_a_batch_is_worked_off(worker: Worker, sender: MakeSender, database: Engine) -> None:
    worker.stop()
    with under_load([sender("G1")]) as load:
        load.wait_for(1500)
    worker.start()

    audit(database, load.published)
