"""A session on a real broker: order, acknowledgement, a full inbox, reconnection."""

import time

import pytest

from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.session import PacketHandle, Session
from rencheng.messaging.source import AckHandle, InboundMessage
from tests.conftest import Broker
from tests.messaging.mqtt.sessions import ALL, GAUGE, TOPIC, ConnectionLog, MakeSession, publish
from tests.support.device_client import DeviceClient
from tests.support.polling import eventually

SENT = [str(number).encode() for number in range(600)]


@pytest.fixture(params=[True, False], ids=["batching", "plain paho"])
def batching(request: pytest.FixtureRequest) -> bool:
    """Both MQTT clients keep the same promises."""
    return bool(request.param)


def payloads(messages: list[InboundMessage]) -> list[bytes]:
    return [one.message.payload for one in messages]


def drain(session: Session, *, count: int, at_once: int = 50, pause_s: float = 0) -> list[bytes]:
    """Take and acknowledge until this many different messages came."""
    got: list[bytes] = []
    until = time.monotonic() + 40
    while len(set(got)) < count:
        assert time.monotonic() < until, f"only {len(set(got))} of {count} came"
        taken = session.take(at_once, 0.05)
        got += payloads(taken)
        time.sleep(pause_s)
        session.ack(one.handle for one in taken)
    return got


def take_without_ack(session: Session, count: int) -> list[InboundMessage]:
    taken: list[InboundMessage] = []
    until = time.monotonic() + 20
    while len(taken) < count and time.monotonic() < until:
        taken += session.take(count - len(taken), 0.1)
    return taken


def flush(session: Session) -> None:
    """Wait until the broker has all that was sent before on this connection."""
    assert publish(session, "rencheng/v1/370102/signal/S1/reply", b"", retain=False, timeout_s=20)


def packet_id(handle: AckHandle) -> int:
    assert isinstance(handle, PacketHandle)
    return handle.packet_id


def test_messages_come_in_order_and_an_acknowledged_one_does_not_come_again(
    make_session: MakeSession, device: DeviceClient, batching: bool
) -> None:
    session, log = make_session(batching=batching)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT)
        first = drain(session, count=len(SENT))
        flush(session)
    with session:
        assert log.up.wait(20)
        device.send_all([b"last"])
        second = drain(session, count=1)

    assert first == SENT
    assert second == [b"last"]


def test_an_unacknowledged_message_comes_again_after_the_session_was_closed(
    make_session: MakeSession, device: DeviceClient, batching: bool
) -> None:
    session, log = make_session(batching=batching)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT)
        eventually(lambda: session.waiting, len(SENT))
        session.ack(one.handle for one in session.take(200, 0))
        flush(session)
    left = session.waiting
    with session:
        again = drain(session, count=400)

    assert left == 0
    assert again == SENT[200:]


def test_a_slow_reader_holds_the_broker_back_without_a_disconnect(
    make_session: MakeSession, device: DeviceClient, batching: bool
) -> None:
    session, log = make_session(inbox=Inbox(messages_max=20), batching=batching)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT)
        got = drain(session, count=len(SENT), at_once=10, pause_s=0.01)

    assert got == SENT
    assert [up for up, _ in log.changes[:-1]] == [True]


def test_a_full_inbox_disconnects_and_an_empty_one_connects_again_with_nothing_lost(
    make_session: MakeSession, device: DeviceClient
) -> None:
    session, log = make_session(inbox=Inbox(messages_max=20), inbox_wait_s=0.2)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT)
        eventually(lambda: not log.up.is_set())
        held = session.waiting
        first = session.take(5, 0)  # the rest of the inbox comes first
        is_still_away = not session.is_connected
        got = payloads(first) + drain(session, count=len(SENT) - 5)

    assert (held, is_still_away) == (20, True)
    assert set(got) == set(SENT)
    assert got[:20] == SENT[:20]
    assert list(dict.fromkeys(got)) == SENT


def test_a_session_that_waits_for_space_closes_without_waiting(make_session: MakeSession, device: DeviceClient) -> None:
    session, log = make_session(inbox=Inbox(messages_max=5), inbox_wait_s=300)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT)
        eventually(lambda: session.waiting, 5)
        began_s = time.monotonic()

    assert time.monotonic() - began_s < 60
    assert session.take(9, 0) == []
    assert not session.is_connected


def test_handles_of_an_older_connection_have_no_effect(
    make_session: MakeSession, device: DeviceClient, broker: Broker, batching: bool
) -> None:
    session, log = make_session(batching=batching)
    with session:
        assert log.up.wait(20)
        device.send_all(SENT[:10])
        old = take_without_ack(session, 10)
        broker.server.stop()
        broker.server.start()
        eventually(log.up.is_set)
        again = take_without_ack(session, 10)
        session.ack(one.handle for one in old)
        flush(session)
    with session:  # if the old handles had counted, nothing would be left
        third = drain(session, count=10)

    assert payloads(again) == SENT[:10]
    assert third == SENT[:10]
    assert {packet_id(one.handle) for one in old} & {packet_id(one.handle) for one in again}


def test_a_wrong_password_is_reported(make_session: MakeSession) -> None:
    session, log = make_session(account=("rencheng-ingest", "wrong"))
    with session:
        eventually(lambda: bool(log.changes))

    assert not any(up for up, _ in log.changes)
    assert "the broker refuses the connection: Not authorized" in log.changes[0][1]


def test_publishing_is_true_when_the_broker_has_it_and_false_when_it_is_away(
    make_session: MakeSession, broker: Broker
) -> None:
    session, log = make_session()
    before = publish(session, "rencheng/v1/370102/signal/S1/reply", b"1", retain=False, timeout_s=1)
    with session:
        assert log.up.wait(20)
        there = publish(session, "rencheng/v1/370102/signal/S1/reply", b"2", retain=False, timeout_s=20)
        broker.server.stop()
        eventually(lambda: not log.up.is_set())
        away = publish(session, "rencheng/v1/370102/signal/S1/reply", b"3", retain=False, timeout_s=1)

    assert (before, there, away) == (False, True, False)


def test_an_error_in_a_callback_does_not_end_the_network_thread(
    make_session: MakeSession, device: DeviceClient, batching: bool
) -> None:
    log = ConnectionLog()

    def fail(up: bool, why: str) -> None:
        log(up, why)
        raise BrokenPipeError("nobody reads our log")

    session, _ = make_session(on_change=fail, batching=batching)
    with session:
        assert log.up.wait(20)
        device.send_all([b"1"])
        got = drain(session, count=1)

    assert got == [b"1"]


def test_a_broker_that_starts_later_is_found(make_session: MakeSession, broker: Broker) -> None:
    broker.server.stop()
    session, log = make_session()
    with session:
        broker.server.start()

        assert log.up.wait(20)


def test_an_unsubscribed_filter_brings_no_message_twice(make_session: MakeSession, device: DeviceClient) -> None:
    shared = f"$share/rencheng-ingest/{ALL}"
    before, log = make_session(subscriptions=[shared])
    with before:
        assert log.up.wait(20)
    after, log = make_session(unsubscribe=[shared])
    with after:
        assert log.up.wait(20)
        flush(after)  # the UNSUBSCRIBE went before it
        device.send_all(SENT[:10])
        got = drain(after, count=10)
        got += payloads(after.take(9, 0.3))

    assert got == SENT[:10]


def test_a_device_cannot_publish_under_the_name_of_another(make_session: MakeSession, device: DeviceClient) -> None:
    session, log = make_session()
    with session:
        assert log.up.wait(20)
        device.send_all([b"forged"], topic=TOPIC.replace(GAUGE, "G2"))
        device.send_all([b"true"])
        got = take_without_ack(session, 1)

    assert payloads(got) == [b"true"]
