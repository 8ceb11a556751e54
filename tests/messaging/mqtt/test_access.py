"""The broker's access rules: a device receives its own replies alone, and publishes to its own topics alone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel
from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.mqtt_listener import Listener, listening
from tests.support.polling import eventually

OURS, THEIRS = "rencheng/v1/370102/waterlogging/G1/reply", "rencheng/v1/370102/waterlogging/G2/reply"


@pytest.fixture
def listen(broker: Broker) -> Iterator[Callable[[str], Listener]]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(
            listening(user=name, password=broker.passwords[name], address=broker.address)
        )


def test_a_device_gets_its_own_replies_and_no_others(broker: Broker, listen: Callable[[str], Listener]) -> None:
    broker.add_accounts("G1", "G2")
    sender = DeviceClient(broker, "rencheng-ingest")
    listener = listen("G1")
    for topic in (THEIRS, OURS):
        sender._client.publish(topic, b"reply", qos=1).wait_for_publish(20)
    listener.wait_until(lambda: listener.payloads(OURS) == [b"reply"])
    sender.close()

    assert listener.messages == [(OURS, b"reply")]


def test_a_device_that_publishes_for_another_is_dropped_and_disconnected(
    broker: Broker, listen: Callable[[str], Listener]
) -> None:
    listener = listen("rencheng-operator")
    for forged in (THEIRS, THEIRS.replace("reply", "telemetry")):
        forger = DeviceClient(broker, "G1")
        forger._client.publish(forged, b"forged", qos=0)
        eventually(forger._client.is_connected, expected=False)
        forger.close()
    honest = DeviceClient(broker, "G1")
    honest._client.publish(OURS, b"honest", qos=1)
    listener.wait_until(lambda: listener.payloads(OURS) == [b"honest"])
    honest.close()

    assert listener.messages == [(OURS, b"honest")]


@pytest.mark.parametrize(
    "topic",
    [
        "rencheng/v1/notice/no_data/G1/state",
        "rencheng/v1/notice/waterlogging/G1/state",
        "rencheng/v1/notice/charging/G1/telemetry",
        "rencheng/v1/service/signal/G1/state",
        "rencheng/v1/370102/warning/G1/telemetry",
        "rencheng/v1/370102/anything/G1/reply",
        "rencheng/v1/370102/waterlogging/G1/command",
    ],
)
def test_a_device_writes_nothing_beside_the_topics_of_the_three_kinds(
    broker: Broker, listen: Callable[[str], Listener], topic: str
) -> None:
    listener = listen("rencheng-operator")
    forger = DeviceClient(broker, "G1")
    forger._client.publish(topic, b"forged", qos=1, retain=True)
    eventually(forger._client.is_connected, expected=False)
    forger.close()
    honest = DeviceClient(broker, "G2")
    own = [
        f"rencheng/v1/370102/{kind}/G2/{channel}" for kind in Kind for channel in Channel if channel != Channel.COMMAND
    ]
    for each in own:
        honest._client.publish(each, b"honest", qos=1)
    listener.wait_until(lambda: len(listener.messages) >= len(own))
    honest.close()

    assert [each for each, _ in listener.messages] == own
