"""Commands through the response service: real broker, real database, simulated devices."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from device_sims.actuators.connection import ConnectedActuator
from device_sims.actuators.model import ActuatorModel, Behaviour
from device_sims.client import BrokerAddress
from rencheng.devices.actuators import save_actuator
from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations.commands import approve_command, approve_proposal, ask_command
from rencheng.operations.signers import Signer
from rencheng.response.commands.command import Command, CommandState
from rencheng.response.commands.forms import ActuatorForm, CommandForm
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.store.commands.commands import KeptCommand, find_command, list_commands
from tests.conftest import Broker
from tests.response.conftest import MakeResponse
from tests.support.calls import clear_calls, prove_contact, put_on_duty
from tests.support.decisions import decide, open_sites
from tests.support.polling import eventually
from tests.support.webhook_receiver import WebhookReceiver

REGION = "370102"
DUTIES = (("ann", "keeper"), ("bo", "duty_officer"), ("cy", "police"))


@pytest.fixture(autouse=True)
def _place(database: Engine, receiver: WebhookReceiver) -> None:
    clear_calls(database)
    with database.begin() as connection:
        connection.execute(text("TRUNCATE actuators CASCADE"))
    open_sites(database, "S1")
    put_on_duty(database, DUTIES)
    with database.begin() as connection:
        prove_contact(connection, "ann", "webhook", f"{receiver.url}/ann")
        connection.execute(
            text(
                "INSERT INTO site_states (site_id, snapshot, no_data_from) VALUES ('S1', '{}', now() + interval '1 h')"
                " ON CONFLICT (site_id) DO UPDATE SET no_data_from = excluded.no_data_from"
            )
        )


def signer(person: str) -> Signer:
    return Signer(f"key of {person}", person)


def register(database: Engine, name: str, kind: ActuatorKind) -> None:
    form = ActuatorForm(device_id=name, kind=kind, region=REGION, site_id="S1")
    with database.begin() as connection:
        save_actuator(connection, form, actor="a test")


@contextmanager
def connected(
    broker: Broker,
    database: Engine,
    name: str,
    kind: ActuatorKind = ActuatorKind.BARRIER,
    behaviour: Behaviour = Behaviour.OBEYS,
    *,
    keeps_session: bool = False,
) -> Iterator[ConnectedActuator]:
    register(database, name, kind)
    broker.add_accounts(name)
    model = ActuatorModel(kind, behaviour, random.Random(7))  # noqa: S311 - simulated movements
    address = BrokerAddress.parse(broker.url)
    with ConnectedActuator(name, REGION, broker.passwords[name], model, address, keeps_session=keeps_session) as device:
        yield device


def ask(database: Engine, device: str, verb: Verb, key: str = "k", person: str = "ann") -> Command:
    parameters = {"text": "closed"} if verb is Verb.BOARD_SHOW else {}
    form = CommandForm.model_validate({"device_id": device, "verb": verb, "reason": "a test"} | parameters)
    with database.begin() as connection:
        return ask_command(connection, form, key, signer(person))


def kept(database: Engine, command: Command) -> KeptCommand:
    with database.connect() as connection:
        found = find_command(connection, command.command_id)
    assert found is not None
    return found


def becomes(database: Engine, command: Command, state: CommandState, within_s: float = 10) -> None:
    eventually(lambda: kept(database, command).command.state is state, within_s=within_s)


def shorten(database: Engine, command: Command, name: str) -> None:
    """Let a deadline of a command be over."""
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE commands SET next_due = now(), document = jsonb_set(document, CAST(:path AS text[]),"
                " to_jsonb(now())) WHERE command_id = :id"
            ),
            {"path": [name], "id": command.command_id},
        )


def test_a_barrier_closes_within_seconds_and_the_command_ends_with_its_own_report(
    database: Engine, broker: Broker, make_response: MakeResponse
) -> None:
    with connected(broker, database, "barrier-1") as device:
        make_response()
        command = ask(database, "barrier-1", Verb.BARRIER_CLOSE)
        assert ask(database, "barrier-1", Verb.BARRIER_CLOSE) == command
        becomes(database, command, CommandState.CONFIRMED)
        assert [state for state, _ in device.model.moves] == ["closing", "closed"]
        assert device.model.obeyed == [command.command_id]
    assert kept(database, command).person_needed == ""


ENDS = {
    Behaviour.REFUSES: (CommandState.REJECTED, None),
    Behaviour.OPPOSITE: (CommandState.CONTRADICTED, None),
    Behaviour.STUCK: (CommandState.CONTRADICTED, "confirm_by"),
    Behaviour.UNSURE: (CommandState.CONTRADICTED, "confirm_by"),
    Behaviour.SILENT: (CommandState.UNANSWERED, "expires_at"),
}
"""How a command to a dishonest device ends, and the deadline at which it does."""


def test_what_a_dishonest_device_does_is_never_confirmed_and_a_person_gets_a_message(
    database: Engine, broker: Broker, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    with ExitStack() as stack:
        for behaviour in ENDS:
            device = stack.enter_context(connected(broker, database, behaviour.value, behaviour=behaviour))
            device.model.state = "open" if behaviour is not Behaviour.OPPOSITE else "closed"
        make_response()
        asked = {each: ask(database, each.value, Verb.BARRIER_CLOSE, each.value) for each in ENDS}
        for behaviour, (_, deadline) in ENDS.items():
            if deadline is not None:
                reached = CommandState.ACCEPTED if deadline == "confirm_by" else CommandState.SENT
                becomes(database, asked[behaviour], reached)
                shorten(database, asked[behaviour], deadline)
        for behaviour, (ends_as, _) in ENDS.items():
            becomes(database, asked[behaviour], ends_as)
        eventually(lambda: len(receiver.of("/ann")) == len(ENDS))
    assert all(kept(database, command).person_needed for command in asked.values())
    messages = {one.document["data"]["command_id"] for one in receiver.of("/ann")}
    assert messages == {command.command_id for command in asked.values()}


def test_a_device_that_was_away_does_not_act_on_a_command_that_waited_at_a_restarted_broker(
    database: Engine, broker: Broker, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    with connected(broker, database, "barrier-1", keeps_session=True) as device:
        make_response()
        device.disconnect()
        command = ask(database, "barrier-1", Verb.BARRIER_CLOSE)
        eventually(lambda: kept(database, command).command.is_published)
        broker.server.stop()
        broker.server.start()
        shorten(database, command, "expires_at")
        becomes(database, command, CommandState.UNANSWERED)
        eventually(lambda: len(receiver.of("/ann")) == 1)
        device.now = lambda: datetime.now(UTC) + timedelta(minutes=10)
        device.connect()
        eventually(lambda: bool(device.received), within_s=10)
        assert device.model.moves == []
        eventually(lambda: reported(database, "barrier-1") == "open")
    assert kept(database, command).command.state is CommandState.UNANSWERED


def reported(database: Engine, device: str) -> str | None:
    query = "SELECT state FROM actuator_states WHERE device_id = :device ORDER BY received_at DESC LIMIT 1"
    with database.connect() as connection:
        return connection.execute(text(query), {"device": device}).scalar()


def test_a_proposal_of_a_red_place_is_approved_in_one_step(
    database: Engine, broker: Broker, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    with (
        connected(broker, database, "barrier-1") as barrier,
        connected(broker, database, "board-1", ActuatorKind.BOARD) as board,
    ):
        make_response()
        decide(database, "S1", 1, Level.RED)
        eventually(lambda: len(proposals(database)) == 2)
        eventually(lambda: any("proposal_id" in one.document["data"] for one in receiver.of("/ann")))
        assert {each.state for each in proposals(database)} == {CommandState.ASKED}
        with database.begin() as connection:
            approve_proposal(connection, "S1-w.red", signer("bo"))
        eventually(lambda: {each.state for each in proposals(database)} == {CommandState.CONFIRMED}, within_s=10)
        assert (barrier.model.state, board.model.state, board.model.text) == ("closed", "shown", "closed")
        opening = ask(database, "barrier-1", Verb.BARRIER_OPEN, "open")
        for person in ("bo", "cy"):
            with database.begin() as connection:
                approve_command(connection, opening.command_id, signer(person))
        becomes(database, opening, CommandState.REFUSED)
        assert "warning of level red" in kept(database, opening).person_needed
        assert barrier.model.state == "closed"


def proposals(database: Engine) -> list[Command]:
    with database.connect() as connection:
        found = list_commands(connection, reach=EVERYWHERE, world=None, limit=100)
    return [each.command for each in found if each.command.proposal_id]


def test_without_a_broker_a_command_expires_and_a_person_gets_a_message(
    database: Engine, broker: Broker, make_response: MakeResponse, receiver: WebhookReceiver
) -> None:
    register(database, "barrier-1", ActuatorKind.BARRIER)
    broker.server.stop()
    make_response()
    command = ask(database, "barrier-1", Verb.BARRIER_CLOSE)
    shorten(database, command, "expires_at")
    becomes(database, command, CommandState.EXPIRED)
    eventually(lambda: len(receiver.of("/ann")) == 1)


def test_two_processes_and_a_kill_send_a_command_under_one_identity(
    database: Engine, broker: Broker, make_response: MakeResponse
) -> None:
    with connected(broker, database, "barrier-1") as device:
        first, _ = make_response("0"), make_response("1")
        commands = [ask(database, "barrier-1", Verb.BARRIER_CLOSE, "a")]
        first.kill()
        becomes(database, commands[0], CommandState.CONFIRMED, within_s=15)
        assert set(device.model.obeyed) == {commands[0].command_id}
