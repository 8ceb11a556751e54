"""A device's MQTT client."""

import json
import threading
from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from rencheng.domain.kind import Kind
from tests.conftest import Broker
from tests.support.polling import eventually

REGION = "370102"


class DeviceClient:
    """A device with an account of its own, which publishes to its own topics."""

    def __init__(self, broker: Broker, name: str) -> None:
        broker.add_accounts(name)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.username_pw_set(name, broker.passwords[name])
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        connected = threading.Event()
        self._client.on_connect = lambda _c, _d, _f, reason, _p: None if reason.is_failure else connected.set()
        self._client.connect(*broker.address)
        self._client.loop_start()
        self.name = name

        assert connected.wait(20)  # paho tries again until the broker has read the new account

    def send(
        self, body: object, *, kind: Kind = Kind.WATERLOGGING, region: str = REGION, channel: str = "telemetry"
    ) -> None:
        """Publish a message and wait until the broker has it."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._client.publish(f"rencheng/v1/{region}/{kind}/{self.name}/{channel}", payload, qos=1).wait_for_publish(20)

    def send_all(self, payloads: Sequence[bytes], *, topic: str | None = None) -> None:
        """Publish messages and wait until the broker has all of them."""
        topic = topic or f"rencheng/v1/{REGION}/waterlogging/{self.name}/telemetry"
        sent = [self._client.publish(topic, payload, qos=1) for payload in payloads]
        # not `wait_for_publish`, which fails for a message given while disconnected, although it is sent later
        eventually(lambda: all(one._published for one in sent))

    def post(self, body: object) -> Any:
        """Publish a gauge's reading without waiting."""
        return self._client.publish(f"rencheng/v1/{REGION}/waterlogging/{self.name}/telemetry", json.dumps(body), qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
