"""The broker's access rules: a device hears what is said to it alone, and speaks for itself alone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Broker
from tests.support.device_client import DeviceClient
from tests.support.mqtt_listener import Listener, listening
from tests.support.polling import eventually

OURS, THEIRS = "rencheng/v1/370102/waterlogging/G1/reply", "rencheng/v1/370102/waterlogging/G2/reply"


@pytest.fixture
def hear(broker: Broker) -> Iterator[Callable[[str], Listener]]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(
            listening(user=name, password=broker.passwords[name], address=broker.address)
        )


def test_a_device_is_answered_and_nobody_elses_answers_reach_it(
    broker: Broker, hear: Callable[[str], Listener]
) -> None:
    broker.add_accounts("G1", "G2")
    sender = DeviceClient(broker, "rencheng-ingest")
    listener = hear("G1")
    for topic in (THEIRS, OURS):
        sender._client.publish(topic, b"said", qos=1).wait_for_publish(20)
    listener.wait_until(lambda: listener.heard(OURS) == [b"said"])
    sender.close()

    assert listener.messages == [(OURS, b"said")]


def test_a_device_that_speaks_for_another_is_not_heard_and_sent_away(
    broker: Broker, hear: Callable[[str], Listener]
) -> None:
    listener = hear("rencheng-operator")
    for forged in (THEIRS, THEIRS.replace("reply", "telemetry")):
        forger = DeviceClient(broker, "G1")
        forger._client.publish(forged, b"forged", qos=0)
        eventually(forger._client.is_connected, expected=False)
        forger.close()
    honest = DeviceClient(broker, "G1")
    honest._client.publish(OURS, b"honest", qos=1)
    listener.wait_until(lambda: listener.heard(OURS) == [b"honest"])
    honest.close()

    assert listener.messages == [(OURS, b"honest")]
