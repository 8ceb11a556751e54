"""Dispatch learns on MQTT within the keepalive that the alert service is gone, and that it is back."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from rencheng.messaging.mqtt.beacon import KEEPALIVE_S
from tests.conftest import Broker
from tests.support.polling import eventually
from tests.support.services import SubscribingService

pytestmark = pytest.mark.long

TOPIC = "rencheng/v1/service/alerts"


class Watcher:
    """A dispatch system that follows the state of the alert service."""

    def __init__(self, broker: Broker) -> None:
        self.documents: list[dict[str, Any]] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(*broker.account("operator"))
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, 1)
        self._client.on_message = self._receive
        self._client.connect(*broker.address)
        self._client.loop_start()

    def _receive(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.documents.append(json.loads(message.payload))

    @property
    def newest(self) -> tuple[str, str | None]:
        if not self.documents:
            return "", None
        return self.documents[-1]["state"], self.documents[-1]["reason"]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def watcher(broker: Broker) -> Iterator[Watcher]:
    watcher = Watcher(broker)
    yield watcher
    watcher.close()


@pytest.mark.slow
def test_a_killed_a_hanging_and_a_stopped_alert_service_are_published(
    alerts: SubscribingService, watcher: Watcher, broker: Broker
) -> None:
    alerts.start()
    eventually(lambda: watcher.newest, ("ok", None), within_s=10)
    assert "预警服务正常" in watcher.documents[-1]["text"]["zh"]

    alerts.kill()  # the broker sees the connection end
    eventually(lambda: watcher.newest, ("down", "silent"), within_s=5)

    alerts.start()
    eventually(lambda: watcher.newest, ("ok", None), within_s=10)
    os.kill(alerts.pid, signal.SIGSTOP)
    try:
        eventually(lambda: watcher.newest, ("down", "silent"), within_s=2 * KEEPALIVE_S)
    finally:
        os.kill(alerts.pid, signal.SIGCONT)
    eventually(lambda: watcher.newest, ("ok", None), within_s=15)

    alerts.stop()
    eventually(lambda: watcher.newest, ("down", "stopped"), within_s=5)
    late = Watcher(broker)
    eventually(lambda: late.newest, ("down", "stopped"), within_s=5)
    late.close()
