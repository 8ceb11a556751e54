"""A session on a real broker, and a device that publishes to it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.session import Session
from tests.conftest import Broker

GAUGE = "G1"
TOPIC = f"rencheng/v1/370102/waterlogging/{GAUGE}/telemetry"
ALL = "rencheng/v1/+/+/+/telemetry"


@dataclass
class Heard:
    """What a session told of its connection."""

    changes: list[tuple[bool, str]] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)

    def __call__(self, up: bool, why: str) -> None:
        self.changes.append((up, why))
        (self.up.set if up else self.up.clear)()


MakeSession = Callable[..., tuple[Session, Heard]]


@pytest.fixture
def make_session(broker: Broker) -> MakeSession:
    def make(inbox: Inbox, **changed: Any) -> tuple[Session, Heard]:
        heard = Heard()
        options: dict[str, Any] = {
            "client_id": "rencheng-ingest-0",
            "account": broker.account("ingest"),
            "subscriptions": [ALL],
            "persistent": True,
            "on_change": heard,
        }
        return Session(broker.address, inbox=inbox, **options | changed), heard

    return make


class Device:
    def __init__(self, broker: Broker) -> None:
        broker.add_accounts(GAUGE)
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=GAUGE, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.username_pw_set(GAUGE, broker.passwords[GAUGE])
        self._client.max_inflight_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        connected = threading.Event()
        self._client.on_connect = lambda _c, _d, _f, reason, _p: None if reason.is_failure else connected.set()
        self._client.connect(*broker.address)
        self._client.loop_start()
        assert connected.wait(20)

    def send(self, payloads: list[bytes], *, topic: str = TOPIC) -> None:
        """Returns when the broker has them."""
        waiting = [self._client.publish(topic, payload, qos=1) for payload in payloads]
        # not `wait_for_publish`: what is said while cut off is an error to it, and is sent all the same
        eventually(lambda: all(sent._published for sent in waiting))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def device(broker: Broker) -> Iterator[Device]:
    device = Device(broker)
    yield device
    device.close()


def eventually(holds: Callable[[], bool], *, within_s: float = 20) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.01)
