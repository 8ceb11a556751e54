import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from device_sims.client import BrokerAddress, DeviceClient, SimulatedDevice
from device_sims.connected import connected
from device_sims.errors import NotConnected
from device_sims.puback_tracker import PublishCounts
from rencheng.codecs.items import READINGS_MAX
from rencheng.codecs.json_v1 import decode_state
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import SignalEvent, WaterReading
from tests.support.mqtt_listener import listening

if TYPE_CHECKING:
    from tests.conftest import Broker
    from tests.support.mqtt_listener import Listener

NOW = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)


def device_on(broker: "Broker", name: str = "monitor-1", kind: Kind = Kind.WATERLOGGING) -> SimulatedDevice:
    broker.add_accounts(name)
    return SimulatedDevice(name, kind, "370102", broker.passwords[name])


def online(listener: "Listener", name: str = "monitor-1") -> list[bool]:
    return [decode_state(payload) for payload in listener.payloads(f"/{name}/state")]


def test_a_device_says_online_speaks_and_says_offline(broker: "Broker", listener: "Listener") -> None:
    readings = [WaterReading("monitor-1", 0, NOW + timedelta(minutes=minute), depth_mm=12.5) for minute in range(3)]
    with connected([device_on(broker)], BrokerAddress.parse(broker.url)) as clients:
        clients["monitor-1"].publish(readings[:1])
        clients["monitor-1"].publish(readings[1:])
        assert clients["monitor-1"].await_acknowledged(timeout_s=10)
        assert clients["monitor-1"].counts == PublishCounts(2, 2, 3, 3)
        assert clients["monitor-1"].disconnect_reason is None
    listener.wait_until(lambda: online(listener) == [True, False])
    payloads = listener.payloads("rencheng/v1/370102/waterlogging/monitor-1/telemetry")
    decoded = [CODECS["json"].decode(Kind.WATERLOGGING, "monitor-1", payload)[0] for payload in payloads]
    assert decoded == [readings[:1], readings[1:]]


def test_the_state_is_retained(broker: "Broker") -> None:
    with connected([device_on(broker)], BrokerAddress.parse(broker.url)):
        pass
    user, password = broker.account("operator")
    with listening(user=user, password=password, address=broker.address) as late:
        late.wait_until(lambda: online(late) == [False])
        assert "time" in json.loads(late.payloads("/state")[0])


def test_the_last_will_speaks_for_a_device_that_is_cut_off(broker: "Broker", listener: "Listener") -> None:
    client = DeviceClient(device_on(broker), BrokerAddress.parse(broker.url))
    client.start()
    client.await_connected(timeout_s=10)
    listener.wait_until(lambda: online(listener) == [True])
    client.cut_power()
    listener.wait_until(lambda: online(listener) == [True, False])


def test_a_long_upload_goes_in_several_messages(broker: "Broker", listener: "Listener") -> None:
    events = [SignalEvent("signal-1", NOW + timedelta(milliseconds=100 * n), 82, 1) for n in range(READINGS_MAX + 1)]
    with connected([device_on(broker, "signal-1", Kind.SIGNAL)], BrokerAddress.parse(broker.url)) as clients:
        clients["signal-1"].publish(events)
        assert clients["signal-1"].await_acknowledged(timeout_s=10)
        assert clients["signal-1"].counts == PublishCounts(2, 2, READINGS_MAX + 1, READINGS_MAX + 1)
    listener.wait_until(lambda: len(listener.payloads("/telemetry")) == 2)


def test_a_wrong_password_is_reported_in_the_brokers_words(broker: "Broker") -> None:
    device = SimulatedDevice("monitor-1", Kind.WATERLOGGING, "370102", "wrong")
    with (
        pytest.raises(NotConnected, match=r"monitor-1 could not connect .* the broker refused: "),
        connected([device], BrokerAddress.parse(broker.url), timeout_s=2),
    ):
        pass


def test_a_broker_that_is_not_there_is_reported(broker: "Broker") -> None:
    device = device_on(broker)
    broker.server.stop()
    began = time.monotonic()
    with (
        pytest.raises(NotConnected, match="no broker at this address"),
        connected([device], BrokerAddress.parse(broker.url), timeout_s=2),
    ):
        pass
    assert time.monotonic() - began < 8


def test_what_is_published_while_the_broker_is_away_arrives_in_order(broker: "Broker", listener: "Listener") -> None:
    readings = [WaterReading("monitor-1", 0, NOW + timedelta(minutes=minute), depth_mm=1.0) for minute in range(50)]
    with connected([device_on(broker)], BrokerAddress.parse(broker.url)) as clients:
        client = clients["monitor-1"]
        broker.server.stop()
        for reading in readings:
            client.publish([reading])
        assert not client.await_acknowledged(timeout_s=0.2)
        assert client.waiting >= len(readings)
        broker.server.start()
        assert client.await_acknowledged(timeout_s=20)
        assert client.counts == PublishCounts(50, 50, 50, 50)
    listener.wait_until(lambda: len(listener.payloads("/telemetry")) >= len(readings))
    decoded = [
        CODECS["json"].decode(Kind.WATERLOGGING, "monitor-1", it)[0][0] for it in listener.payloads("/telemetry")
    ]
    assert list(dict.fromkeys(map(repr, decoded))) == [repr(reading) for reading in readings]


def test_a_password_is_not_shown(broker: "Broker") -> None:
    device = device_on(broker)
    assert device.password not in repr(device)


@pytest.mark.parametrize("url", ["", "localhost", "http://localhost:1883", "mqtt://"])
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mqtt://127"):
        BrokerAddress.parse(url)


def test_an_address_may_leave_out_the_port() -> None:
    assert BrokerAddress.parse("mqtt://broker") == BrokerAddress("broker", 1883)
