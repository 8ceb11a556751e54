import time

import pytest

from rencheng.messaging.inbox import InboundMessage, Inbox
from rencheng.messaging.mqtt import session as session_module
from rencheng.messaging.mqtt.session import Session
from tests.broker.conftest import ALL, GAUGE, TOPIC, Device, Heard, MakeSession, eventually
from tests.conftest import Broker

SENT = [str(number).encode() for number in range(600)]


def payloads(deliveries: list[InboundMessage]) -> list[bytes]:
    return [one.message.payload for one in deliveries]


def drain(session: Session, inbox: Inbox, *, count: int, at_once: int = 50, pause_s: float = 0) -> list[bytes]:
    """Work as ingest does, until so many different messages came."""
    got: list[bytes] = []
    until = time.monotonic() + 40
    while len(set(got)) < count:
        assert time.monotonic() < until, f"only {len(set(got))} of {count} came"
        taken = inbox.take(messages_max=at_once, wait_s=0.05)
        got += payloads(taken)
        time.sleep(pause_s)
        session.acknowledge(one.ack for one in taken)
        session.resume_if_drained()
    return got


def test_messages_come_in_order_and_what_is_acknowledged_does_not_come_again(
    make_session: MakeSession, device: Device
) -> None:
    inbox = Inbox()
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT)
        first = drain(session, inbox, count=len(SENT))
        time.sleep(0.5)  # for the acknowledgements to arrive
    with session:
        assert heard.up.wait(20)
        device.send([b"last"])
        second = drain(session, inbox, count=1)

    assert first == SENT
    assert second == [b"last"]


def test_what_was_not_acknowledged_comes_again_after_a_goodbye(make_session: MakeSession, device: Device) -> None:
    inbox = Inbox()
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT)
        eventually(lambda: len(inbox) == len(SENT))
        session.acknowledge(one.ack for one in inbox.take(messages_max=200, wait_s=0))
        time.sleep(0.5)  # for the acknowledgements to leave
    left = len(inbox)
    with session:
        again = drain(session, inbox, count=400)

    assert left == 0
    assert again == SENT[200:]


def test_a_slow_reader_holds_the_broker_back_and_nobody_hangs_up(make_session: MakeSession, device: Device) -> None:
    inbox = Inbox(messages_max=20)
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT)
        got = drain(session, inbox, count=len(SENT), at_once=10, pause_s=0.01)

    assert got == SENT
    assert [up for up, _ in heard.changes[:-1]] == [True]


def test_a_reader_that_stands_still_hangs_up_and_later_resumes_with_nothing_lost(
    make_session: MakeSession, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "ROOM_WAIT_S", 0.2)
    inbox = Inbox(messages_max=20)
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT)
        eventually(lambda: not heard.up.is_set())
        held = len(inbox)
        session.resume_if_drained()  # not yet: what it holds comes first
        still_away = not session.is_connected
        got = drain(session, inbox, count=len(SENT))

    assert (held, still_away) == (20, True)
    assert set(got) == set(SENT)
    assert got[:20] == SENT[:20]
    assert list(dict.fromkeys(got)) == SENT


def test_a_session_that_waits_for_room_ends_at_once(make_session: MakeSession, device: Device) -> None:
    inbox = Inbox(messages_max=5)
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT)
        eventually(lambda: len(inbox) == 5)
        begun = time.monotonic()

    assert time.monotonic() - begun < 3


def test_receipts_of_an_older_connection_are_void(make_session: MakeSession, device: Device, broker: Broker) -> None:
    inbox = Inbox()
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send(SENT[:10])
        old = drain_unacknowledged(inbox, 10)
        broker.server.stop()
        broker.server.start()
        eventually(heard.up.is_set)
        again = drain_unacknowledged(inbox, 10)
        session.acknowledge(one.ack for one in old)
        time.sleep(0.3)
    with session:  # had the old receipts counted, nothing would be left
        third = drain(session, inbox, count=10)

    assert payloads(again) == SENT[:10]
    assert third == SENT[:10]
    assert {one.ack.packet_id for one in old} & {one.ack.packet_id for one in again}


def drain_unacknowledged(inbox: Inbox, count: int) -> list[InboundMessage]:
    taken: list[InboundMessage] = []
    until = time.monotonic() + 20
    while len(taken) < count and time.monotonic() < until:
        taken += inbox.take(messages_max=count - len(taken), wait_s=0.1)
    return taken


def test_a_wrong_password_is_told(make_session: MakeSession) -> None:
    session, heard = make_session(Inbox(), account=("rencheng-ingest", "wrong"))
    with session:
        eventually(lambda: bool(heard.changes))

    assert not any(up for up, _ in heard.changes)
    assert "the broker refuses us: Not authorized" in heard.changes[0][1]


def test_publishing_is_true_when_the_broker_has_it_and_false_when_it_is_away(
    make_session: MakeSession, broker: Broker
) -> None:
    session, heard = make_session(Inbox())
    before = session.publish("rencheng/v1/370102/signal/S1/reply", b"1", retain=False, timeout_s=1)
    with session:
        assert heard.up.wait(20)
        there = session.publish("rencheng/v1/370102/signal/S1/reply", b"2", retain=False, timeout_s=20)
        broker.server.stop()
        eventually(lambda: not heard.up.is_set())
        away = session.publish("rencheng/v1/370102/signal/S1/reply", b"3", retain=False, timeout_s=1)

    assert (before, there, away) == (False, True, False)


def test_an_error_in_a_callback_does_not_deafen_the_session(make_session: MakeSession, device: Device) -> None:
    heard = Heard()

    def fail(up: bool, why: str) -> None:
        heard(up, why)
        raise BrokenPipeError("nobody reads our log")

    inbox = Inbox()
    session, _ = make_session(inbox, on_change=fail)
    with session:
        assert heard.up.wait(20)
        device.send([b"1"])
        got = drain(session, inbox, count=1)

    assert got == [b"1"]


def test_a_broker_that_is_away_at_first_is_found_later(make_session: MakeSession, broker: Broker) -> None:
    broker.server.stop()
    session, heard = make_session(Inbox())
    with session:
        time.sleep(0.2)
        broker.server.start()

        assert heard.up.wait(20)


def test_a_filter_that_was_given_up_brings_nothing_any_more(make_session: MakeSession, device: Device) -> None:
    inbox, shared = Inbox(), f"$share/rencheng-ingest/{ALL}"
    before, heard = make_session(inbox, subscriptions=[shared])
    with before:
        assert heard.up.wait(20)
    after, heard = make_session(inbox, given_up=[shared])
    with after:
        assert heard.up.wait(20)
        time.sleep(0.2)
        device.send(SENT[:10])
        got = drain(after, inbox, count=10)
        got += payloads(inbox.take(messages_max=9, wait_s=0.3))

    assert got == SENT[:10]


def test_a_device_that_names_another_is_not_heard(make_session: MakeSession, device: Device) -> None:
    inbox = Inbox()
    session, heard = make_session(inbox)
    with session:
        assert heard.up.wait(20)
        device.send([b"forged"], topic=TOPIC.replace(GAUGE, "G2"))
        device.send([b"true"])
        got = drain_unacknowledged(inbox, 1)

    assert payloads(got) == [b"true"]
