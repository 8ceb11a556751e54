"""The messages of a feed: the newest message of each warning in force, and all messages of the last days."""

from datetime import timedelta

from sqlalchemy import Connection, and_, case, func, or_, select

from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.schema.tables import sites, warning_events, warnings

HISTORY = timedelta(days=3)
"""How long a message stays in the feed. The newest message of a warning in force stays longer."""


def messages(
    connection: Connection,
    *,
    world: str | None = None,
    region: str | None = None,
    reach: Reach = EVERYWHERE,
    level_min: Level | None = None,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """Return messages with their CAP texts: those in force first, the highest level first, then the newest first."""
    events, later = warning_events.c, warning_events.alias("later")
    has_later = (
        select(later.c.event_id).where(later.c.warning_id == events.warning_id, later.c.sequence > events.sequence)
    ).exists()
    in_force = and_(warnings.c.closed_at.is_(None), ~has_later)
    query = (
        select(
            events.event_id,
            events.warning_id,
            events.sequence,
            events.identifier,
            events.level,
            events.recorded_at,
            events.cap_xml,
            in_force.label("in_force"),
        )
        .join(warnings, warnings.c.warning_id == events.warning_id)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(within(reach, sites.c.region, warnings.c.world))
        .where(or_(in_force, events.recorded_at > func.now() - HISTORY))
        .order_by(case((in_force, events.level), else_=0).desc(), events.event_id.desc())
        .limit(limit)
        .offset(offset)
    )
    if world is not None:
        query = query.where(warnings.c.world == world)
    if region is not None:
        query = query.where(in_region(sites.c.region, region))
    if level_min is not None:
        query = query.where(warnings.c.peak_level >= int(level_min))
    return list(connection.execute(query).mappings())
