"""Tell the people on duty about commands: in the ledger of deliveries, so that each message arrives or is on record.

Every command that is not confirmed passes through `tell_people`. If something is done about the place already, it also
becomes a task there (`rencheng/operations/incidents.py`).
"""

from collections.abc import Iterator
from datetime import datetime

from rencheng.domain.level import Level
from rencheng.response.calls.roster import duty_for
from rencheng.response.commands.command import Command
from rencheng.response.commands.inputs import NeedsPerson
from rencheng.response.commands.verbs import Risk
from rencheng.response.delivery.dispatch import Content, DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import EXPIRY
from rencheng.store.calls.asks import proven_methods
from rencheng.store.calls.calls import called_sites
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.enqueue import enqueue

ROLES = ("duty_officer", "keeper")
"""Who gets the message: who can act from afar, and who can go there. Source: response reference 3.1."""


def tell_people(connection: Connection, command: Command, needed: NeedsPerson) -> int:
    """Tell the people on duty that a command was not confirmed, as loudly as of red. Return the number of messages."""
    site_zh, site_en = _names(connection, command)
    zh = f"指令未落实：{site_zh} {command.device_id} {command.verb}：{needed.reason_zh}。请立即到现场核实处置。"
    en = (
        f"{site_en}: the command {command.verb} to {command.device_id} is not confirmed:"
        f" {needed.reason_en}. Look at the place now."
    )
    level = Level.YELLOW if command.rule.risk is Risk.NONE else Level.RED
    return _send(connection, command, level, command.command_id, zh, en)


def tell_of_proposal(connection: Connection, commands: list[Command]) -> int:
    """Ask the people on duty to approve the commands of a proposal, in one message."""
    first = commands[0]
    site_zh, site_en = _names(connection, first)
    names = ", ".join(f"{each.device_id} {each.verb}" for each in commands)
    zh = f"{site_zh}{first.level.chinese}预警，建议执行：{names}。请批准或否决。"
    en = f"{site_en}: {first.level.word} warning. Proposed: {names}. Approve or refuse."
    return _send(connection, first, first.level, first.proposal_id, zh, en)


def _names(connection: Connection, command: Command) -> tuple[str, str]:
    site = called_sites(connection, [command.site_id]).get(command.site_id) if command.site_id else None
    return ("", "no site") if site is None else (site.name_zh, site.name_en)


def _send(connection: Connection, command: Command, level: Level, subject: str, zh: str, en: str) -> int:
    now = database_now(connection)
    document: dict[str, object] = {
        "kind": "command",
        "command_id": command.command_id,
        "proposal_id": command.proposal_id,
        "world": command.world,
        "site_id": command.site_id,
        "device_id": command.device_id,
        "verb": command.verb.value,
        "state": command.state.value,
        "issued_at": now.isoformat(),
    }
    content = Content(zh, en, document)
    return len(enqueue(connection, list(_intents(connection, command, level, subject, content, now))))


def _intents(
    connection: Connection, command: Command, level: Level, subject: str, content: Content, now: datetime
) -> Iterator[DispatchIntent]:
    rosters = load_rosters(connection, since=now, until=now)
    duties = [duty_for(rosters, role, 1, command.region, command.site_id or "", now) for role in ROLES]
    people = {duty.person_id for duty in duties if duty.person_id is not None}
    for methods in proven_methods(connection, people, command.world, level).values():
        for method in methods:
            yield DispatchIntent(
                method_id=method.method_id,
                world=command.world,
                source=DispatchSource.COMMAND,
                source_id=subject,
                purpose=command.state.value,
                level=level,
                line=f"command {subject}",
                sequence=1,
                due_at=now,
                expires_at=now + EXPIRY,
                content=content,
            )
