"""Send commands, and take what devices answer and report. The response service does this; publishing is its part."""

from datetime import datetime
from typing import NamedTuple

from rencheng.domain.topic import Channel
from rencheng.operations.commands import apply
from rencheng.response.commands.command import Command, CommandState
from rencheng.response.commands.inputs import (
    AskForState,
    ClockTicked,
    CommandInput,
    CommandStep,
    PublishEnded,
    PublishNow,
    Replied,
    SendingBegan,
    StateReported,
)
from rencheng.response.commands.interlock import DeviceNow, interlock
from rencheng.response.commands.verbs import ActuatorKind
from rencheng.response.commands.wire import (
    ReplyDocument,
    StateDocument,
    device_of_topic,
    device_topic,
    encode_command,
    encode_state_request,
)
from rencheng.store.commands import commands as store
from rencheng.store.commands.actuators import find_actuator
from rencheng.store.commands.observed import gauge_mode, newest_states, pile_states, place_now, save_state
from rencheng.store.core.database import Connection, database_now


class Outgoing(NamedTuple):
    """A message to a device.

    Attributes:
        command_id: the command; None for a request for the state.
        left_s: when the broker must drop it, seconds from now.
    """

    command_id: str | None
    topic: str
    payload: bytes
    left_s: float


STATE_REQUEST_VALID_S = 3600.0
"""A request for the state waits this long for a device that is away. It moves nothing. Proposal."""


def follow_command(connection: Connection, command_id: str, *, may_send: bool) -> list[Outgoing]:
    """Let a command go on. Return what is to be published once this is committed.

    Args:
        connection: the transaction.
        command_id: the command.
        may_send: whether there is a connection to the broker.
    """
    locked = store.lock_command(connection, command_id, wait=False)
    if locked is None:
        return []
    outgoing: list[Outgoing] = []
    for given in _inputs(connection, locked[0], may_send=may_send):
        result = apply(connection, *(store.lock_command(connection, command_id) or locked), given)
        outgoing += _outgoing(connection, result)
    return outgoing


def _inputs(connection: Connection, command: Command, *, may_send: bool) -> list[CommandInput]:
    given: list[CommandInput] = [ClockTicked()]
    is_to_send = command.state is CommandState.APPROVED or (
        command.state is CommandState.SENT and not command.is_published
    )
    if is_to_send and may_send:
        actuator = find_actuator(connection, command.device_id)
        version = 0 if actuator is None or actuator.retired_at is not None else actuator.version
        given.append(SendingBegan(_interlock(connection, command), version))
    elif command.state is CommandState.ACCEPTED and command.accepted_at is not None:
        given = [*_from_readings(connection, command, command.accepted_at), *given]
    return given


def _interlock(connection: Connection, command: Command) -> str:
    known = newest_states(connection, [command.device_id]).get(command.device_id)
    device = DeviceNow() if known is None else DeviceNow(known.state, known.text, known.is_obstructed)
    return interlock(
        command, device, place_now(connection, command.site_id, command.world) if command.site_id else None
    )


def _from_readings(connection: Connection, command: Command, since: datetime) -> list[CommandInput]:
    """Return the state of devices that report it with their readings: of a pile that of every connector."""
    if command.kind is ActuatorKind.PILE:
        found = pile_states(connection, command.device_id, since)
        others = [each for each in found if each not in command.rule.wanted]
        return [StateReported((others or found)[0])] if found else []
    if command.kind is ActuatorKind.GAUGE:
        mode = gauge_mode(connection, command.device_id, since)
        return [] if mode is None else [StateReported(mode)]
    return []


def _outgoing(connection: Connection, result: CommandStep) -> list[Outgoing]:
    command = result.command
    topic = device_topic(command.region, command.kind, command.device_id, Channel.COMMAND)
    found = []
    for intent in result.intents:
        if isinstance(intent, PublishNow) and command.approved_at is not None:
            store.note_retry(connection, command.command_id)
            left_s = (intent.expires_at - database_now(connection)).total_seconds()
            payload = encode_command(command, command.approved_at, intent.expires_at)
            found.append(Outgoing(command.command_id, topic, payload, left_s))
        elif isinstance(intent, AskForState):
            found.append(Outgoing(None, topic, encode_state_request(), STATE_REQUEST_VALID_S))
    return found


def note_published(connection: Connection, command_id: str, *, is_received: bool) -> None:
    """Record the broker's acknowledgement of a command."""
    locked = store.lock_command(connection, command_id)
    if locked is not None:
        apply(connection, *locked, PublishEnded(is_received))


def take_from_device(connection: Connection, topic: str, document: ReplyDocument | StateDocument) -> str:
    """Take an answer or a state of a device. Return why it changes nothing; empty: it was taken."""
    actuator = find_actuator(connection, device_of_topic(topic))
    if actuator is None or actuator.retired_at is not None:
        return "no device of this name takes commands"
    if topic != device_topic(actuator.region, actuator.kind, actuator.device_id, Channel.REPLY):
        return "the device is registered in another region or as another kind"
    if isinstance(document, StateDocument):
        state = document.reported
        save_state(connection, actuator.device_id, DeviceNow(state, document.text, document.obstructed))
        for command_id in store.open_commands(connection, actuator.device_id):
            locked = store.lock_command(connection, command_id)
            if locked is not None:
                apply(connection, *locked, StateReported(state, document.text))
        return ""
    locked = store.lock_command(connection, document.command)
    if locked is None or locked[0].device_id != actuator.device_id:
        return "the device got no such command"
    return apply(connection, *locked, Replied(document.outcome, document.reason)).refusal
