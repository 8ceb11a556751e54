"""Publishing through a broker that stops and comes back: nothing old after something new, no copies."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill

import pytest

from rencheng.messaging.mqtt.session import Session
from tests.conftest import Broker
from tests.messaging.mqtt.sessions import publish
from tests.support.mqtt_listener import Listener, listening
from tests.support.polling import eventually

TOPIC = "rencheng/v1/370102/warning/S1"


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


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Listener]:
    user, password = broker.account("operator")
    with listening(user=user, password=password, address=broker.address) as listener:
        yield listener


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    """Stop the broker's process for a while, without closing its connections."""
    pid = broker.server.pid
    assert pid is not None
    kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        kill(pid, signal.SIGCONT)


def publish_first(session: Session, subscriber: Listener) -> None:
    eventually(lambda: publish(session, TOPIC, b"first", timeout_s=5))
    eventually(lambda: subscriber.payloads(TOPIC), [b"first"])


def test_a_message_offered_while_the_broker_was_away_is_not_sent_later(
    session: Session, broker: Broker, subscriber: Listener
) -> None:
    broker.server.stop()
    eventually(lambda: not session.is_connected)
    assert [publish(session, TOPIC, b"old", timeout_s=1) for _ in range(5)] == [False] * 5
    broker.server.start()
    eventually(lambda: session.is_connected)

    assert publish(session, TOPIC, b"new", timeout_s=5)
    eventually(lambda: subscriber.payloads(TOPIC), [b"new"])


def test_an_overdue_message_goes_before_a_later_one(session: Session, broker: Broker, subscriber: Listener) -> None:
    publish_first(session, subscriber)
    with frozen(broker):
        assert not publish(session, TOPIC, b"second", timeout_s=0.3)
        assert not publish(session, TOPIC, b"third", timeout_s=0.3)
        assert len(session.unacknowledged) == 2

    eventually(lambda: subscriber.payloads(TOPIC), [b"first", b"second", b"third"])


def test_messages_sent_without_waiting_come_in_order_and_are_acked_once(session: Session, subscriber: Listener) -> None:
    publish_first(session, subscriber)
    bodies = [f"body-{number}".encode() for number in range(50)]
    sent = session.publish_nowait([(TOPIC, body) for body in bodies], retain=True)
    last = session.publish_nowait([(TOPIC, b"last")], retain=True)

    assert session.acked(wait_s=5) == {*sent, *last}
    assert len(sent) == 50
    assert session.acked() == set()
    eventually(lambda: subscriber.payloads(TOPIC), [b"first", *bodies, b"last"])


def test_messages_sent_to_a_frozen_broker_are_not_acked_and_go_before_later_ones(
    session: Session, broker: Broker, subscriber: Listener
) -> None:
    publish_first(session, subscriber)
    with frozen(broker):
        sent = session.publish_nowait([(TOPIC, b"second"), (TOPIC, b"third")], retain=True)
        assert session.acked(wait_s=0.3) == set()
    last = session.publish_nowait([(TOPIC, b"fifth")], retain=True)

    assert session.acked(wait_s=5) == {*sent, *last}
    assert session.unacknowledged == frozenset()
    eventually(lambda: subscriber.payloads(TOPIC), [b"first", b"second", b"third", b"fifth"])
