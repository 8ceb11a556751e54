"""Two people, for any interleaving of requests, approvals, withdrawals and changes, on a real database."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from rencheng.devices.actuators import save_actuator, take_out_of_service
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations.commands import approve_command, ask_command, refuse_command, withdraw_command
from rencheng.operations.people import save_person
from rencheng.operations.proposals import propose_commands
from rencheng.operations.sending import follow_command
from rencheng.operations.signers import Signer
from rencheng.response.calls.forms import PersonForm
from rencheng.response.commands.command import Command, CommandState
from rencheng.response.commands.forms import ActuatorForm, CommandForm
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.store.commands.commands import commands_to_look_at, list_commands
from rencheng.store.core.database import Connection
from tests.support.decisions import decide, open_sites

REGION = "370102"
PEOPLE = {"ann": "keeper", "bo": "police", "cy": "street"}
DEVICES = {"barrier-1": ActuatorKind.BARRIER, "pump-1": ActuatorKind.PUMP}


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    open_sites(engine, "S1")
    with engine.begin() as connection:
        for person, role in PEOPLE.items():
            form = {"person_id": person, "name": person, "regions": [REGION], "roles": [role]}
            save_person(connection, PersonForm.model_validate(form), actor="a test")
        soon = "INSERT INTO site_states (site_id, snapshot, no_data_from) VALUES ('S1', '{}', now() + interval '1 h')"
        connection.execute(text(soon))
    yield engine
    engine.dispose()


def signer(person: str, *, key: int = 1) -> Signer:
    return Signer(f"key {key} of {person}", person)


def register(connection: Connection, device: str, name: str = "") -> None:
    form = ActuatorForm(device_id=device, kind=DEVICES[device], region=REGION, site_id="S1", name=name)
    save_actuator(connection, form, actor="a test")


def start(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("TRUNCATE actuators, warnings CASCADE"))
        for device in DEVICES:
            register(connection, device)


def ask(connection: Connection, device: str, verb: Verb, key: str, by: Signer) -> Command:
    form = CommandForm.model_validate({"device_id": device, "verb": verb, "reason": "a test"})
    return ask_command(connection, form, key, by)


def all_commands(database: Engine) -> list[Command]:
    with database.connect() as connection:
        found = list_commands(connection, reach=EVERYWHERE, world=None, limit=1000)
    return [each.command for each in found]


ACTS = ("ask", "approve", "refuse", "withdraw", "change", "send")
acts = st.lists(
    st.tuples(
        st.sampled_from(ACTS), st.sampled_from([*PEOPLE, None]), st.sampled_from(list(DEVICES)), st.integers(0, 9)
    ),
    min_size=4,
    max_size=16,
)


def play(database: Engine, act: str, person: str | None, device: str, number: int) -> None:
    by = Signer(f"key {number % 2} of {person}", person)
    known = all_commands(database)
    with suppress(NotPossible), database.begin() as connection:
        chosen = known[number % len(known)].command_id if known else ""
        match act:
            case "ask":
                verb = Verb.BARRIER_OPEN if device == "barrier-1" else Verb.PUMP_STOP
                ask(connection, device, verb, f"k{number}", by)
            case "approve" if chosen:
                approve_command(connection, chosen, by)
            case "refuse" if chosen and number == 0:
                refuse_command(connection, chosen, "x", actor=by.actor)
            case "withdraw" if chosen and number == 1:
                withdraw_command(connection, chosen, "x", actor=by.actor)
            case "change" if number <= 2:
                register(connection, device, f"name {number}")
            case "send":
                for command_id in commands_to_look_at(connection):
                    follow_command(connection, command_id, may_send=True)


@settings(max_examples=25)
@given(acts)
def test_nothing_that_undoes_is_sent_without_two_others_after_the_last_change(
    database: Engine, given_acts: list[tuple[str, str | None, str, int]]
) -> None:
    start(database)
    changed_at: dict[str, datetime] = {}
    for act, person, device, number in given_acts:
        before = {each.command_id: each for each in all_commands(database)}
        with database.connect() as connection:
            version = connection.execute(text("SELECT sum(version) FROM actuators")).scalar()
        play(database, act, person, device, number)
        with database.connect() as connection:
            if connection.execute(text("SELECT sum(version) FROM actuators")).scalar() != version:
                changed_at[device] = datetime.now(UTC)
        for each in all_commands(database):
            if each.sent_at is None or (before.get(each.command_id) or each).sent_at is not None:
                continue
            since = changed_at.get(each.device_id, datetime.min.replace(tzinfo=UTC))
            others = {s.person_id for s in each.signatures if s.at > since - timedelta(seconds=0)} - {each.requester}
            assert each.requester is not None
            assert len(others) >= 2
            roles = {role for s in each.signatures for role in s.roles}
            assert each.verb is not Verb.BARRIER_OPEN or roles & {"police", "keeper"}


def test_one_person_does_not_open_a_barrier_by_any_key_and_a_key_without_a_person_approves_nothing(
    database: Engine,
) -> None:
    start(database)
    with database.begin() as connection:
        opening = ask(connection, "barrier-1", Verb.BARRIER_OPEN, "k", signer("ann"))
    refused = (signer("ann"), signer("ann", key=2), Signer("key of an administrator", None), Signer("shell root", None))
    for each in refused:
        with pytest.raises(NotPossible), database.begin() as connection:
            approve_command(connection, opening.command_id, each)
    with pytest.raises(NotPossible, match="names no person"), database.begin() as connection:
        ask(connection, "barrier-1", Verb.BARRIER_OPEN, "other", Signer("a bridge", None))
    with database.begin() as connection:
        approve_command(connection, opening.command_id, signer("cy"))
        approve_command(connection, opening.command_id, signer("cy", key=2))
    [only] = all_commands(database)
    assert only.state is CommandState.ASKED
    with database.begin() as connection:
        assert approve_command(connection, opening.command_id, signer("bo")).state is CommandState.APPROVED


def test_a_retired_device_gets_nothing_more(database: Engine) -> None:
    start(database)
    with database.begin() as connection:
        closing = ask(connection, "barrier-1", Verb.BARRIER_CLOSE, "k", signer("ann"))
        take_out_of_service(connection, "barrier-1", actor="a test")
    [only] = all_commands(database)
    assert (only.command_id, only.state) == (closing.command_id, CommandState.REFUSED)
    with pytest.raises(NotPossible, match="takes no commands"), database.begin() as connection:
        ask(connection, "barrier-1", Verb.BARRIER_CLOSE, "again", signer("ann"))


def test_a_newer_approval_replaces_the_older_command_and_a_used_key_names_one_command(database: Engine) -> None:
    start(database)
    with database.begin() as connection:
        opening = ask(connection, "barrier-1", Verb.BARRIER_OPEN, "open", signer("ann"))
        first = ask(connection, "barrier-1", Verb.BARRIER_CLOSE, "close", signer("ann"))
        second = ask(connection, "barrier-1", Verb.BARRIER_CLOSE, "close again", signer("ann"))
    found = {each.command_id: each.state for each in all_commands(database)}
    assert found == {
        opening.command_id: CommandState.SUPERSEDED,
        first.command_id: CommandState.SUPERSEDED,
        second.command_id: CommandState.APPROVED,
    }
    with pytest.raises(NotPossible, match="was used"), database.begin() as connection:
        ask(connection, "barrier-1", Verb.BARRIER_OPEN, "close", signer("ann"))


def test_proposals_follow_the_warning_once_each_and_end_with_it(database: Engine) -> None:
    start(database)
    dice = random.Random(7)  # noqa: S311 - the order of looks
    for level in (Level.YELLOW, Level.ORANGE, Level.RED):
        decide(database, "S1", int(level), level)
        for _ in range(dice.randint(1, 3)):
            with database.begin() as connection:
                propose_commands(connection)
    asked = all_commands(database)
    assert {(each.device_id, each.verb, each.proposal_id) for each in asked} == {
        ("pump-1", Verb.PUMP_START, "S1-w.orange"),
        ("barrier-1", Verb.BARRIER_CLOSE, "S1-w.red"),
    }
    decide(database, "S1", 9, Level.RED, ends=True)
    with database.begin() as connection:
        propose_commands(connection)
    assert {each.state for each in all_commands(database)} == {CommandState.WITHDRAWN}


def test_a_command_cannot_be_written_for_a_device_of_another_world(database: Engine) -> None:
    start(database)
    with database.begin() as connection:
        ask(connection, "pump-1", Verb.PUMP_START, "k", signer("ann"))
        connection.execute(text("INSERT INTO worlds (world, title) VALUES ('drill', 'x') ON CONFLICT DO NOTHING"))
    with pytest.raises(Exception, match="commands_stay_in_their_world"), database.begin() as connection:
        connection.execute(text("UPDATE commands SET world = 'drill'"))
