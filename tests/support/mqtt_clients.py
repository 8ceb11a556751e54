"""The other ends of MQTT: a gauge that reports, and emergency dispatch that receives warnings and notices."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from rencheng.engine.health.jump_filter import STEP_MM
from tests.conftest import Broker
from tests.support.alert_database import REGION
from tests.support.polling import eventually


class GaugeClient:
    """A waterlogging monitor that waits for the broker's acknowledgement of each message."""

    def __init__(self, broker: Broker, name: str) -> None:
        broker.add_accounts(name)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.username_pw_set(name, broker.passwords[name])
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(*broker.address)
        self._client.loop_start()
        self.topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
        self._last_mm: float | None = None

    def send(self, depth_mm: float | None, seconds_ago: float = 0.0) -> None:
        self.send_at(depth_mm, datetime.now(UTC) - timedelta(seconds=seconds_ago))

    def send_at(self, depth_mm: float | None, at: datetime) -> None:
        """Send one sample; two of a jump, which is accepted when it stays."""
        jumps = depth_mm is not None and self._last_mm is not None and depth_mm - self._last_mm > STEP_MM
        self._last_mm = self._last_mm if depth_mm is None else depth_mm
        for after_s in (0.0, 0.5) if jumps else (0.0,):
            self.publish({"time": (at + timedelta(seconds=after_s)).isoformat(), "depth_mm": depth_mm})

    def send_rain(self, rain_mm: float, seconds_ago: float = 0.0) -> None:
        """Send the rainfall since the last report; a rain gauge measures no depth."""
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        self.publish({"time": at.isoformat(), "rain_mm": rain_mm})

    def clear(self, seconds_ago: float = 20.0) -> None:
        """Send a dry street for longer than the quick profile's hold."""
        for ago in (seconds_ago, seconds_ago - 6):
            self.send(0, ago)

    def publish(self, payload: object, topic: str | None = None) -> None:
        """Publish bytes as they are, and any other payload as JSON."""
        eventually(self._client.is_connected)
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        sent = self._client.publish(topic or self.topic, body, qos=1)
        sent.wait_for_publish(20)

        assert sent.is_published()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Dispatch:
    """Emergency dispatch: receives every warning and notice, and those that are retained when it connects."""

    def __init__(self, broker: Broker) -> None:
        self.warnings: list[tuple[str, dict[str, Any]]] = []
        self.notices: list[tuple[str, dict[str, Any]]] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(*broker.account("operator"))
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("rencheng/v1/+/warning/+", 1), ("rencheng/v1/+/exercise/+", 1), ("rencheng/v1/notice/#", 1)]
        )
        self._client.on_message = self._receive
        self._client.connect(*broker.address)
        self._client.loop_start()

    def _receive(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        received = self.notices if "/notice/" in message.topic else self.warnings
        received.append((message.topic, json.loads(message.payload)))

    def types(self, site_id: str) -> list[str]:
        """Return Alert, Update, Cancel: the messages received about a site, in order."""
        topics = {f"rencheng/v1/{REGION}/{level}/{site_id}" for level in ("warning", "exercise")}
        return [document["msg_type"] for received, document in self.warnings if received in topics]

    def identifiers(self, site_id: str) -> list[str]:
        return [document["identifier"] for _, document in self.warnings if document["site"]["id"] == site_id]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def retained(broker: Broker, site_id: str) -> str | None:
    """Return the identifier of the message that is retained on a site's topic."""
    dispatch = Dispatch(broker)
    try:
        until_s = time.monotonic() + 0.5
        while not dispatch.identifiers(site_id) and time.monotonic() < until_s:
            time.sleep(0.02)
        return next(iter(dispatch.identifiers(site_id)), None)
    finally:
        dispatch.close()
