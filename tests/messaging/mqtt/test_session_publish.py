"""Publishing through a broker that stops and comes back: nothing old after something new, no copies."""

import signal
from collections.abc import Iterator
from os import kill

import pytest

from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.session import Session
from tests.alerts.services import Dispatcher, eventually
from tests.conftest import Broker

TOPIC = "rencheng/v1/370102/warning/S1"


@pytest.fixture
def session(broker: Broker) -> Iterator[Session]:
    session = Session(
        broker.address,
        client_id="rencheng-alerts",
        account=broker.account("alerts"),
        subscriptions=["rencheng/v1/+/waterlogging/+/telemetry"],
        inbox=Inbox(),
        persistent=False,
    )
    with session:
        eventually(lambda: session.is_connected, expected=True)
        yield session


def said(word: str) -> bytes:
    return f'{{"msg_type": "{word}", "identifier": "{word}", "site": {{"id": "S1"}}}}'.encode()


def test_what_was_offered_while_the_broker_was_away_is_not_sent_behind_our_back(
    session: Session, broker: Broker, dispatcher: Dispatcher
) -> None:
    broker.server.stop()
    eventually(lambda: session.is_connected, expected=False)
    assert [session.publish(TOPIC, said("old"), retain=True, timeout_s=1) for _ in range(5)] == [False] * 5
    broker.server.start()
    eventually(lambda: session.is_connected, expected=True)

    assert session.publish(TOPIC, said("new"), retain=True, timeout_s=5)
    eventually(lambda: dispatcher.types("S1"), ["new"])


def test_what_got_no_word_goes_before_what_comes_later(
    session: Session, broker: Broker, dispatcher: Dispatcher
) -> None:
    eventually(lambda: session.publish(TOPIC, said("first"), retain=True, timeout_s=5), expected=True)
    eventually(lambda: dispatcher.types("S1"), ["first"])
    pid = broker.server.pid
    assert pid is not None
    kill(pid, signal.SIGSTOP)
    try:
        assert not session.publish(TOPIC, said("second"), retain=True, timeout_s=0.3)
        assert not session.publish(TOPIC, said("third"), retain=True, timeout_s=0.3)
    finally:
        kill(pid, signal.SIGCONT)

    assert session.publish(TOPIC, said("third"), retain=True, timeout_s=5)
    eventually(lambda: dispatcher.types("S1"), ["first", "second", "third"])


def test_what_is_sent_without_waiting_comes_in_order_and_is_settled_once(
    session: Session, dispatcher: Dispatcher
) -> None:
    eventually(lambda: session.publish(TOPIC, said("first"), retain=True, timeout_s=5), expected=True)
    eventually(lambda: dispatcher.types("S1"), ["first"])
    words = [f"word-{number}" for number in range(50)]
    sent = session.publish_nowait([(TOPIC, said(word)) for word in words], retain=True)
    assert session.publish(TOPIC, said("last"), retain=True, timeout_s=5)

    assert session.acked(wait_s=5) == set(sent)
    assert len(sent) == 50
    assert session.acked() == set()
    eventually(lambda: dispatcher.types("S1"), ["first", *words, "last"])


def test_what_was_sent_to_a_silent_broker_is_not_taken_and_goes_before_what_comes_later(
    session: Session, broker: Broker, dispatcher: Dispatcher
) -> None:
    eventually(lambda: session.publish(TOPIC, said("first"), retain=True, timeout_s=5), expected=True)
    eventually(lambda: dispatcher.types("S1"), ["first"])
    pid = broker.server.pid
    assert pid is not None
    kill(pid, signal.SIGSTOP)
    try:
        sent = session.publish_nowait([(TOPIC, said("second")), (TOPIC, said("third"))], retain=True)
        assert session.acked(wait_s=0.3) == set()
        assert not session.publish(TOPIC, said("fourth"), retain=True, timeout_s=0.3)
    finally:
        kill(pid, signal.SIGCONT)

    assert session.publish(TOPIC, said("fifth"), retain=True, timeout_s=5)
    assert session.acked() == set(sent)
    eventually(lambda: dispatcher.types("S1"), ["first", "second", "third", "fifth"])
