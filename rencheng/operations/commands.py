"""Commands to devices: ask, approve, refuse, withdraw. Each function runs in the caller's transaction.

Every entry (API, shell, platform) passes through `approve_command`: it counts people, and nobody is exempt.
"""

from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import text

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.operations.command_messages import tell_people
from rencheng.operations.signers import Signer, signing_person
from rencheng.response.commands.command import Command
from rencheng.response.commands.forms import CommandForm
from rencheng.response.commands.inputs import (
    CommandInput,
    CommandStep,
    NeedsPerson,
    NewerApproved,
    RefusedByPerson,
    ReplaceOlder,
    Signed,
    WithdrawnByRequester,
)
from rencheng.response.commands.machine import begin, step
from rencheng.response.commands.verbs import DECIDE_WITHIN_S, RULES, Risk
from rencheng.response.signatures import Signature
from rencheng.store.access import audit
from rencheng.store.commands import commands as store
from rencheng.store.commands.actuators import Actuator, find_actuator
from rencheng.store.commands.observed import place_now
from rencheng.store.core.database import Connection, database_now

PLATFORM = "platform"
"""Who asks for what the platform proposes. No key and no shell user has this name in the audit log."""

NAMESPACE = UUID("a3f0c7de-3b3c-5a51-8d0e-5a6f4a0f7f11")
"""The namespace of command ids: the same request has the same id, also in a restored database."""


def ask_command(connection: Connection, form: CommandForm, key: str, signer: Signer) -> Command:
    """Ask for a command. The same request under the same key is one command.

    Raises:
        NotPossible: the device is unknown, does not take the command, or the key was used for another command.
    """
    actuator = commanded_device(connection, form.device_id)
    known = store.find_asked(connection, actuator.world, signer.actor, key)
    if known is not None:
        if (known.device_id, known.verb, dict(known.parameters)) != (form.device_id, form.verb, form.parameters):
            raise NotPossible(f"the key {key} was used for {known.verb} to {known.device_id}; use another key")
        return known
    if form.verb not in actuator.verbs:
        raise NotPossible(f"{form.device_id} does not take {form.verb}, but {', '.join(sorted(actuator.verbs))}")
    person = signer.person_id
    if RULES[form.verb].risk is Risk.UNDOES:
        person = signing_person(connection, signer, actuator.region).person_id
    level = place_now(connection, actuator.site_id, actuator.world).level if actuator.site_id else Level.NONE
    command = new_command(connection, actuator, form, key, asked_by=signer.actor, requester=person, level=level)
    audit.record(connection, signer.actor, "command.ask", f"command {command.command_id}", _detail(command))
    return command


def new_command(
    connection: Connection,
    actuator: Actuator,
    form: CommandForm,
    key: str,
    *,
    asked_by: str,
    requester: str | None = None,
    is_proposed: bool = False,
    warning_id: str | None = None,
    level: Level = Level.NONE,
    proposal_id: str = "",
) -> Command:
    """Write a command, unless it was asked under this key before. Without further people to ask it is approved."""
    lock_device(connection, actuator.device_id)
    now = database_now(connection)
    begun = begin(
        Command(
            str(uuid5(NAMESPACE, f"{actuator.world}/{asked_by}/{key}")),
            actuator.device_id,
            actuator.world,
            actuator.region,
            actuator.site_id,
            form.verb,
            form.parameters,
            asked_by,
            requester,
            is_proposed,
            form.reason,
            warning_id,
            level,
            proposal_id,
            actuator.version,
            asked_at=now,
            decide_by=now + timedelta(seconds=DECIDE_WITHIN_S),
        ),
        now,
    )
    if not store.add_command(connection, begun.command, key):
        return store.find_asked(connection, actuator.world, asked_by, key) or begun.command
    _carry_out(connection, begun)
    return begun.command


def approve_command(connection: Connection, command_id: str, signer: Signer) -> Command:
    """Approve a command as a person. It is sent once enough people did. A repetition changes nothing.

    Raises:
        NotPossible: the key names no person who serves there, the person asked for it, or it is too late.
    """
    command, events = _locked(connection, command_id)
    person = signing_person(connection, signer, command.region)
    signature = Signature(person.person_id, database_now(connection), person.roles)
    if any(each.person_id == person.person_id for each in command.signatures):
        return command
    result = apply(connection, command, events, Signed(signature))
    require_taken(result)
    store.record_approval(connection, command, signature, signer.actor)
    detail = _detail(result.command) | {"person": person.person_id}
    audit.record(connection, signer.actor, "command.approve", f"command {command_id}", detail)
    return result.command


def approve_proposal(connection: Connection, proposal_id: str, signer: Signer) -> list[Command]:
    """Approve the open commands of a proposal in one step, all or none.

    Raises:
        NotPossible: as of `approve_command`, or there is no such proposal.
    """
    found = store.commands_of_proposal(connection, proposal_id)
    if not found:
        raise NotPossible(f"there is no proposal {proposal_id}; `rencheng command list` shows all")
    waiting = [each for each in found if each.state.value == "asked"]
    for each in waiting:
        approve_command(connection, each.command_id, signer)
    return store.commands_of_proposal(connection, proposal_id)


def refuse_command(connection: Connection, command_id: str, reason: str, *, actor: str) -> Command:
    """Refuse a command that was not sent. One person is enough.

    Raises:
        NotPossible: it was sent, or has ended.
    """
    return _end(connection, command_id, RefusedByPerson(actor, reason), actor, "command.refuse", reason)


def withdraw_command(connection: Connection, command_id: str, reason: str, *, actor: str) -> Command:
    """Withdraw a command that was not sent.

    Raises:
        NotPossible: it was sent, or has ended.
    """
    return _end(connection, command_id, WithdrawnByRequester(actor), actor, "command.withdraw", reason)


def _end(connection: Connection, command_id: str, given: CommandInput, actor: str, action: str, reason: str) -> Command:
    command, events = _locked(connection, command_id)
    result = apply(connection, command, events, given)
    require_taken(result)
    audit.record(connection, actor, action, f"command {command_id}", _detail(result.command) | {"reason": reason})
    return result.command


def handle_command(connection: Connection, command_id: str, note: str, *, actor: str) -> None:
    """Record that a person looked at the place of a command that was not confirmed. A repetition changes nothing.

    Raises:
        NotPossible: there is no such command, or it needed nobody.
    """
    kept = store.find_command(connection, command_id)
    if kept is None or not kept.person_needed:
        raise NotPossible(
            f"the command {command_id} needs nobody; `rencheng command list --for-people` shows those that do"
        )
    if store.save_handled(connection, command_id, actor, note):
        audit.record(connection, actor, "command.handle", f"command {command_id}", {"note": note})


def apply(connection: Connection, command: Command, events: int, given: CommandInput) -> CommandStep:
    """Apply an input to a locked command, and carry out what follows from it. Publishing is left to the caller."""
    result = step(command, given, database_now(connection))
    if result.command != command or result.intents or result.refusal:
        store.record_step(connection, given, result, events)
        _carry_out(connection, result)
    return result


def _carry_out(connection: Connection, result: CommandStep) -> None:
    command = result.command
    for intent in result.intents:
        if isinstance(intent, NeedsPerson):
            tell_people(connection, command, intent)
        elif isinstance(intent, ReplaceOlder):
            for other_id in store.open_commands(connection, command.device_id, command.rule.aspect):
                locked = store.lock_command(connection, other_id)
                if locked is not None and other_id != command.command_id:
                    apply(connection, *locked, NewerApproved(command.command_id))


def lock_device(connection: Connection, device_id: str) -> None:
    """Let other approvals for the device wait until this transaction ends, so that none waits for another's command."""
    connection.execute(_LOCK, {"device": device_id})


_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('rencheng command ' || :device))")


def commanded_device(connection: Connection, device_id: str) -> Actuator:
    """Return a device that takes commands.

    Raises:
        NotPossible: it is not registered, or was retired.
    """
    actuator = find_actuator(connection, device_id)
    if actuator is None or actuator.retired_at is not None:
        raise NotPossible(f"{device_id} takes no commands; `rencheng actuator list` shows the devices that do")
    return actuator


def require_taken(result: CommandStep) -> None:
    """Check that an input was taken.

    Raises:
        NotPossible: it was not.
    """
    if result.refusal:
        raise NotPossible(f"the command {result.command.command_id} stays as it is: {result.refusal}")


def _locked(connection: Connection, command_id: str) -> tuple[Command, int]:
    kept = store.find_command(connection, command_id)
    if kept is not None:
        lock_device(connection, kept.command.device_id)
        locked = store.lock_command(connection, command_id)
        if locked is not None:
            return locked
    raise NotPossible(f"there is no command {command_id}; `rencheng command list` shows all")


def _detail(command: Command) -> dict[str, object]:
    return {
        "device": command.device_id,
        "world": command.world,
        "verb": command.verb.value,
        "parameters": dict(command.parameters),
        "state": command.state.value,
        "reason": command.reason,
    }
