"""The sink on a real broker that stops, freezes and comes back: in order, and the newest of a topic last."""

import signal
from collections.abc import Callable, Iterator
from os import kill

import pytest

from rencheng.domain.outgoing import OutgoingMessage
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.clock import SYSTEM_CLOCK
from services.alerts.outbox.sink import MqttSink
from tests.conftest import Broker
from tests.support.mqtt_clients import Dispatch, retained
from tests.support.polling import eventually


@pytest.fixture
def session(broker: Broker) -> Iterator[Session]:
    session = Session(
        broker.address,
        client_id="rencheng-alerts",
        account=broker.account("alerts"),
        subscriptions=["rencheng/v1/+/waterlogging/+/telemetry"],
        persistent=False,
    )
    with session:
        eventually(lambda: session.is_connected)
        yield session


def message(name: str) -> OutgoingMessage:
    document = {"msg_type": name, "identifier": name, "site": {"id": "S1"}}
    return OutgoingMessage(name, "rencheng/v1/370102/warning/S1", document, SYSTEM_CLOCK.now(), "S1")


def collected(sink: MqttSink) -> Callable[[], list[str]]:
    """Return a question that collects, and answers with all that was collected so far."""
    names: list[str] = []

    def collect() -> list[str]:
        names.extend(one.identifier for one in sink.collect())
        return names

    return collect


def test_what_a_frozen_broker_received_late_is_sent_once_and_in_order(
    session: Session, broker: Broker, dispatch: Dispatch
) -> None:
    sink = MqttSink(session)
    pid = broker.server.pid
    assert pid is not None
    kill(pid, signal.SIGSTOP)
    try:
        assert sink.send([message("1"), message("2")])
        assert sink.send([message("1"), message("2"), message("3")])
        assert sink.collect(wait_s=0.3) == []
    finally:
        kill(pid, signal.SIGCONT)

    eventually(collected(sink), ["1", "2", "3"])
    eventually(lambda: dispatch.types("S1"), ["1", "2", "3"])


def test_what_could_not_be_sent_is_sent_after_a_restart_of_the_broker(session: Session, broker: Broker) -> None:
    sink = MqttSink(session)
    assert sink.send([message("1")])
    eventually(collected(sink), ["1"])
    broker.server.stop()
    eventually(lambda: not session.is_connected)
    assert not sink.send([message("2"), message("3")])
    broker.server.start()
    eventually(lambda: sink.send([message("2"), message("3")]))

    eventually(collected(sink), ["2", "3"])
    assert retained(broker, "S1") == "3"


def test_what_the_session_dropped_is_sent_again(session: Session, broker: Broker) -> None:
    sink = MqttSink(session)
    pid = broker.server.pid
    assert pid is not None
    kill(pid, signal.SIGSTOP)
    try:
        assert sink.send([message("1"), message("2")])
    finally:
        session.close()
        kill(pid, signal.SIGCONT)
    session.open()  # as after an overflow of its inbox: a new client, which knows nothing of them

    eventually(collected(sink), ["1", "2"])
    assert retained(broker, "S1") == "2"
