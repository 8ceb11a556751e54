"""The broker or ingest ends under load: nothing is lost, nothing stored twice."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.ingest import GAUGES, IngestProcess
from tests.support.ingest_load import audit, disconnects, under_load

Connect = Callable[[str], DeviceClient]


@pytest.mark.slow
def test_a_broker_restarted_under_load_loses_nothing(
    ingest: IngestProcess, connect: Connect, database: Engine, broker: Broker
) -> None:
    with under_load([connect(name) for name in GAUGES]) as load:
        for _ in range(2):
            broker.server.stop()
            broker.server.start()
            load.wait_for(2000)

    audit(database, load.published)
    assert disconnects(ingest) >= 2


@pytest.mark.slow
def test_a_receiver_stopped_and_started_under_load_loses_nothing(
    ingest: IngestProcess, connect: Connect, database: Engine
) -> None:
    ended = []
    with under_load([connect(name) for name in GAUGES]) as load:
        for _ in range(3):
            load.wait_for(500)
            ended.append(ingest.stop())
            load.wait_for(500)
            ingest.start()

    audit(database, load.published)
    assert ended == [0, 0, 0]


def test_a_backlog_larger_than_a_batch_is_processed(ingest: IngestProcess, connect: Connect, database: Engine) -> None:
    ingest.stop()
    with under_load([connect("G1")]) as load:
        load.wait_for(1500)
    ingest.start()

    audit(database, load.published)
