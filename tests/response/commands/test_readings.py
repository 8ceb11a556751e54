"""Piles and gauges report their state with their readings: these confirm a command, and older ones do not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, text

from rencheng.devices.actuators import save_actuator
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel
from rencheng.operations.commands import ask_command
from rencheng.operations.sending import follow_command, take_from_device
from rencheng.operations.signers import Signer
from rencheng.response.commands.command import Command, CommandState
from rencheng.response.commands.forms import ActuatorForm, CommandForm
from rencheng.response.commands.inputs import ReplyOutcome
from rencheng.response.commands.verbs import READING_KINDS, ActuatorKind, Verb
from rencheng.response.commands.wire import ReplyDocument, device_topic
from rencheng.store.commands.commands import commands_to_look_at, find_command
from rencheng.store.registry.devices import add_region, register

REGION = "370102"
DEVICES = {"p1": ActuatorKind.PILE, "g1": ActuatorKind.GAUGE}


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        register(connection, [(Device(name, READING_KINDS[kind], REGION), None) for name, kind in DEVICES.items()])
        for name, kind in DEVICES.items():
            save_actuator(connection, ActuatorForm(device_id=name, kind=kind, region=REGION), actor="a test")
    yield engine
    engine.dispose()


def accepted(database: Engine, device: str, verb: Verb) -> Command:
    form = CommandForm.model_validate({"device_id": device, "verb": verb, "reason": "a test"})
    with database.begin() as connection:
        command = ask_command(connection, form, verb.value, Signer("a key", None))
        [message] = follow_command(connection, command.command_id, may_send=True)
    assert message.topic == device_topic(REGION, DEVICES[device], device, Channel.COMMAND)
    reply = ReplyDocument(command=command.command_id, outcome=ReplyOutcome.ACCEPTED)
    with database.begin() as connection:
        assert not take_from_device(connection, device_topic(REGION, DEVICES[device], device, Channel.REPLY), reply)
    return command


def looked_at(database: Engine, command: Command) -> CommandState:
    with database.begin() as connection:
        assert command.command_id in commands_to_look_at(connection)
        follow_command(connection, command.command_id, may_send=True)
        kept = find_command(connection, command.command_id)
    assert kept is not None
    return kept.command.state


def store_status(database: Engine, connector: int, status: str, *, age_s: float = -1) -> None:
    columns = "device_id, time, connector_id, transaction_id, measurand, status, quality, received_at"
    values = "'p1', :at, :connector, '', 'status', :status, 0, :at"
    query = text(f"INSERT INTO meter_values ({columns}) VALUES ({values})")
    with database.begin() as connection:
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        connection.execute(query, {"at": at, "connector": connector, "status": status})


def store_mode(database: Engine, mode: str, *, age_s: float = -1) -> None:
    query = text(
        "INSERT INTO waterlogging_readings (device_id, time, channel, depth_mm, mode, quality, received_at)"
        " VALUES ('g1', :at, 0, 5, :mode, 0, :at)"
    )
    with database.begin() as connection:
        connection.execute(query, {"at": datetime.now(UTC) - timedelta(seconds=age_s), "mode": mode})


def test_a_pile_is_stopped_when_every_connector_says_so_after_it_accepted(database: Engine) -> None:
    store_status(database, 1, "Available", age_s=60)
    store_status(database, 2, "Charging", age_s=60)
    command = accepted(database, "p1", Verb.PILE_STOP)
    assert looked_at(database, command) is CommandState.ACCEPTED
    store_status(database, 1, "Available")
    assert looked_at(database, command) is CommandState.ACCEPTED
    store_status(database, 2, "Finishing")
    assert looked_at(database, command) is CommandState.CONFIRMED


def test_a_gauge_is_in_alarm_mode_when_a_later_reading_says_so(database: Engine) -> None:
    store_mode(database, "alarm", age_s=60)
    command = accepted(database, "g1", Verb.GAUGE_ALARM)
    assert looked_at(database, command) is CommandState.ACCEPTED
    store_mode(database, "alarm")
    assert looked_at(database, command) is CommandState.CONFIRMED


def test_a_pile_keeps_its_account_and_its_name(database: Engine) -> None:
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(mqtt_password_hash) FROM actuators")).scalar() == 0
    assert {READING_KINDS[kind] for kind in DEVICES.values()} == {Kind.CHARGING, Kind.WATERLOGGING}
