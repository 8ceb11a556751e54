"""The warnings that commands can follow from."""

from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.response.commands.command import Command, CommandState
from rencheng.response.commands.verbs import Verb
from rencheng.store.commands.commands import read_document
from rencheng.store.schema.command_tables import actuators, commands
from rencheng.store.schema.tables import sites, warnings


class SiteAtLevel(NamedTuple):
    """A site with devices that take commands, and its open warning."""

    warning_id: str
    site_id: str
    site_type: SiteType
    level: Level


def sites_at_level(connection: Connection) -> list[SiteAtLevel]:
    """Return the sites with devices that take commands and an open warning."""
    has_devices = select(actuators.c.device_id).where(
        actuators.c.site_id == sites.c.site_id, actuators.c.retired_at.is_(None)
    )
    query = (
        select(warnings.c.warning_id, sites.c.site_id, sites.c.site_type, warnings.c.level)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(warnings.c.closed_at.is_(None), warnings.c.level > 0, has_devices.exists())
        .order_by(warnings.c.level.desc(), warnings.c.warning_id)
    )
    return [
        SiteAtLevel(row.warning_id, row.site_id, SiteType(row.site_type), Level(row.level))
        for row in connection.execute(query)
    ]


def commands_for_warning(connection: Connection, warning_id: str) -> list[Command]:
    """Return the commands that the platform asked for because of a warning."""
    query = select(commands.c.document).where(commands.c.warning_id == warning_id)
    return [read_document(row.document) for row in connection.execute(query)]


def asked_for_ended_warnings(connection: Connection) -> list[str]:
    """Return the proposed commands that nobody decided on, and whose warning has ended."""
    query = (
        select(commands.c.command_id)
        .join(warnings, warnings.c.warning_id == commands.c.warning_id)
        .where(commands.c.state == CommandState.ASKED, warnings.c.closed_at.is_not(None))
    )
    return [str(found) for found in connection.execute(query).scalars()]


def gauges_in_alarm(connection: Connection) -> list[tuple[str, str]]:
    """Return (warning, gauge) of gauges that were set to report more often for a warning that has ended."""
    back = commands.alias("back")
    is_back = select(back.c.command_id).where(
        back.c.warning_id == commands.c.warning_id,
        back.c.device_id == commands.c.device_id,
        back.c.verb == Verb.GAUGE_NORMAL.value,
    )
    is_open = select(warnings.c.warning_id).where(
        warnings.c.site_id == commands.c.site_id, warnings.c.closed_at.is_(None)
    )
    ended = select(warnings.c.warning_id).where(
        warnings.c.warning_id == commands.c.warning_id, warnings.c.closed_at.is_not(None)
    )
    in_service = select(actuators.c.device_id).where(
        actuators.c.device_id == commands.c.device_id, actuators.c.retired_at.is_(None)
    )
    query = select(commands.c.warning_id, commands.c.device_id).where(
        and_(commands.c.verb == Verb.GAUGE_ALARM.value, ~is_back.exists(), ~is_open.exists()),
        and_(ended.exists(), in_service.exists()),
    )
    return [(row.warning_id, row.device_id) for row in connection.execute(query)]
