"""A session on a real broker, and a device that publishes to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from rencheng.messaging.mqtt.session import Session
from tests.conftest import Broker
from tests.messaging.mqtt.sessions import ALL, GAUGE, ConnectionLog, MakeSession
from tests.support.device_client import DeviceClient


@pytest.fixture
def make_session(broker: Broker) -> MakeSession:
    def make(**changed: Any) -> tuple[Session, ConnectionLog]:
        log = ConnectionLog()
        options: dict[str, Any] = {
            "client_id": "rencheng-ingest-0",
            "account": broker.account("ingest"),
            "subscriptions": [ALL],
            "persistent": True,
            "on_change": log,
        }
        return Session(broker.address, **options | changed), log

    return make


@pytest.fixture
def device(broker: Broker) -> Iterator[DeviceClient]:
    device = DeviceClient(broker, GAUGE)
    yield device
    device.close()
