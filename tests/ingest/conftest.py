"""A worker as a real process, a small registry, and a device that publishes."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, create_engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.store.registry.devices import add_region, register
from tests.conftest import Broker

REGION = "370102"
GAUGES = tuple(f"G{number}" for number in range(1, 6))


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        devices = [Device(name, Kind.WATERLOGGING, REGION) for name in GAUGES]
        devices += [Device("S1", Kind.SIGNAL, REGION), Device("P1", Kind.CHARGING, REGION)]
        register(connection, [(device, None) for device in devices])
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _empty(database: Engine) -> None:
    """Every test begins with empty tables."""
    with database.begin() as connection:
        for table in ("waterlogging_readings", "signal_events", "meter_values", "quarantine", "ingest_counts"):
            connection.execute(text(f"DELETE FROM {table}"))


@dataclass
class Worker:
    """An ingest worker in a process of its own."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start, and wait for the subscription: before a first one stands, the broker keeps nothing for the worker."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "services.ingest"], env=self.environment, stderr=log)
        eventually(lambda: b"subscribed" in self.log.read_bytes(), expected=True)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=20)


@pytest.fixture
def worker(broker: Broker, database_url: str, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(broker.environment(database_url), tmp_path / "ingest.log")
    worker.start()
    yield worker
    if worker.process and worker.process.poll() is None:
        worker.kill()


class Sender:
    """A device's MQTT client that waits for the broker's word on each message."""

    def __init__(self, broker: Broker, name: str) -> None:
        broker.add_accounts(name)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.username_pw_set(name, broker.passwords[name])
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(0)
        self._client.reconnect_delay_set(1, 2)
        connected = threading.Event()
        self._client.on_connect = lambda _c, _d, _f, reason, _p: None if reason.is_failure else connected.set()
        self._client.connect(*broker.address)
        self._client.loop_start()
        self.name = name

        assert connected.wait(20)  # the broker reads new accounts in its own time

    def send(
        self, body: object, *, kind: Kind = Kind.WATERLOGGING, region: str = REGION, channel: str = "telemetry"
    ) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._client.publish(f"rencheng/v1/{region}/{kind}/{self.name}/{channel}", payload, qos=1).wait_for_publish(20)

    def post(self, body: object) -> Any:
        """Publish a gauge's reading without waiting."""
        return self._client.publish(f"rencheng/v1/{REGION}/waterlogging/{self.name}/telemetry", json.dumps(body), qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def sender(broker: Broker) -> Iterator[Callable[[str], Sender]]:
    senders: list[Sender] = []

    def make(name: str) -> Sender:
        senders.append(Sender(broker, name))
        return senders[-1]

    yield make
    for one in senders:
        one.close()


def sample(seconds_ago: float = 0, depth_mm: float | None = 12.5) -> dict[str, object]:
    """A gauge's payload."""
    time = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"time": time.isoformat(), "depth_mm": depth_mm}


def eventually(question: Callable[[], Any], expected: Any, *, within_s: float = 20) -> None:
    """Wait until the answer is the expected one."""
    until = time.monotonic() + within_s
    while (answer := question()) != expected and time.monotonic() < until:
        time.sleep(0.05)

    assert answer == expected


def scalar(database: Engine, query: str) -> Any:
    with database.connect() as connection:
        return connection.execute(text(query)).scalar_one()


def counts(database: Engine) -> tuple[int, int, int]:
    """(stored, duplicate, quarantined) by the account."""
    query = (
        "SELECT coalesce(sum(stored), 0), coalesce(sum(duplicate), 0), coalesce(sum(quarantined), 0) FROM ingest_counts"
    )
    with database.connect() as connection:
        stored, duplicate, quarantined = connection.execute(text(query)).one()
    return int(stored), int(duplicate), int(quarantined)
