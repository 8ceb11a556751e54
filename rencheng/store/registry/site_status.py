"""The present state of sites: the warning in force, the water depth and its age, and whether there is data at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, true, union_all
from sqlalchemy import Row as SqlRow

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.domain.level import Level
from rencheng.domain.no_data import Monitoring
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.domain.sensor import Role
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.history.raw import TABLES, is_usable
from rencheng.store.registry.bindings import bound_sensors
from rencheng.store.registry.monitoring import NOT_MONITORED, load_monitoring
from rencheng.store.schema.tables import devices, sites, warnings, waterlogging_readings
from rencheng.store.warnings.doubts import doubtful_levels

LOOK_BACK = timedelta(days=30)
"""How far back the newest usable depth is searched."""


@dataclass(frozen=True, slots=True)
class SiteFilters:
    """Filters of a list of sites; None matches all."""

    region: str | None = None
    """A district, a city or a province."""
    world: str | None = None
    reach: Reach = EVERYWHERE


@dataclass(frozen=True, slots=True)
class GaugeStatus:
    """A gauge of a site, with the newest usable depth of any of its channels; None without one in `LOOK_BACK`."""

    device_id: str
    channel: int | None
    time: datetime | None
    depth_mm: float | None
    monitoring: Monitoring


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """The state of a site at its world's `now`; None if its exercise has no reading yet.

    Attributes:
        site: the row of the site.
        level, warning_id: of the warning in force; NONE and None without one.
        monitoring: whether the site has data. Never show a site without data as dry.
        gauges: all gauges in service.
        doubtful, doubt_id: of the doubt that is open; NONE and None without one.
    """

    site: Row
    level: Level
    warning_id: str | None
    now: datetime | None
    monitoring: Monitoring
    gauges: tuple[GaugeStatus, ...]
    doubtful: Level = Level.NONE
    doubt_id: str | None = None

    @property
    def shown_gauge(self) -> GaugeStatus | None:
        """The gauge to show: the deepest of those with data, so that a dry one hides no wet one; else the newest."""
        measured = [gauge for gauge in self.gauges if gauge.time is not None]
        with_data = [gauge for gauge in measured if gauge.monitoring.has_data]
        if with_data:
            return max(with_data, key=lambda gauge: gauge.depth_mm or 0.0)
        return max(measured, key=lambda gauge: gauge.time or datetime.min.replace(tzinfo=UTC), default=None)

    @property
    def depth_mm(self) -> float | None:
        """The depth now; None while the site has no data."""
        return self.shown_gauge.depth_mm if self.shown_gauge and self.monitoring.has_data else None

    def age_s(self, gauge: GaugeStatus) -> float | None:
        """Return the age of a gauge's depth at the world's now; 0 if its clock runs ahead."""
        if self.now is None or gauge.time is None:
            return None
        return max(0.0, (self.now - gauge.time).total_seconds())


def list_sites(
    connection: Connection, filters: SiteFilters, *, after: str | None = None, limit: int = 100
) -> list[SiteStatus]:
    """Return the state of sites, ordered by name, from the name `after` on."""
    conditions = [within(filters.reach, sites.c.region, sites.c.world)]
    if filters.region is not None:
        conditions.append(in_region(sites.c.region, filters.region))
    if filters.world is not None:
        conditions.append(sites.c.world == filters.world)
    query = select(sites).where(*conditions).order_by(sites.c.site_id).limit(limit)
    if after is not None:
        query = query.where(sites.c.site_id > after)
    return site_statuses(connection, connection.execute(query).mappings().all())


def find_site(connection: Connection, site_id: str) -> SiteStatus | None:
    """Return the state of one site; None if it is not registered."""
    rows = connection.execute(select(sites).where(sites.c.site_id == site_id)).mappings().all()
    return next(iter(site_statuses(connection, rows)), None)


def world_of(connection: Connection, site_id: str) -> str | None:
    """The world of a site; None if there is no such site."""
    world: str | None = connection.execute(select(sites.c.world).where(sites.c.site_id == site_id)).scalar()
    return world


def gauges_of(connection: Connection, site_id: str) -> list[str]:
    """All gauges of depth and rain that are bound to a site, also retired ones: they have a history."""
    each = bound_sensors(also_retired=True)
    of_site = and_(each.c.site_id == site_id, each.c.role.in_([Role.DEPTH.value, Role.RAIN.value]))
    return list(connection.execute(select(each.c.device_id).where(of_site).order_by(each.c.device_id)).scalars())


def worlds_now(connection: Connection, worlds: Iterable[str]) -> dict[str, datetime]:
    """What time it is in each world: the wall clock in `actual`, in an exercise the greatest reading time in it.

    An exercise without readings has no now.
    """
    wanted = set(worlds)
    now = {ACTUAL: datetime.now(UTC)} if ACTUAL in wanted else {}
    exercises = sorted(wanted - {ACTUAL})
    if exercises:
        each = union_all(*(_newest_by_world(kind, exercises) for kind in Kind)).subquery()
        rows = connection.execute(select(each.c.world, func.max(each.c.time).label("time")).group_by(each.c.world))
        now |= {row.world: row.time for row in rows}
    return now


def site_statuses(connection: Connection, rows: Sequence[Row]) -> list[SiteStatus]:
    """Build the state of sites, with a fixed number of queries for any number of sites."""
    site_ids = [row["site_id"] for row in rows]
    now = worlds_now(connection, {row["world"] for row in rows})
    in_force = _warnings_in_force(connection, site_ids)
    newest = _newest_depths(connection, {row["site_id"]: now.get(row["world"]) for row in rows})
    doubted = doubtful_levels(connection, site_ids)
    monitored = load_monitoring(connection, {row["site_id"]: row["world"] for row in rows})
    statuses = []
    for row in rows:
        site_id, found = row["site_id"], monitored.get(row["site_id"], NOT_MONITORED)
        level, warning_id = in_force.get(site_id, (Level.NONE, None))
        gauges = tuple(
            GaugeStatus(gauge.device_id, gauge.channel, gauge.time, gauge.depth_mm, found.of_gauge(gauge.device_id))
            for gauge in newest.get(site_id, ())
        )
        doubt = doubted.get(site_id, (Level.NONE, None))
        statuses.append(SiteStatus(row, level, warning_id, now.get(row["world"]), found.site, gauges, *doubt))
    return statuses


def _warnings_in_force(connection: Connection, site_ids: Sequence[str]) -> dict[str, tuple[Level, str]]:
    """The warning in force of each site; the gravest, should there be several."""
    query = (
        select(warnings.c.site_id, warnings.c.level, warnings.c.warning_id)
        .where(warnings.c.site_id.in_(site_ids), warnings.c.closed_at.is_(None))
        .order_by(warnings.c.level)
    )
    return {row.site_id: (Level(row.level), row.warning_id) for row in connection.execute(query)}


def _newest_depths(
    connection: Connection, now_by_site: Mapping[str, datetime | None]
) -> dict[str, tuple[SqlRow[Any], ...]]:
    """Return the gauges of each site, with their newest usable depths."""
    gauges: dict[str, tuple[SqlRow[Any], ...]] = {}
    # one query per current time, because TimescaleDB excludes chunks by literals only
    for now in set(now_by_site.values()):
        site_ids = [site_id for site_id, its_now in now_by_site.items() if its_now == now]
        for row in connection.execute(_newest_usable(site_ids, since=(now or datetime.now(UTC)) - LOOK_BACK)):
            gauges[row.site_id] = (*gauges.get(row.site_id, ()), row)
    return gauges


def _newest_usable(site_ids: Sequence[str], *, since: datetime) -> Select[Any]:
    """For every gauge of these sites the newest usable depth, if it has any."""
    table, each = waterlogging_readings, bound_sensors()
    newest = (
        select(table.c.channel, table.c.time, table.c.depth_mm)
        .where(table.c.device_id == each.c.device_id, table.c.time > since)
        .where(is_usable(table.c.depth_mm, table.c.quality))
        .order_by(table.c.time.desc())
        .limit(1)
        .lateral("newest")
    )
    return (
        select(each.c.site_id, each.c.device_id, newest.c.channel, newest.c.time, newest.c.depth_mm)
        .outerjoin(newest, true())
        .where(each.c.site_id.in_(site_ids), each.c.role == Role.DEPTH.value)
        .order_by(each.c.device_id)
    )


def _newest_by_world(kind: Kind, worlds: Sequence[str]) -> Select[Any]:
    table = TABLES[kind]
    newest = select(table.c.time).where(table.c.device_id == devices.c.device_id)
    lateral = newest.order_by(table.c.time.desc()).limit(1).lateral(f"newest_{kind}")
    return (
        select(devices.c.world, func.max(lateral.c.time).label("time"))
        .join(lateral, true())
        .where(devices.c.kind == kind.value, devices.c.world.in_(worlds))
        .group_by(devices.c.world)
    )
