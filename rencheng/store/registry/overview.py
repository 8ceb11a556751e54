"""One world at a glance: who is there, what was refused and why, what was said last. Its sites are `sites_now`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, case, false, func, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.store.core.sessions import Row
from rencheng.store.history.raw import TABLES
from rencheng.store.schema.account_tables import quarantine
from rencheng.store.schema.tables import device_states, devices, sites, warning_events, warnings, worlds

SILENT_AFTER = timedelta(minutes=10)
"""A device from which no reading came for so long, by its world's clock, is not alive."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Devices of one kind in service.

    Attributes:
        alive: a reading came lately.
        offline: none came, and the last word, or last will, was offline.
        silent: none came, and nothing says why.
    """

    kind: Kind
    alive: int
    offline: int
    silent: int


def list_worlds(connection: Connection) -> list[Row]:
    """Every world with its title and how many sites and warnings in force it has; `actual` first, then the newest."""
    site_count = select(func.count()).where(sites.c.world == worlds.c.world).scalar_subquery()
    in_force = select(func.count()).where(warnings.c.world == worlds.c.world, warnings.c.closed_at.is_(None))
    query = select(
        worlds.c.world, worlds.c.title, site_count.label("sites"), in_force.scalar_subquery().label("in_force")
    ).order_by((worlds.c.world == ACTUAL).desc(), worlds.c.created_at.desc(), worlds.c.world)
    return list(connection.execute(query).mappings())


def device_presence(connection: Connection, world: str, now: datetime | None) -> list[Presence]:
    """Devices in service by kind; in a world without a now nobody is alive."""
    return [_presence(connection, kind, world, now) for kind in Kind]


def rejected_by_reason(connection: Connection, world: str) -> dict[str, int]:
    """How many readings wait in quarantine for which reason, the most frequent first."""
    times = func.sum(quarantine.c.times)
    query = select(quarantine.c.reason, times.label("times")).where(
        quarantine.c.world == world, quarantine.c.replayed_at.is_(None)
    )
    rows = connection.execute(query.group_by(quarantine.c.reason).order_by(times.desc(), quarantine.c.reason))
    return {row.reason: int(row.times) for row in rows}


def last_messages(connection: Connection, world: str, *, limit: int) -> list[Row]:
    """What was said last, the newest first."""
    columns = [column for column in warning_events.c if column.name != "cap_xml"]
    query = (
        select(*columns, warnings.c.site_id, warnings.c.closed_at)
        .join(warnings, warnings.c.warning_id == warning_events.c.warning_id)
        .where(warnings.c.world == world)
        .order_by(warning_events.c.event_id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).mappings())


def _presence(connection: Connection, kind: Kind, world: str, now: datetime | None) -> Presence:
    how = case(
        (_spoke_lately(TABLES[kind], now), "alive"), (device_states.c.online.is_(False), "offline"), else_="silent"
    )
    each = (
        select(how.label("how"))
        .select_from(devices)
        .outerjoin(device_states, device_states.c.device_id == devices.c.device_id)
        .where(devices.c.kind == kind.value, devices.c.world == world, devices.c.retired_at.is_(None))
        .subquery()
    )
    rows = connection.execute(select(each.c.how, func.count().label("devices")).group_by(each.c.how))
    counts = {row.how: row.devices for row in rows}
    return Presence(kind, **{name: counts.get(name, 0) for name in ("alive", "offline", "silent")})


def _spoke_lately(table: Table, now: datetime | None) -> ColumnElement[bool]:
    if now is None:
        return false()
    # by a time that the server is told, not one that it computes: so chunks are left out
    since = now - SILENT_AFTER
    return select(table.c.device_id).where(table.c.device_id == devices.c.device_id, table.c.time > since).exists()
