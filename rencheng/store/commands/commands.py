"""Commands: their state, and everything that happened to them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, and_, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_new

from rencheng.domain.reach import Reach
from rencheng.response.commands.command import OPEN, Command, CommandState
from rencheng.response.commands.inputs import CommandInput, CommandIntent, CommandStep, NeedsPerson
from rencheng.response.commands.verbs import READING_KINDS, RULES
from rencheng.response.commands.wire import COMMAND_ID
from rencheng.response.signatures import Signature
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.command_tables import command_approvals, command_events, commands

RETRY_AFTER = timedelta(seconds=5)
"""Another process may publish a command, under the same id, if the one that began has not recorded it. Proposal."""

_COMMAND = TypeAdapter(Command)
_INPUT: TypeAdapter[CommandInput] = TypeAdapter(CommandInput)
_INTENTS: TypeAdapter[tuple[CommandIntent, ...]] = TypeAdapter(tuple[CommandIntent, ...])
_OPEN = tuple(state.value for state in OPEN)
_WATCHED = tuple(verb.value for verb, rule in RULES.items() if rule.kind in READING_KINDS)


class KeptCommand(NamedTuple):
    """A command with what people did about it."""

    command: Command
    person_needed: str
    handled_by: str | None
    handled_at: datetime | None
    handled_note: str | None


def add_command(connection: Connection, command: Command, key: str) -> bool:
    """Write a new command. Return False if the same was asked before."""
    query = insert_new(commands).values(
        command_id=command.command_id,
        world=command.world,
        device_id=command.device_id,
        asked_by=command.asked_by,
        idempotency_key=key,
        proposal_id=command.proposal_id,
        warning_id=command.warning_id,
        site_id=command.site_id,
        region=command.region,
        verb=command.verb.value,
        aspect=command.rule.aspect,
        events=0,
        person_needed="",
        **_columns(command),
    )
    added = connection.execute(query.on_conflict_do_nothing().returning(commands.c.command_id))
    return added.one_or_none() is not None


def find_asked(connection: Connection, world: str, asked_by: str, key: str) -> Command | None:
    """Return the command that was asked under a key."""
    columns = commands.c
    same = and_(columns.world == world, columns.asked_by == asked_by, columns.idempotency_key == key)
    return _one(connection, select(columns.document).where(same))


def find_command(connection: Connection, command_id: str) -> KeptCommand | None:
    """Return a command; None if there is none, or the text is no name of one."""
    if not re.fullmatch(COMMAND_ID, command_id):
        return None
    row = connection.execute(select(commands).where(commands.c.command_id == command_id)).one_or_none()
    return None if row is None else _kept(row)


def lock_command(connection: Connection, command_id: str, *, wait: bool = True) -> tuple[Command, int] | None:
    """Lock a command, and return it with the number of its events; None if there is none, or a process has it."""
    query = select(commands.c.document, commands.c.events).where(commands.c.command_id == command_id)
    row = connection.execute(query.with_for_update(skip_locked=not wait)).one_or_none()
    return None if row is None else (_COMMAND.validate_python(row.document), row.events)


def record_step(connection: Connection, given: CommandInput, result: CommandStep, events: int) -> None:
    """Write the new state of a locked command, and what happened."""
    command = result.command
    needed = [each.reason_en for each in result.intents if isinstance(each, NeedsPerson)]
    values = {**_columns(command), **({"person_needed": needed[0]} if needed else {})}
    query = update(commands).where(commands.c.command_id == command.command_id)
    connection.execute(query.values(events=events + 1, changed_at=func.now(), **values))
    connection.execute(
        insert(command_events).values(
            command_id=command.command_id,
            n=events + 1,
            kind=type(given).__name__,
            given=_INPUT.dump_python(given, mode="json"),
            intents=_INTENTS.dump_python(result.intents, mode="json"),
            state=command.state.value,
            refusal=result.refusal,
        )
    )


def record_approval(connection: Connection, command: Command, signature: Signature, actor: str) -> None:
    """Write the approval of a person."""
    values = {
        "command_id": command.command_id,
        "person_id": signature.person_id,
        "device_version": command.device_version,
        "actor": actor,
        "roles": list(signature.roles),
    }
    connection.execute(insert_new(command_approvals).values(values).on_conflict_do_nothing())


def note_retry(connection: Connection, command_id: str) -> None:
    """Keep other processes from publishing a command for a while."""
    query = update(commands).where(commands.c.command_id == command_id)
    connection.execute(query.values(retry_at=func.now() + RETRY_AFTER))


def commands_to_look_at(connection: Connection) -> list[str]:
    """Return the commands that are due, are to be published, or wait for a reading that confirms them."""
    columns = commands.c
    unpublished = and_(
        columns.state == CommandState.SENT,
        columns.document["is_published"].astext == "false",
        columns.retry_at <= func.now(),
    )
    watched = and_(columns.state == CommandState.ACCEPTED, columns.verb.in_(_WATCHED))
    due = or_(columns.next_due <= func.now(), columns.state == CommandState.APPROVED, unpublished, watched)
    query = select(columns.command_id).where(columns.state.in_(_OPEN), due)
    return [str(found) for found in connection.execute(query.order_by(columns.asked_at)).scalars()]


def open_commands(connection: Connection, device_id: str, aspect: str | None = None) -> list[str]:
    """Return the open commands of a device, the oldest first."""
    columns = commands.c
    query = select(columns.command_id).where(columns.device_id == device_id, columns.state.in_(_OPEN))
    if aspect is not None:
        query = query.where(columns.aspect == aspect)
    return [str(found) for found in connection.execute(query.order_by(columns.asked_at)).scalars()]


def commands_of_proposal(connection: Connection, proposal_id: str) -> list[Command]:
    """Return the commands of a proposal."""
    query = select(commands.c.document).where(commands.c.proposal_id == proposal_id, commands.c.proposal_id != "")
    rows = connection.execute(query.order_by(commands.c.device_id, commands.c.verb))
    return [_COMMAND.validate_python(row.document) for row in rows]


def list_commands(
    connection: Connection,
    *,
    reach: Reach,
    world: str | None,
    only_open: bool = False,
    only_for_people: bool = False,
    limit: int,
) -> list[KeptCommand]:
    """Return commands, the newest first."""
    columns = commands.c
    query = select(commands).where(within(reach, columns.region, columns.world))
    if world is not None:
        query = query.where(columns.world == world)
    if only_open:
        query = query.where(columns.state.in_(_OPEN))
    if only_for_people:
        query = query.where(columns.person_needed != "", columns.handled_at.is_(None))
    rows = connection.execute(query.order_by(columns.asked_at.desc(), columns.command_id).limit(limit))
    return [_kept(row) for row in rows]


def events_of_command(connection: Connection, command_id: str) -> Sequence[Row]:
    """Return everything that happened to a command, in order."""
    query = select(command_events).where(command_events.c.command_id == command_id).order_by(command_events.c.n)
    return connection.execute(query).mappings().all()


def save_handled(connection: Connection, command_id: str, by: str, note: str) -> bool:
    """Write that a person took care of the place. Return False if nobody had to, or somebody did before."""
    columns = commands.c
    query = update(commands).where(
        columns.command_id == command_id, columns.person_needed != "", columns.handled_at.is_(None)
    )
    values = {"handled_by": by, "handled_at": func.now(), "handled_note": note}
    return connection.execute(query.values(values)).rowcount == 1


def read_document(document: object) -> Command:
    """Return the command of a row's document."""
    return _COMMAND.validate_python(document)


def _one(connection: Connection, query: Select[Any]) -> Command | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _COMMAND.validate_python(row.document)


def _kept(row: Any) -> KeptCommand:  # noqa: ANN401 - a row of `commands`
    return KeptCommand(
        _COMMAND.validate_python(row.document), row.person_needed, row.handled_by, row.handled_at, row.handled_note
    )


def _columns(command: Command) -> Mapping[str, Any]:
    return {
        "state": command.state.value,
        "next_due": command.next_due,
        "document": _COMMAND.dump_python(command, mode="json"),
    }
