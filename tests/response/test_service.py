"""The response service: each subscriber gets each of its messages, in order, whatever happens to an endpoint."""

import os
import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from standardwebhooks import Webhook

from rencheng.domain.level import Level
from rencheng.operations.contacts import send_test
from rencheng.store.response.clock import ClockWatch
from rencheng.store.response.decided import dispatch_decided
from rencheng.store.response.leases import lease
from rencheng.store.response.results import expire
from tests.conftest import Broker
from tests.response.conftest import MakeResponse
from tests.support.decisions import decide, open_sites, states, subscribe
from tests.support.mqtt_clients import Dispatch
from tests.support.polling import eventually
from tests.support.webhook_receiver import Answer, Received, WebhookReceiver


def test_a_warning_goes_to_webhook_and_mqtt_within_a_second_signed_and_in_order(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver, broker: Broker
) -> None:
    open_sites(database, "S1")
    hook, secret = subscribe(database, "hook", "webhook", f"{receiver.url}/a")
    topic, _ = subscribe(database, "topic", "mqtt", "dispatch-1")
    drill, _ = subscribe(database, "drill", "webhook", f"{receiver.url}/drill", contact={"worlds": ["drill"]})
    assert secret
    dispatch = Dispatch(broker)
    make_response()
    began_s = time.monotonic()
    decide(database, "S1", 1, Level.ORANGE)
    eventually(lambda: len(receiver.of("/a")) > 0)
    assert receiver.of("/a")[0].at_s - began_s < 1
    decide(database, "S1", 2, Level.RED)
    decide(database, "S1", 3, Level.RED, ends=True)
    eventually(lambda: len(receiver.of("/a")) == 3)
    for one in receiver.of("/a"):
        Webhook(secret).verify(one.body, dict(one.headers))
    assert [one.document["data"]["sequence"] for one in receiver.of("/a")] == [1, 2, 3]
    eventually(lambda: states(database, hook) == states(database, topic) == [(1, "sent"), (2, "sent"), (3, "sent")])
    assert states(database, drill) == [] == receiver.of("/drill")
    dispatch.close()


def test_what_waits_for_an_endpoint_follows_in_order_when_it_is_back(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    open_sites(database, "S1")
    number, _ = subscribe(database, "hook", "webhook", f"{receiver.url}/a")
    receiver.answer = lambda _: Answer(status=503)
    make_response()
    decide(database, "S1", 1, Level.ORANGE)
    eventually(lambda: len(receiver.of("/a")) > 0)
    decide(database, "S1", 2, Level.RED)
    receiver.answer = lambda _: Answer()
    eventually(lambda: states(database, number) == [(1, "sent"), (2, "sent")], within_s=15)
    first, *others = receiver.of("/a")
    assert [one.document["data"]["sequence"] for one in others] == [1, 2]
    assert (first.message_id, first.body) == (others[0].message_id, others[0].body)


def test_an_endpoint_that_hangs_costs_the_others_nothing(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    open_sites(database, *(f"S{number}" for number in range(1, 9)))
    subscribe(database, "hangs", "webhook", f"{receiver.url}/hangs")
    subscribe(database, "good", "webhook", f"{receiver.url}/good")
    receiver.answer = lambda one: Answer(wait_s=20 if one.path == "/hangs" else 0)
    make_response()
    for number in range(1, 9):
        decide(database, f"S{number}", 1, Level.RED)
    began_s = time.monotonic()
    eventually(lambda: len(receiver.of("/good")) == 8, within_s=3)
    assert time.monotonic() - began_s < 2
    assert len(receiver.of("/hangs")) <= 4


def test_410_disables_the_endpoint_aloud_and_a_probe_brings_it_back(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    open_sites(database, "S1", "S2")
    number, _ = subscribe(database, "gone", "webhook", f"{receiver.url}/gone")
    subscribe(
        database, "operators", "webhook", f"{receiver.url}/operators", wants_platform_messages=True, level_min="red"
    )
    receiver.answer = lambda one: Answer(status=410 if one.path == "/gone" else 200)
    make_response()
    decide(database, "S1", 1, Level.BLUE)
    eventually(lambda: len(receiver.of("/operators")) > 0)
    assert receiver.of("/operators")[0].document["data"]["kind"] == "endpoint_disabled"
    decide(database, "S2", 1, Level.BLUE)
    eventually(lambda: (1, "due") in states(database, number))
    assert len(receiver.of("/gone")) == 1
    receiver.answer = lambda _: Answer()
    with database.begin() as connection:
        send_test(connection, number, actor="test")
    eventually(lambda: len(receiver.of("/gone")) == 3)
    assert [one.document["type"] for one in receiver.of("/gone")] == ["warning", "test", "warning"]


@pytest.mark.parametrize("when", ["held", "answered"])
def test_after_kill_9_a_message_is_repeated_under_its_id_and_none_is_lost(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver, when: str
) -> None:
    """Killed while the receiver holds the request, or in the moment of its answer."""
    open_sites(database, "S1")
    number, _ = subscribe(database, "hook", "webhook", f"{receiver.url}/a")
    service = make_response("first")
    receiver.answer = lambda _: Answer(wait_s=2 if when == "held" else 0)
    decide(database, "S1", 1, Level.RED)
    eventually(lambda: len(receiver.of("/a")) > 0)
    service.kill()
    receiver.answer = lambda _: Answer()
    with database.begin() as connection:  # a lease lasts half a minute
        connection.exec_driver_sql("UPDATE dispatches SET lease_until = now() WHERE state = 'leased'")
    make_response("second")
    eventually(lambda: states(database, number) == [(1, "sent")], within_s=15)
    assert len({one.message_id for one in receiver.of("/a")}) == 1
    assert len(receiver.of("/a")) <= 2


def test_what_was_suppressed_is_sent_once_it_is_released(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    open_sites(database, "S1")
    subscribe(database, "hook", "webhook", f"{receiver.url}/a")
    make_response()
    decide(database, "S1", 1, Level.BLUE, suppressed="silence-1")
    time.sleep(0.5)
    assert receiver.of("/a") == []
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET suppressed_by = NULL")
    eventually(lambda: len(receiver.of("/a")) > 0)


def test_two_processes_send_each_message_once(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    names = [f"S{number}" for number in range(1, 41)]
    open_sites(database, *names)
    for number in range(5):
        subscribe(database, f"hook-{number}", "webhook", f"{receiver.url}/{number}")
    make_response("one")
    make_response("two")
    for name in names:
        decide(database, name, 1, Level.RED)
    eventually(lambda: len(receiver.received) >= 200, within_s=20)
    time.sleep(0.5)
    sent: list[Received] = list(receiver.received)
    assert len(sent) == len({one.message_id for one in sent}) == 200


@pytest.mark.long
def test_a_process_that_stood_still_past_its_lease_changes_nothing_afterwards(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    """The receiver holds the first request; its answer reaches the first process after the second has taken over."""
    open_sites(database, "S1")
    number, _ = subscribe(database, "hook", "webhook", f"{receiver.url}/a")
    receiver.answer = lambda _: Answer(status=410, wait_s=1)
    first = make_response("first")
    decide(database, "S1", 1, Level.RED)
    eventually(lambda: len(receiver.of("/a")) == 1)
    os.kill(first.pid, signal.SIGSTOP)
    receiver.answer = lambda _: Answer()
    with database.begin() as connection:  # a lease lasts half a minute
        connection.exec_driver_sql("UPDATE dispatches SET lease_until = now() WHERE state = 'leased'")
    make_response("second")
    eventually(lambda: states(database, number) == [(1, "sent")], within_s=15)
    os.kill(first.pid, signal.SIGCONT)
    decide(database, "S1", 2, Level.RED)
    eventually(lambda: states(database, number) == [(1, "sent"), (2, "sent")], within_s=15)
    time.sleep(0.5)
    assert states(database, number) == [(1, "sent"), (2, "sent")]
    assert len({one.message_id for one in receiver.of("/a")}) == 2
    assert len(receiver.of("/a")) == 3


@pytest.mark.parametrize("jump_s", [7200, -7200])
def test_a_jump_of_the_databases_clock_strikes_nothing_and_delays_nothing(database: Engine, jump_s: float) -> None:
    """Seen by the clock of the machine, the database's clock is ahead by the jump, or behind."""
    open_sites(database, "S1")
    subscribe(database, "hook", "webhook", "http://127.0.0.1/a")
    decide(database, "S1", 1, Level.RED)
    passed = iter((0.0, -jump_s))
    watch = ClockWatch(lambda: next(passed))
    with database.begin() as connection:
        dispatch_decided(connection)
        assert watch.jump(connection) == timedelta()
        moved = f"interval '{-jump_s} s'"  # what was written before a jump ahead is that much older after it
        times = f"due_at = due_at + {moved}, expires_at = expires_at + {moved}"
        connection.exec_driver_sql(f"UPDATE dispatches SET {times}")
        assert abs(watch.jump(connection).total_seconds() - jump_s) < 1
        expire(connection)
        assert len(lease(connection, "a process", free=1)) == 1
