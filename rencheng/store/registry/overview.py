"""An overview of one world: devices in service, quarantine by reason, the latest messages. Sites: `site_status`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, case, false, func, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.domain.reach import Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.history.raw import TABLES
from rencheng.store.schema.account_tables import quarantine
from rencheng.store.schema.tables import device_states, devices, sites, warning_events, warnings, worlds

SILENT_AFTER = timedelta(minutes=10)
"""A device without a reading for this long, by the clock of its world, is not reporting."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Devices of one kind in service.

    Attributes:
        reporting: with a recent reading.
        offline: without one, and the last state or last will was offline.
        silent: without one, for an unknown reason.
    """

    kind: Kind
    reporting: int
    offline: int
    silent: int


def list_worlds(connection: Connection, asked: str, reach: Reach, *, limit: int) -> list[Row]:
    """Return worlds with title and numbers of sites and warnings in force: `actual`, the asked one, then the newest."""
    site_count = select(func.count()).where(sites.c.world == worlds.c.world).scalar_subquery()
    in_force = select(func.count()).where(warnings.c.world == worlds.c.world, warnings.c.closed_at.is_(None))
    query = select(
        worlds.c.world, worlds.c.title, site_count.label("sites"), in_force.scalar_subquery().label("in_force")
    ).where(within(reach, None, worlds.c.world))
    first = ((worlds.c.world == ACTUAL).desc(), (worlds.c.world == asked).desc())
    query = query.order_by(*first, worlds.c.created_at.desc(), worlds.c.world)
    return list(connection.execute(query.limit(limit)).mappings())


def device_presence(connection: Connection, world: str, now: datetime | None) -> list[Presence]:
    """Return the devices in service by kind. In a world without a current time no device is reporting."""
    return [_presence(connection, kind, world, now) for kind in Kind]


def rejected_by_reason(connection: Connection, world: str) -> dict[str, int]:
    """Return the numbers of quarantined readings by reason, the most frequent first."""
    times = func.sum(quarantine.c.times)
    query = select(quarantine.c.reason, times.label("times")).where(
        quarantine.c.world == world, quarantine.c.replayed_at.is_(None)
    )
    rows = connection.execute(query.group_by(quarantine.c.reason).order_by(times.desc(), quarantine.c.reason))
    return {row.reason: int(row.times) for row in rows}


def last_messages(connection: Connection, world: str, *, limit: int) -> list[Row]:
    """Return the latest messages of warnings, the newest first."""
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
    status = case(
        (_reported_lately(TABLES[kind], now), "reporting"),
        (device_states.c.online.is_(False), "offline"),
        else_="silent",
    )
    each = (
        select(status.label("status"))
        .select_from(devices)
        .outerjoin(device_states, device_states.c.device_id == devices.c.device_id)
        .where(devices.c.kind == kind.value, devices.c.world == world, devices.c.retired_at.is_(None))
        .subquery()
    )
    rows = connection.execute(select(each.c.status, func.count().label("devices")).group_by(each.c.status))
    counts = {row.status: row.devices for row in rows}
    return Presence(kind, **{name: counts.get(name, 0) for name in ("reporting", "offline", "silent")})


def _reported_lately(table: Table, now: datetime | None) -> ColumnElement[bool]:
    if now is None:
        return false()
    # a literal time, because TimescaleDB excludes chunks by literals only
    since = now - SILENT_AFTER
    return select(table.c.device_id).where(table.c.device_id == devices.c.device_id, table.c.time > since).exists()
