"""The services as real processes, a device that speaks, a dispatcher that listens, and what the database has."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site
from rencheng.engine.health.jump_filter import STEP_MM
from rencheng.store.registry.devices import add_region, add_world, register
from rencheng.store.registry.sites import register_site
from tests.alerts.gauge_play import profile, site
from tests.conftest import Broker

REGION = "370102"

HASTY = profile(down_hold_s=5, horizon_s=0)
"""Clears after five seconds, so that a test can wait for it."""


def eventually(question: Callable[[], Any], expected: Any, *, within_s: float = 20) -> None:
    """Wait until the answer is the expected one."""
    until = time.monotonic() + within_s
    while (answer := question()) != expected and time.monotonic() < until:
        time.sleep(0.05)

    assert answer == expected


@dataclass
class Service:
    """One of our services in a process of its own."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self, *, until: str = "connected and subscribed") -> None:
        """Start, and wait for what it says when it is there."""
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self.name}"], env=self.environment, stderr=log
            )
        self.says(until)

    def says(self, what: str, *, within_s: float = 20) -> None:
        """Wait until its log holds some words."""
        until = time.monotonic() + within_s
        while what not in self.log.read_text() and time.monotonic() < until:
            time.sleep(0.02)

        assert what in self.log.read_text()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=20)


class Gauge:
    """A waterlogging monitor's MQTT client that waits for the broker's word on each message."""

    def __init__(self, broker: Broker, name: str) -> None:
        broker.add_accounts(name)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.username_pw_set(name, broker.passwords[name])
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(*broker.address)
        self._client.loop_start()
        self._topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
        self._last_mm: float | None = None

    def send(self, depth_mm: float | None, seconds_ago: float = 0.0) -> None:
        self.send_at(depth_mm, datetime.now(UTC) - timedelta(seconds=seconds_ago))

    def send_at(self, depth_mm: float | None, at: datetime) -> None:
        """One sample; two of a leap, which is believed when it stays."""
        leaps = depth_mm is not None and self._last_mm is not None and depth_mm - self._last_mm > STEP_MM
        self._last_mm = self._last_mm if depth_mm is None else depth_mm
        for after_s in (0.0, 0.5) if leaps else (0.0,):
            self._publish(depth_mm, at + timedelta(seconds=after_s))

    def rain(self, rain_mm: float, seconds_ago: float = 0.0) -> None:
        """What fell since it spoke last; a rain gauge measures no depth."""
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        self._say({"time": at.isoformat(), "rain_mm": rain_mm})

    def _publish(self, depth_mm: float | None, at: datetime) -> None:
        self._say({"time": at.isoformat(), "depth_mm": depth_mm})

    def _say(self, payload: dict[str, object]) -> None:
        eventually(self._client.is_connected, expected=True)
        sent = self._client.publish(self._topic, json.dumps(payload), qos=1)
        sent.wait_for_publish(20)

        assert sent.is_published()

    def clear(self, seconds_ago: float = 20.0) -> None:
        """A dry street for longer than the hasty profile's hold."""
        for ago in (seconds_ago, seconds_ago - 6):
            self.send(0, ago)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Dispatcher:
    """Emergency dispatch on MQTT: hears every warning, and what is retained when it comes."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(*broker.account("operator"))
        self._client.on_connect = lambda client, *_: client.subscribe("rencheng/v1/+/warning/+", qos=1)
        self._client.on_message = self._hear
        self._client.connect(*broker.address)
        self._client.loop_start()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, json.loads(message.payload)))

    def types(self, site_id: str) -> list[str]:
        """Alert, Update, Cancel: what was heard about a site, in order."""
        return [said["msg_type"] for topic, said in self.heard if topic == f"rencheng/v1/{REGION}/warning/{site_id}"]

    def identifiers(self, site_id: str) -> list[str]:
        return [said["identifier"] for _, said in self.heard if said["site"]["id"] == site_id]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def retained(broker: Broker, site_id: str) -> str | None:
    """The identifier that stands on a site's topic for whoever comes now."""
    dispatcher = Dispatcher(broker)
    try:
        until = time.monotonic() + 0.5
        while not dispatcher.identifiers(site_id) and time.monotonic() < until:
            time.sleep(0.02)
        return next(iter(dispatcher.identifiers(site_id)), None)
    finally:
        dispatcher.close()


def watch(database: Engine, *sites: Site) -> None:
    """Register sites and their gauges."""
    with database.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        for one in sites:
            add_world(connection, one.world, one.world)
            register_site(connection, one)
            gauges = [Device(name, Kind.WATERLOGGING, REGION, one.world, one.site_id) for name in one.depth_gauge_ids]
            register(connection, [(gauge, None) for gauge in gauges])


def hasty_site(number: int = 1, world: str = "actual") -> Site:
    """Site S1 with gauge G1, and so on."""
    return site(f"S{number}", f"G{number}", world=world, by=HASTY)


def empty(database: Engine) -> None:
    """Forget everything but the schema."""
    with database.begin() as connection:
        tables = (
            "silences",
            "notices",
            "rain_signals",
            "warnings",
            "site_states",
            "waterlogging_readings",
            "quarantine",
            "ingest_progress",
            "devices",
            "sites",
        )
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))


def rows(database: Engine, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def events(database: Engine, site_id: str = "S1") -> list[tuple[int, str]]:
    """(sequence, type) of a site's messages, in order of their recording."""
    query = "SELECT sequence, message_type FROM warning_events JOIN warnings USING (warning_id)"
    return rows(database, f"{query} WHERE site_id = '{site_id}' ORDER BY event_id")


def stored(database: Engine) -> int:
    count: int = rows(database, "SELECT count(*) FROM waterlogging_readings")[0][0]
    return count
