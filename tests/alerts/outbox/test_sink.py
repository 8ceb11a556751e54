"""The way out to MQTT: in order, each message until it is acknowledged, the newest of a topic last."""

import pytest

from rencheng.domain.outgoing import OutgoingMessage
from services.alerts.outages import RETRY_S
from services.alerts.outbox import sink as sink_module
from services.alerts.outbox.sink import MqttSink
from tests.support.broker_session import ScriptedSession
from tests.support.clock import ManualClock

CLOCK = ManualClock()


def message(name: str) -> OutgoingMessage:
    return OutgoingMessage(name, f"t/{name}", {"identifier": name}, CLOCK.now())


def names(messages: list[OutgoingMessage]) -> list[str]:
    return [one.identifier for one in messages]


A, B, C = message("A"), message("B"), message("C")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def session() -> ScriptedSession:
    return ScriptedSession()


@pytest.fixture
def sink(session: ScriptedSession, clock: ManualClock) -> MqttSink:
    return MqttSink(session, clock)


def test_messages_are_sent_in_order_and_collected_once(sink: MqttSink, session: ScriptedSession) -> None:
    assert sink.send([A, B])

    assert session.topics() == ["A", "B"]
    assert names(sink.collect()) == ["A", "B"]
    assert sink.collect() == []
    assert sink.in_flight == 0


def test_a_message_in_flight_is_not_sent_again(sink: MqttSink, session: ScriptedSession) -> None:
    session.acknowledges = False
    assert sink.send([A])
    assert sink.send([A, B])

    assert session.topics() == ["A", "B"]
    assert sink.in_flight == 2


def test_without_a_connection_nothing_is_sent(sink: MqttSink, session: ScriptedSession) -> None:
    session.is_connected = False
    assert not sink.send([A])
    session.is_connected = True

    assert sink.send([A])
    assert session.topics() == ["A"]


def test_what_a_new_connection_dropped_goes_before_anything_newer(sink: MqttSink, session: ScriptedSession) -> None:
    session.acknowledges = False
    sink.send([A, B])
    session.reconnect()
    assert sink.collect() == []
    sink.send([C])

    assert session.topics() == ["A", "B", "A", "B", "C"]
    session.acknowledge()
    assert names(sink.collect()) == ["A", "B", "C"]


def test_what_was_dropped_holds_newer_messages_back_while_there_is_no_connection(
    sink: MqttSink, session: ScriptedSession
) -> None:
    session.acknowledges = False
    sink.send([A])
    session.is_connected = False
    session.reconnect()
    sink.collect()
    assert not sink.send([B])
    assert sink.in_flight == 1
    session.is_connected = True

    assert sink.send([B])
    assert session.topics() == ["A", "A", "B"]


def test_a_message_that_mqtt_cannot_carry_holds_nothing_up(sink: MqttSink, session: ScriptedSession) -> None:
    session.unfit = {"t/A"}

    assert sink.send([A, B])
    assert session.topics() == ["B"]
    assert sink.unpublishable == {"A"}


def test_after_a_failure_the_session_is_left_alone_for_a_moment(
    sink: MqttSink, session: ScriptedSession, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> list[int]:
        raise OSError("broken pipe")

    with monkeypatch.context() as patch:
        patch.setattr(session, "publish_nowait", fail)
        assert not sink.send([A])
    assert not sink.send([A])
    clock.advance(RETRY_S)

    assert sink.send([A])
    assert session.topics() == ["A"]


def test_memory_is_bounded_while_the_broker_is_silent(
    sink: MqttSink, session: ScriptedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.acknowledges = False
    monkeypatch.setattr(sink_module, "IN_FLIGHT_MAX", 2)

    assert not sink.send([A, B, C])
    assert session.topics() == ["A", "B"]
    session.acknowledge()
    sink.collect()
    assert sink.send([C])
