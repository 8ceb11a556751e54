"""Broker and ingest stay within the memory limits of docker-compose.yml, whatever one device sends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from benchmarks.load.memory_limit import MemoryLimit
from rencheng.codecs.items import PAYLOAD_BYTES_MAX, READINGS_MAX
from tests.conftest import Broker
from tests.support.device_client import REGION, DeviceClient
from tests.support.ingest import IngestProcess, sample, scalar
from tests.support.ingest_load import disconnects
from tests.support.polling import eventually

pytestmark = pytest.mark.long

Connect = Callable[[str], DeviceClient]

BROKER_MB, INGEST_MB = 2048, 1024
MESSAGES = 1000
FIRST = datetime(2026, 11, 20, tzinfo=UTC)


def letters(_number: int) -> bytes:
    return b"x" * PAYLOAD_BYTES_MAX


def refused_readings(number: int) -> bytes:
    """Return a message of the largest size whose every reading is refused."""
    item = {"time": f"{number}", "depth_mm": "x" * (PAYLOAD_BYTES_MAX // READINGS_MAX - 60)}
    return json.dumps([item] * READINGS_MAX).encode()[:PAYLOAD_BYTES_MAX]


def contradictions(number: int) -> bytes:
    """Return a message whose readings contradict those of every other one, filled up to the largest size."""
    now = datetime.now(UTC).replace(microsecond=0)
    items = [{"time": (now - timedelta(seconds=n)).isoformat(), "depth_mm": number} for n in range(READINGS_MAX)]
    return json.dumps(items).encode().ljust(PAYLOAD_BYTES_MAX)


@pytest.mark.slow
@pytest.mark.parametrize("writers", [1, 2])
@pytest.mark.parametrize("payload", [letters, refused_readings, contradictions])
def test_a_device_that_floods_with_the_largest_messages_takes_no_more_than_the_limits(
    ingest: IngestProcess,
    connect: Connect,
    database: Engine,
    broker: Broker,
    payload: Callable[[int], bytes],
    writers: int,
) -> None:
    flooding, honest = connect("G1"), connect("G2")
    topic = f"rencheng/v1/{REGION}/waterlogging/G1/telemetry"
    assert ingest.pid is not None
    assert broker.server.pid is not None
    stored = "SELECT count(*) FROM waterlogging_readings WHERE device_id = 'G2'"
    with MemoryLimit(ingest.pid, INGEST_MB) as of_ingest, MemoryLimit(broker.server.pid, BROKER_MB) as of_broker:
        sent = [flooding._client.publish(topic, payload(number), qos=1) for number in range(MESSAGES)]
        for second in range(10):
            honest.send(sample(second))
        eventually(lambda: all(one._published for one in sent), within_s=60)
        eventually(lambda: scalar(database, stored), 10, within_s=60)

    assert (of_ingest.kills, of_broker.kills, disconnects(ingest)) == (0, 0, 0)
    assert scalar(database, "SELECT sum(octet_length(payload)) FROM quarantine") < 64 * 2**20
