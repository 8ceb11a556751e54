"""All sites of a world: counted by the database whatever their number, and listed with the gravest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, func, or_, select

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.no_data import NoDataReason
from rencheng.store.core.within import in_region
from rencheng.store.registry.site_status import SiteStatus, site_statuses
from rencheng.store.schema.tables import site_states, sites, warnings


@dataclass(frozen=True, slots=True)
class SiteTotals:
    """Numbers of sites.

    Attributes:
        sites: all of them.
        levels: by the level of the warning in force.
        no_data: without data.
    """

    sites: int
    levels: Mapping[Level, int]
    no_data: int


@dataclass(frozen=True, slots=True)
class SitePlace:
    """The place of a site in the list: its level, whether it has data, and its name."""

    level: int
    has_data: bool
    site_id: str

    def __str__(self) -> str:
        """Return the cursor of the page after this site."""
        return f"{self.level}.{int(self.has_data)}.{self.site_id}"

    @classmethod
    def parse(cls, cursor: str) -> "SitePlace":
        """Return the place that a cursor names."""
        level, has_data, site_id = cursor.split(".", 2)
        return cls(int(level), has_data == "1", site_id)


def count_sites(connection: Connection, world: str, region: str | None = None) -> SiteTotals:
    """Return the numbers of sites of a world, or of its region, by the rules of `list_gravest`."""
    each = _ranked(connection, world, region)
    rows = connection.execute(
        select(each.c.level, each.c.has_data, func.count()).group_by(each.c.level, each.c.has_data)
    )
    found = [(Level(level), has_data, int(number)) for level, has_data, number in rows]
    levels = {level: sum(number for one, _, number in found if one is level) for level in Level}
    no_data = sum(number for _, has_data, number in found if not has_data)
    return SiteTotals(sum(levels.values()), levels, no_data)


def list_gravest(
    connection: Connection, world: str, region: str | None = None, *, after: str | None = None, limit: int
) -> tuple[list[SiteStatus], SitePlace | None]:
    """Return the state of sites: the highest level first, within a level those without data first, then by name.

    A site whose state changes between two pages may be on both or on neither.

    Returns:
        The page, and the place of its last site if more follow.
    """
    each = _ranked(connection, world, region)
    query = select(each).order_by(each.c.level.desc(), each.c.has_data, each.c.site_id).limit(limit + 1)
    if after is not None:
        place = SitePlace.parse(after)
        same_level = and_(each.c.level == place.level, _after_within_level(each, place))
        query = query.where(or_(each.c.level < place.level, same_level))
    places = [SitePlace(row.level, row.has_data, row.site_id) for row in connection.execute(query)]
    page = places[:limit]
    names = [place.site_id for place in page]
    rows = connection.execute(select(sites).where(sites.c.site_id.in_(names))).mappings().all()
    by_name = {one.site["site_id"]: one for one in site_statuses(connection, rows)}
    return [by_name[name] for name in names if name in by_name], page[-1] if len(places) > limit else None


def _after_within_level(each: FromClause, after: SitePlace) -> ColumnElement[bool]:
    same = and_(each.c.has_data.is_(after.has_data), each.c.site_id > after.site_id)
    return same if after.has_data else or_(same, each.c.has_data.is_(True))


def _ranked(connection: Connection, world: str, region: str | None) -> FromClause:
    """Return name, level and whether there is data of every site; the same rules as `monitoring` and `site_status`."""
    in_force = (
        select(warnings.c.site_id, func.max(warnings.c.level).label("level"))
        .where(warnings.c.world == world, warnings.c.closed_at.is_(None))
        .group_by(warnings.c.site_id)
        .subquery()
    )
    is_sound = site_states.c.no_data_reason == NoDataReason.SILENT.value
    has_data = func.coalesce(and_(is_sound, _now(connection, world) <= site_states.c.no_data_from), False)
    conditions = [sites.c.world == world]
    if region is not None:
        conditions.append(in_region(sites.c.region, region))
    return (
        select(
            sites.c.site_id, func.coalesce(in_force.c.level, int(Level.NONE)).label("level"), has_data.label("has_data")
        )
        .outerjoin(in_force, in_force.c.site_id == sites.c.site_id)
        .outerjoin(site_states, site_states.c.site_id == sites.c.site_id)
        .where(*conditions)
        .subquery()
    )


def _now(connection: Connection, world: str) -> ColumnElement[datetime]:
    """Return a site's now, as `rencheng.store.registry.monitoring` explains it."""
    if world == ACTUAL:
        return func.clock_timestamp()
    until = (
        select(func.max(site_states.c.watermark))
        .join(sites, sites.c.site_id == site_states.c.site_id)
        .where(sites.c.world == world)
    )
    is_found = site_states.c.snapshot["state"]["lost_since_s"].astext.is_(None)
    return case((is_found, site_states.c.watermark), else_=connection.execute(until).scalar_one())
