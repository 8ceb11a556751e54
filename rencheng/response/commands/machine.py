"""The state machine of a command: a table of (state, input), and one function that applies it.

Everything is passed in. The same arguments give the same result.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rencheng.response.commands.command import OPEN, Command, CommandState
from rencheng.response.commands.inputs import (
    AskForState,
    ClockTicked,
    CommandInput,
    CommandIntent,
    CommandStep,
    DeviceChanged,
    NeedsPerson,
    NewerApproved,
    PublishEnded,
    PublishNow,
    RefusedByPerson,
    ReplaceOlder,
    Replied,
    ReplyOutcome,
    SendingBegan,
    Signed,
    StateReported,
    WithdrawnByRequester,
)
from rencheng.response.commands.verbs import CONFIRM_WITHIN_S, Risk

OVER = "the command has ended"
NOT_SENT = "the command was not sent"
UNDER_WAY = "the command is on its way to the device; ask for the opposite command"


def begin(command: Command, now: datetime) -> CommandStep:
    """Return a new command. It is approved at once if nobody but the one who asked need approve it."""
    return _approved_if_signed(command, now)


def step(command: Command, given: CommandInput, now: datetime) -> CommandStep:
    """Apply an input to a command.

    Args:
        command: the command.
        given: what happened.
        now: the time of the database's clock.
    """
    handle = TABLE[command.state][type(given)]
    if isinstance(handle, str):
        return CommandStep(command, refusal=handle)
    if _is_due(command, now) and handle is not _end_in_time:
        ended = _end_in_time(command, ClockTicked(), now)
        return replace(ended, refusal=f"the time of the command was over at {command.next_due}")
    result: CommandStep = handle(command, given, now)
    return result


def _is_due(command: Command, now: datetime) -> bool:
    due = command.next_due
    return due is not None and now >= due


def _ended(command: Command, state: CommandState, now: datetime, by: str = "", *intents: CommandIntent) -> CommandStep:
    return CommandStep(replace(command, state=state, ended_at=now, ended_by=by), intents)


# The clock


def _end_in_time(command: Command, _given: ClockTicked, now: datetime) -> CommandStep:
    if not _is_due(command, now):
        return CommandStep(command)
    match command.state:
        case CommandState.ASKED if command.is_proposed and command.rule.risk is Risk.PROTECTS:
            nobody = NeedsPerson("建议的指令无人批准", "nobody approved the proposed command")
            return _ended(command, CommandState.EXPIRED, now, "", nobody)
        case CommandState.ASKED:
            return _ended(command, CommandState.EXPIRED, now)
        case CommandState.APPROVED:
            late = NeedsPerson("指令未能及时发出", "the command could not be sent in time")
            return _ended(command, CommandState.EXPIRED, now, "", late)
        case CommandState.SENT:
            return _unanswered(command, now, "设备未应答，可能已执行", "no answer; it may have been carried out")
        case _:
            silent = NeedsPerson("设备接受后未报告到位", "the device accepted, and did not report the wanted state")
            return _ended(command, CommandState.CONTRADICTED, now, "", silent, AskForState())


def _unanswered(command: Command, now: datetime, zh: str, en: str) -> CommandStep:
    return _ended(command, CommandState.UNANSWERED, now, "", NeedsPerson(zh, en), AskForState())


# People


def _sign(command: Command, given: Signed, now: datetime) -> CommandStep:
    person = given.signature.person_id
    if person == command.requester:
        return CommandStep(command, refusal=f"{person} asked for it; other people approve it")
    if any(each.person_id == person for each in command.signatures):
        return CommandStep(command)
    return _approved_if_signed(replace(command, signatures=(*command.signatures, given.signature)), now)


def _approved_if_signed(command: Command, now: datetime) -> CommandStep:
    if not command.is_approved:
        return CommandStep(command)
    expires_at = now + timedelta(seconds=command.rule.valid_s)
    approved = replace(command, state=CommandState.APPROVED, approved_at=now, expires_at=expires_at)
    return CommandStep(approved, (ReplaceOlder(),))


def _refuse(command: Command, given: RefusedByPerson, now: datetime) -> CommandStep:
    return _ended(command, CommandState.REFUSED, now, given.by)


def _withdraw(command: Command, given: WithdrawnByRequester, now: datetime) -> CommandStep:
    return _ended(command, CommandState.WITHDRAWN, now, given.by)


def _start_again(command: Command, given: DeviceChanged, _now: datetime) -> CommandStep:
    return CommandStep(replace(command, device_version=given.version, signatures=()))


def _hold(command: Command, _given: DeviceChanged, now: datetime) -> CommandStep:
    held = NeedsPerson("批准后设备配置已更改", "the device's configuration changed after the approval")
    return _ended(command, CommandState.REFUSED, now, "configuration", held)


def _supersede(command: Command, given: NewerApproved, now: datetime) -> CommandStep:
    return _ended(command, CommandState.SUPERSEDED, now, given.command_id)


# The device


def _send(command: Command, given: SendingBegan, now: datetime) -> CommandStep:
    if given.device_version != command.device_version or not command.is_approved:
        return _hold(command, DeviceChanged(given.device_version), now)
    if given.interlock:
        why = NeedsPerson(f"联锁阻止：{given.interlock}", f"an interlock stops it: {given.interlock}")
        return _ended(command, CommandState.REFUSED, now, "interlock", why)
    return _publish(replace(command, state=CommandState.SENT, sent_at=now), given, now)


def _publish(command: Command, given: SendingBegan, now: datetime) -> CommandStep:
    """Publish it, also again after a process died around it: the id is the same, so a device acts once."""
    if command.is_published or command.expires_at is None:
        return CommandStep(command)
    if given.interlock or given.device_version != command.device_version:
        return _unanswered(command, now, "发送中断，现已禁止重发", "sending was interrupted, and is not allowed now")
    return CommandStep(command, (PublishNow(command.expires_at),))


def _note_published(command: Command, given: PublishEnded, now: datetime) -> CommandStep:
    if given.is_received:
        return CommandStep(replace(command, is_published=True))
    return _unanswered(command, now, "设备未连接", "the device is not connected")


def _take_reply(command: Command, given: Replied, now: datetime) -> CommandStep:
    if given.outcome is ReplyOutcome.REJECTED:
        rejected = NeedsPerson(f"设备拒绝：{given.reason}", f"the device refused: {given.reason}")
        return _ended(command, CommandState.REJECTED, now, "", rejected)
    confirm_by = now + timedelta(seconds=CONFIRM_WITHIN_S)
    accepted = replace(command, state=CommandState.ACCEPTED, is_published=True, accepted_at=now, confirm_by=confirm_by)
    return CommandStep(accepted)


def _see(command: Command, given: StateReported, now: datetime) -> CommandStep:
    if command.is_confirmed_by(given.state, given.text):
        return _ended(command, CommandState.CONFIRMED, now)
    if given.state in command.rule.opposite:
        opposite = NeedsPerson(f"设备报告相反状态：{given.state}", f"the device reports the opposite: {given.state}")
        return _ended(command, CommandState.CONTRADICTED, now, "", opposite)
    return CommandStep(command)


def _ignore(command: Command, _given: CommandInput, _now: datetime) -> CommandStep:
    return CommandStep(command)


Handler = Callable[[Command, Any, datetime], CommandStep] | str
"""A function that applies an input, or the reason for which it changes nothing."""

_BEFORE_SENT: Mapping[type[Any], Handler] = {
    Signed: _sign,
    RefusedByPerson: _refuse,
    WithdrawnByRequester: _withdraw,
    DeviceChanged: _start_again,
    NewerApproved: _supersede,
    SendingBegan: "the command is not approved",
    PublishEnded: NOT_SENT,
    Replied: NOT_SENT,
    StateReported: _ignore,
    ClockTicked: _end_in_time,
}
_AFTER_SENT: Mapping[type[Any], Handler] = {
    **_BEFORE_SENT,
    Signed: "enough people approved it",
    RefusedByPerson: UNDER_WAY,
    WithdrawnByRequester: UNDER_WAY,
    DeviceChanged: _ignore,
    SendingBegan: _ignore,
    PublishEnded: _ignore,
    Replied: "the device answered before",
}

TABLE: Mapping[CommandState, Mapping[type[Any], Handler]] = {
    CommandState.ASKED: _BEFORE_SENT,
    CommandState.APPROVED: {
        **_BEFORE_SENT,
        Signed: "enough people approved it",
        DeviceChanged: _hold,
        SendingBegan: _send,
    },
    CommandState.SENT: {
        **_AFTER_SENT,
        SendingBegan: _publish,
        PublishEnded: _note_published,
        Replied: _take_reply,
        StateReported: _ignore,
    },
    CommandState.ACCEPTED: {**_AFTER_SENT, StateReported: _see},
    **{
        state: {**dict.fromkeys(_BEFORE_SENT, OVER), ClockTicked: _ignore, StateReported: _ignore}
        for state in CommandState
        if state not in OPEN
    },
}
"""What each state does with each input."""
