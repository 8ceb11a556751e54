"""The metrics of one receiver: the counts add up, reasons are separate, and the broker's own figures are there."""

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from local_stack.ports import choose_port
from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.ingest import IngestProcess, counts, sample
from tests.support.polling import eventually

PORT = choose_port(seed="metrics of ingest", avoid=())


@pytest.fixture(params=[1, 2])
def ingest(
    broker: Broker, database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[IngestProcess]:
    changed = {"RENCHENG_INGEST_METRICS_PORT": str(PORT), "RENCHENG_INGEST_WRITERS": str(request.param)}
    ingest = IngestProcess(broker.environment(database_url) | changed, tmp_path / "ingest.log")
    ingest.start()
    yield ingest
    ingest.kill()


def scraped() -> dict[str, float]:
    """Return the samples by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_metrics_count_every_outcome(
    ingest: IngestProcess, connect: Callable[[str], DeviceClient], database: Engine
) -> None:
    gauge, reading = connect("G1"), sample()
    gauge.send([reading, sample(1), sample(2)])
    gauge.send(reading)
    gauge.send(b"broken")
    gauge.send(reading | {"depth_mm": 99.0})
    eventually(lambda: counts(database), (3, 1, 2))
    eventually(lambda: scraped()["rencheng_ingest_in_flight_readings"], 0)
    found = scraped()

    assert found["rencheng_ingest_received_readings_total"] == 6
    by_outcome = {word: found[f"rencheng_ingest_settled_readings_total {word}"] for word in ("stored", "duplicate")}
    assert by_outcome == {"stored": 3, "duplicate": 1}
    assert found["rencheng_ingest_quarantined_readings_total undecodable"] == 1
    assert found["rencheng_ingest_quarantined_readings_total conflict"] == 1
    assert found["rencheng_ingest_batch_messages_sum"] == 4
    assert 0 < found["rencheng_ingest_commit_lag_seconds_sum"] < 60
    eventually(lambda: scraped()["rencheng_broker_connected_clients"] >= 2, expected=True)
    assert scraped()["rencheng_broker_dropped_messages"] == 0
