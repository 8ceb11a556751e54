"""Commands to devices: list, ask, approve, refuse, withdraw, and record what a person did instead."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from rencheng.operations import commands as operations
from rencheng.response.commands.forms import CommandForm
from rencheng.response.commands.wire import COMMAND_ID
from rencheng.store.commands.commands import (
    KeptCommand,
    commands_of_proposal,
    events_of_command,
    find_command,
    list_commands,
)
from rencheng.store.core.sessions import Connection
from rencheng.store.places import Place, of_actuator
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.changes import ChangeRoute
from services.api.deps import ByWorld, Db, Limit, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import local
from services.api.http.refusals import refusals
from services.api.routes.commands.shown import (
    CommandDetail,
    CommandEvent,
    CommandNote,
    CommandReason,
    CommandRequest,
    ShownCommand,
    ShownCommands,
    shown,
)

router = APIRouter(route_class=ChangeRoute, prefix="/commands", tags=["commands"])
approvals = APIRouter(route_class=ChangeRoute, tags=["commands"])

_MISSING = problem_responses(HTTPStatus.NOT_FOUND)

CommandId = Annotated[str, Path(pattern=COMMAND_ID, description="The command's name.")]
ProposalId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,143}$", description="The proposal's name.")]
OnlyOpen = Annotated[bool, Query(alias="open", description="true: only commands that go on.")]
ForPeople = Annotated[
    bool, Query(description="true: only commands that were not confirmed, and whose place nobody has looked at.")
]


@router.get("", summary="List commands 指令列表", operation_id="list_commands")
def get_commands(
    database: Db,
    caller: Caller,
    zone: Zone,
    world: ByWorld,
    only_open: OnlyOpen = False,
    for_people: ForPeople = False,
    limit: Limit = 100,
) -> ShownCommands:
    """Return commands, the newest first: who asked and approved, and what the device did."""
    with database.read() as connection:
        found = list_commands(
            connection,
            reach=caller.reach,
            world=world,
            only_open=only_open,
            only_for_people=for_people,
            limit=limit,
        )
    sees = caller.sees_authors
    return ShownCommands(items=[ShownCommand.model_validate(shown(each, zone, sees_authors=sees)) for each in found])


@router.get("/{command_id}", summary="Show a command 指令详情", operation_id="get_command", responses=_MISSING)
def get_command(database: Db, caller: Caller, zone: Zone, command_id: CommandId) -> CommandDetail:
    """Return a command with everything that happened to it."""
    with database.read() as connection:
        kept = find_command(connection, command_id)
        if kept is None:
            raise NotFound(f"There is no command {command_id!r}.")
        rows = events_of_command(connection, command_id)
    fields = ("kind", "state", "given", "refusal")
    events = [
        CommandEvent.model_validate({name: row[name] for name in fields} | {"at": local(row["at"], zone)})
        for row in rows
    ]
    return CommandDetail.model_validate(
        shown(kept, zone, sees_authors=caller.sees_authors) | {"events": [each.model_dump() for each in events]}
    )


@router.post("", summary="Ask for a command 请求指令", operation_id="post_command", status_code=HTTPStatus.CREATED)
def post_command(database: Db, caller: Caller, zone: Zone, request: CommandRequest) -> ShownCommand:
    """Ask for a command. What protects is sent at once; what undoes waits for two other people."""
    form = CommandForm.model_validate(request.model_dump(exclude={"key"}))
    with refusals(), database.write() as connection:
        caller.require(of_actuator(connection, form.device_id))
        command = operations.ask_command(connection, form, request.key, caller.signer)
        return _found(connection, command.command_id, zone, caller)


@router.post(
    "/{command_id}/withdrawal",
    summary="Withdraw a command 撤回指令",
    operation_id="post_command_withdrawal",
    responses=_MISSING,
)
def post_withdrawal(
    database: Db, caller: Caller, zone: Zone, command_id: CommandId, given: CommandReason
) -> ShownCommand:
    """Withdraw a command that was not sent. A sent one is undone by the opposite command."""
    with refusals(), database.write() as connection:
        _found(connection, command_id, zone, caller)
        operations.withdraw_command(connection, command_id, given.reason, actor=caller.actor)
        return _found(connection, command_id, zone, caller)


@router.post(
    "/{command_id}/handled",
    summary="Record a look at the place 现场处置",
    operation_id="post_command_handled",
    responses=_MISSING,
)
def post_handled(database: Db, caller: Caller, zone: Zone, command_id: CommandId, given: CommandNote) -> ShownCommand:
    """Record what a person did at the place of a command that was not confirmed."""
    with refusals(), database.write() as connection:
        _found(connection, command_id, zone, caller)
        operations.handle_command(connection, command_id, given.note, actor=caller.actor)
        return _found(connection, command_id, zone, caller)


@approvals.post(
    "/commands/{command_id}/approval",
    summary="Approve a command 批准指令",
    operation_id="post_command_approval",
    responses=_MISSING,
)
def post_approval(database: Db, caller: Caller, zone: Zone, command_id: CommandId) -> ShownCommand:
    """Approve a command as the person of the key. Who asked for it cannot, and each person counts once."""
    with refusals(), database.write() as connection:
        _require_level(caller, find_command(connection, command_id))
        operations.approve_command(connection, command_id, caller.signer)
        return _found(connection, command_id, zone, caller)


@approvals.post(
    "/commands/{command_id}/refusal",
    summary="Refuse a command 否决指令",
    operation_id="post_command_refusal",
    responses=_MISSING,
)
def post_refusal(database: Db, caller: Caller, zone: Zone, command_id: CommandId, given: CommandReason) -> ShownCommand:
    """Refuse a command that was not sent. One person is enough."""
    with refusals(), database.write() as connection:
        _found(connection, command_id, zone, caller)
        operations.refuse_command(connection, command_id, given.reason, actor=caller.actor)
        return _found(connection, command_id, zone, caller)


@approvals.post(
    "/command-proposals/{proposal_id}/approval",
    summary="Approve a proposal 批准建议",
    operation_id="post_proposal_approval",
    responses=_MISSING,
)
def post_proposal_approval(database: Db, caller: Caller, zone: Zone, proposal_id: ProposalId) -> ShownCommands:
    """Approve all commands of a proposal that wait, in one step: all or none."""
    with refusals(), database.write() as connection:
        proposed = commands_of_proposal(connection, proposal_id)
        if not proposed:
            raise NotFound(f"There is no proposal {proposal_id!r}.")
        for command in proposed:
            caller.require_level(command.level, [Place(command.region, command.world)])
        approved = operations.approve_proposal(connection, proposal_id, caller.signer)
        return ShownCommands(items=[_found(connection, each.command_id, zone, caller) for each in approved])


def _require_level(caller: Principal, kept: KeptCommand | None) -> None:
    if kept is None:
        raise NotFound("There is no such command.")
    caller.require_level(kept.command.level, [Place(kept.command.region, kept.command.world)])


def _found(connection: Connection, command_id: str, zone: Zone, caller: Principal) -> ShownCommand:
    kept = find_command(connection, command_id)
    if kept is None:
        raise NotFound(f"There is no command {command_id!r}.")
    return ShownCommand.model_validate(shown(kept, zone, sees_authors=caller.sees_authors))
