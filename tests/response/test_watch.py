"""The watch: an outside alarm is fed while everything is well, and rings when something is not."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from rencheng.domain.fault import FaultKind
from rencheng.domain.heartbeat import Part, PartReason
from rencheng.domain.level import Level
from rencheng.domain.part_rules import judge
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.accounting.heartbeats import load_platform_record
from rencheng.store.response.watch import find_faults
from tests.response.conftest import MakeResponse
from tests.support.calls import clear_calls, prove_contact, put_on_duty
from tests.support.decisions import decide, open_sites, states, subscribe
from tests.support.polling import eventually
from tests.support.webhook_receiver import Answer, WebhookReceiver

StartWatch = Callable[[], ServiceProcess]


@pytest.fixture(autouse=True)
def _clean(database: Engine) -> None:
    clear_calls(database)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM heartbeats"))


@pytest.fixture
def start_watch(database: Engine, receiver: WebhookReceiver, tmp_path: Path) -> Iterator[StartWatch]:
    environment = {
        "RENCHENG_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "RENCHENG_WATCH_EVERY_S": "1",
        "RENCHENG_HEARTBEAT_URL": f"{receiver.url}/heartbeat",
        "RENCHENG_ALARM_URL": f"{receiver.url}/alarm",
    }
    service = ServiceProcess("services.jobs", tmp_path / "jobs.log", environment)

    def start() -> ServiceProcess:
        service.start(until="runner active")
        return service

    yield start
    if service.is_running:
        service.kill()


def alarms(receiver: WebhookReceiver) -> set[str]:
    return {fault["kind"] for one in receiver.of("/alarm") for fault in one.document.get("faults", ())}


def faults(database: Engine) -> set[FaultKind]:
    with database.connect() as connection:
        return {one.kind for one in find_faults(connection)}


def make_old(database: Engine, seconds: float = 100) -> None:
    """Let time pass since everything was decided."""
    with database.begin() as connection:
        for table, column in (
            ("warning_events", "recorded_at"),
            ("undispatched", "decided_at"),
            ("dispatches", "due_at"),
            ("dispatches", "lease_until"),
            ("calls", "next_due"),
        ):
            connection.execute(text(f"UPDATE {table} SET {column} = {column} - interval '{seconds} s'"))


def condition(database: Engine) -> PartReason | None:
    with database.connect() as connection:
        [watch] = [one for one in judge(load_platform_record(connection)) if one.part is Part.WATCH]
    return watch.reason


def test_an_outside_alarm_gets_heartbeats_until_a_message_does_not_come_back(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver, start_watch: StartWatch
) -> None:
    response = make_response()
    start_watch()
    eventually(lambda: len(receiver.of("/heartbeat")) >= 2, within_s=10)
    with database.connect() as connection:
        sent = connection.execute(
            text("SELECT count(*) FROM dispatches WHERE purpose = 'synthetic' AND state = 'sent'")
        )
        assert sent.scalar_one() >= 2
    receiver.answer = lambda _: Answer(status=503)
    eventually(lambda: condition(database) is PartReason.NO_ALARM, within_s=10)
    receiver.answer = lambda _: Answer()
    eventually(lambda: condition(database) is None, within_s=10)
    response.kill()
    eventually(lambda: "not_returned" in alarms(receiver), within_s=25)
    beaten = len(receiver.of("/heartbeat"))
    time.sleep(2)
    assert len(receiver.of("/heartbeat")) == beaten
    eventually(lambda: condition(database) is PartReason.FAULTS, within_s=5)


def test_with_all_gateways_down_a_call_is_exhausted_and_the_outside_alarm_rings(
    database: Engine, make_response: MakeResponse, receiver: WebhookReceiver, start_watch: StartWatch
) -> None:
    open_sites(database, "S1")
    put_on_duty(database)
    with database.begin() as connection:
        connection.execute(text("UPDATE sites SET region = '370102'"))
        connection.execute(text("UPDATE contact_methods SET verified_at = NULL"))
        for person in ("ann", "bo", "cy"):
            prove_contact(connection, person, "webhook", f"{receiver.url}/{person}")
    hook, _ = subscribe(database, "hook", "webhook", f"{receiver.url}/hook")
    receiver.answer = lambda one: Answer(status=200 if one.path in {"/alarm", "/heartbeat"} else 404)
    make_response()
    start_watch()
    eventually(lambda: len(receiver.of("/heartbeat")) >= 1, within_s=10)
    decide(database, "S1", 1, Level.RED)
    eventually(lambda: "call_exhausted" in alarms(receiver), within_s=30)
    eventually(lambda: states(database, hook) == [(1, "failed")])  # beside the job runner, which has a lock of its own
    make_old(database)
    eventually(lambda: "unreached" in alarms(receiver), within_s=10)


def test_the_watch_finds_what_the_services_passed_over(database: Engine) -> None:
    """Each fault is made in the tables alone: no service runs that could see it."""
    open_sites(database, "S1", "S2")
    number, _ = subscribe(database, "hook", "webhook", "http://127.0.0.1/a")
    assert faults(database) == set()
    decide(database, "S1", 1, Level.RED)
    assert faults(database) == set()
    make_old(database)
    assert faults(database) == {FaultKind.DISPATCH_LATE}
    with database.begin() as connection:
        connection.execute(text("DELETE FROM undispatched"))
    assert faults(database) == {FaultKind.UNREACHED}
    put_on_duty(database)
    assert faults(database) == {FaultKind.UNREACHED, FaultKind.NO_CALL}
    with database.begin() as connection:
        connection.execute(text("DELETE FROM rosters"))
    for sequence in (2, 3, 4):
        decide(database, "S1", sequence, Level.RED, ends=sequence == 4)
    make_old(database)
    _dispatch_sent(database, number, 1, 3)
    assert faults(database) == {FaultKind.SEQUENCE_GAP, FaultKind.END_MISSING}
    _dispatch_sent(database, number, 2, 4)
    assert faults(database) == set()
    assert len(states(database, number)) == 4


def _dispatch_sent(database: Engine, method_id: int, *sequences: int) -> None:
    """Write dispatches as sent, past the service."""
    with database.begin() as connection:
        connection.execute(text("DELETE FROM undispatched"))
        for sequence in sequences:
            connection.execute(
                text(
                    "INSERT INTO dispatches (dispatch_id, method_id, world, source, source_id, purpose, line, sequence,"
                    " warning_id, level, is_end, state, rank, due_at, expires_at) VALUES (gen_random_uuid(), :method,"
                    " 'actual', 'event', :name, 'warning', 'S1-w', :sequence, 'S1-w', 4, :is_end, 'sent', 2, now(),"
                    " now())"
                ),
                {"method": method_id, "name": str(sequence), "sequence": sequence, "is_end": sequence == 4},
            )
