"""Sites as they stand now: which warning is in force, how deep the water is, and how old that is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, func, select, true, union_all

from rencheng.domain.device import ACTUAL
from rencheng.domain.kind import Kind
from rencheng.domain.level import Level
from rencheng.domain.sensor import Role
from rencheng.store.core.sessions import Row
from rencheng.store.history.raw import TABLES, is_usable
from rencheng.store.registry.bindings import bound_sensors
from rencheng.store.schema.tables import devices, sites, warnings, waterlogging_readings

State = Literal["ok", "blind"]

BLIND_AFTER = timedelta(minutes=10)
"""A depth older than this says nothing about the water now."""

LOOK_BACK = timedelta(days=30)
"""Depths older than this are not looked for: a site without any since then is blind either way."""


@dataclass(frozen=True, slots=True)
class SiteFilters:
    """Which sites are meant; None leaves a question open."""

    region: str | None = None
    world: str | None = None


@dataclass(frozen=True, slots=True)
class GaugeStatus:
    """A gauge of a site, with the newest usable depth of any of its channels; None without one in `LOOK_BACK`."""

    device_id: str
    channel: int | None
    time: datetime | None
    depth_mm: float | None


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """A site as it stands at its world's `now`; None if its exercise has no reading at all yet.

    Attributes:
        site: its row in the register.
        level, warning_id: of the warning in force; NONE and None without one.
        gauges: every gauge in service.
    """

    site: Row
    level: Level
    warning_id: str | None
    now: datetime | None
    gauges: tuple[GaugeStatus, ...]

    @property
    def telling(self) -> GaugeStatus | None:
        """The gauge to show: of those that see the deepest, lest a dry one hide a wet one; else the newest."""
        measured = [gauge for gauge in self.gauges if gauge.time is not None]
        seeing = [gauge for gauge in measured if self.state_of(gauge) == "ok"]
        if seeing:
            return max(seeing, key=lambda gauge: gauge.depth_mm or 0.0)
        return max(measured, key=lambda gauge: gauge.time or datetime.min.replace(tzinfo=UTC), default=None)

    @property
    def state(self) -> State:
        """`blind` if no gauge has given a usable depth lately. A blind site is never to be shown as dry."""
        return "ok" if any(self.state_of(gauge) == "ok" for gauge in self.gauges) else "blind"

    def state_of(self, gauge: GaugeStatus) -> State:
        """Whether one gauge sees."""
        age_s = self.age_s(gauge)
        return "ok" if age_s is not None and age_s <= BLIND_AFTER.total_seconds() else "blind"

    def age_s(self, gauge: GaugeStatus) -> float | None:
        """How old a gauge's depth is at the world's now; a clock that runs ahead makes it 0."""
        if self.now is None or gauge.time is None:
            return None
        return max(0.0, (self.now - gauge.time).total_seconds())


def list_sites(
    connection: Connection, filters: SiteFilters, *, after: str | None = None, limit: int = 100
) -> list[SiteStatus]:
    """Sites as they stand now, in order of their names, from the name `after` on."""
    asked = {"region": sites.c.region, "world": sites.c.world}
    conditions = [column == value for name, column in asked.items() if (value := getattr(filters, name)) is not None]
    query = select(sites).where(*conditions).order_by(sites.c.site_id).limit(limit)
    if after is not None:
        query = query.where(sites.c.site_id > after)
    return _as_they_stand(connection, connection.execute(query).mappings().all())


def find_site(connection: Connection, site_id: str) -> SiteStatus | None:
    """One site as it stands now."""
    rows = connection.execute(select(sites).where(sites.c.site_id == site_id)).mappings().all()
    return next(iter(_as_they_stand(connection, rows)), None)


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


def _as_they_stand(connection: Connection, rows: Sequence[Row]) -> list[SiteStatus]:
    """A fixed number of questions for any number of sites."""
    site_ids = [row["site_id"] for row in rows]
    now = worlds_now(connection, {row["world"] for row in rows})
    in_force = _warnings_in_force(connection, site_ids)
    gauges = _gauges_now(connection, {row["site_id"]: now.get(row["world"]) for row in rows})
    stand = []
    for row in rows:
        site_id, world = row["site_id"], row["world"]
        level, warning_id = in_force.get(site_id, (Level.NONE, None))
        stand.append(SiteStatus(row, level, warning_id, now.get(world), gauges.get(site_id, ())))
    return stand


def _warnings_in_force(connection: Connection, site_ids: Sequence[str]) -> dict[str, tuple[Level, str]]:
    """The warning in force of each site; the gravest, should there be several."""
    query = (
        select(warnings.c.site_id, warnings.c.level, warnings.c.warning_id)
        .where(warnings.c.site_id.in_(site_ids), warnings.c.closed_at.is_(None))
        .order_by(warnings.c.level)
    )
    return {row.site_id: (Level(row.level), row.warning_id) for row in connection.execute(query)}


def _gauges_now(
    connection: Connection, now_by_site: Mapping[str, datetime | None]
) -> dict[str, tuple[GaugeStatus, ...]]:
    """The gauges of each site, with their newest usable depths."""
    gauges: dict[str, tuple[GaugeStatus, ...]] = {}
    # a question for each now: chunks are left out by a time that the server is told, not by one that it computes
    for now in set(now_by_site.values()):
        site_ids = [site_id for site_id, its_now in now_by_site.items() if its_now == now]
        for row in connection.execute(_newest_usable(site_ids, since=(now or datetime.now(UTC)) - LOOK_BACK)):
            gauge = GaugeStatus(row.device_id, row.channel, row.time, row.depth_mm)
            gauges[row.site_id] = (*gauges.get(row.site_id, ()), gauge)
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
