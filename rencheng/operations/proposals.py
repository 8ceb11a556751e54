"""What the platform asks for by itself: commands that protect, which a person approves, and the mode of gauges."""

from rencheng.domain.level import Level
from rencheng.operations.command_messages import tell_of_proposal
from rencheng.operations.commands import PLATFORM, apply, commanded_device, new_command
from rencheng.response.commands.command import OPEN, Command, CommandState
from rencheng.response.commands.forms import CommandForm
from rencheng.response.commands.inputs import WithdrawnByRequester
from rencheng.response.commands.proposals import ALARM_FROM, BoundActuator, ProposedCommand, proposed
from rencheng.response.commands.verbs import Verb
from rencheng.store.commands.actuators import actuators_at
from rencheng.store.commands.commands import lock_command
from rencheng.store.commands.proposals import (
    SiteAtLevel,
    asked_for_ended_warnings,
    commands_for_warning,
    gauges_in_alarm,
    sites_at_level,
)
from rencheng.store.core.database import Connection

_GOES_ON = OPEN | {CommandState.CONFIRMED}


def propose_commands(connection: Connection) -> list[Command]:
    """Ask for what open warnings call for, and end what ended ones asked for. Any number of processes may do so."""
    found = sites_at_level(connection)
    devices = actuators_at(connection, {each.site_id for each in found}) if found else {}
    made = []
    for site in found:
        made += _propose_at(connection, site, devices.get(site.site_id, []))
    for command_id in asked_for_ended_warnings(connection):
        locked = lock_command(connection, command_id, wait=False)
        if locked is not None:
            apply(connection, *locked, WithdrawnByRequester("the warning ended"))
    for warning_id, device_id in gauges_in_alarm(connection):
        made.append(_ask(connection, ProposedCommand(device_id, Verb.GAUGE_NORMAL, {}), warning_id))
    return made


def _propose_at(connection: Connection, site: SiteAtLevel, devices: list[BoundActuator]) -> list[Command]:
    """Propose what was not proposed at this level, and was not proposed lower with success."""
    known = commands_for_warning(connection, site.warning_id)
    going = {(each.device_id, each.verb) for each in known if each.state in _GOES_ON}
    proposal_id = f"{site.warning_id}.{site.level.word}"
    going |= {(each.device_id, each.verb) for each in known if each.proposal_id == proposal_id}
    wanted = [
        each for each in proposed(site.level, site.site_type, devices) if (each.device_id, each.verb) not in going
    ]
    made = [_ask(connection, each, site.warning_id, site, proposal_id) for each in wanted]
    if made:
        tell_of_proposal(connection, made)
    if site.level >= ALARM_FROM:
        gauges = [each for each in devices if Verb.GAUGE_ALARM in each.verbs]
        modes = [ProposedCommand(each.device_id, Verb.GAUGE_ALARM, {}) for each in gauges]
        asked = {(each.device_id, each.verb) for each in known}
        made += [
            _ask(connection, each, site.warning_id, site) for each in modes if (each.device_id, each.verb) not in asked
        ]
    return made


def _ask(
    connection: Connection,
    one: ProposedCommand,
    warning_id: str,
    site: SiteAtLevel | None = None,
    proposal_id: str = "",
) -> Command:
    form = CommandForm.model_validate(
        {"device_id": one.device_id, "verb": one.verb, "reason": f"warning {warning_id}", **one.parameters}
    )
    return new_command(
        connection,
        commanded_device(connection, one.device_id),
        form,
        f"{proposal_id or warning_id}/{one.device_id}/{one.verb}",
        asked_by=PLATFORM,
        is_proposed=True,
        warning_id=warning_id,
        proposal_id=proposal_id,
        level=Level.NONE if site is None else site.level,
    )
