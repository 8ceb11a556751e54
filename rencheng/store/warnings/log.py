"""Read warnings and their messages. `record` writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, literal, select, tuple_

from rencheng.domain.level import Level
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.schema.tables import sites, warning_events, warnings

WarningPosition = tuple[datetime, str]
"""(opened_at, warning_id): the end of a page."""

POSITION_COLUMNS = (warnings.c.opened_at, warnings.c.warning_id)
"""The columns of a position."""


@dataclass(frozen=True, slots=True)
class WarningFilters:
    """Filters for warnings; None matches all.

    Attributes:
        region: a district, a city or a province.
        is_open: whether the warning is in force.
        level_min: the lowest current level; for a closed warning its peak level counts.
        since: the earliest time of the last message.
    """

    site_id: str | None = None
    region: str | None = None
    world: str | None = None
    reach: Reach = EVERYWHERE
    is_open: bool | None = None
    level_min: Level | None = None
    since: datetime | None = None


def list_warnings(
    connection: Connection, filters: WarningFilters, *, after: WarningPosition | None = None, limit: int = 100
) -> list[Row]:
    """Return warnings with the names of their sites, the newest first."""
    query = _WARNINGS.where(*_conditions(filters)).limit(limit)
    query = query.order_by(*(column.desc() for column in POSITION_COLUMNS))
    if after is not None:
        query = query.where(tuple_(*POSITION_COLUMNS) < tuple_(*map(literal, after)))
    return list(connection.execute(query).mappings())


def find_warning(connection: Connection, warning_id: str) -> Row | None:
    """Return one warning with the names of its site; None if there is none."""
    return connection.execute(_WARNINGS.where(warnings.c.warning_id == warning_id)).mappings().one_or_none()


def events_of(connection: Connection, warning_id: str) -> list[Row]:
    """Return all messages of a warning in order, without their CAP text."""
    columns = [column for column in warning_events.c if column.name not in {"event_id", "cap_xml"}]
    query = select(*columns).where(warning_events.c.warning_id == warning_id).order_by(warning_events.c.sequence)
    return list(connection.execute(query).mappings())


def cap_of(connection: Connection, warning_id: str, sequence: int | None = None) -> str | None:
    """Return the CAP text of one message, or of the newest; None if there is none."""
    query = select(warning_events.c.cap_xml).where(warning_events.c.warning_id == warning_id)
    if sequence is not None:
        query = query.where(warning_events.c.sequence == sequence)
    text: str | None = connection.execute(query.order_by(warning_events.c.sequence.desc()).limit(1)).scalar()
    return text


_WARNINGS = select(warnings, sites.c.name_zh, sites.c.name_en, sites.c.region).join(
    sites, sites.c.site_id == warnings.c.site_id
)


def _conditions(filters: WarningFilters) -> Iterator[ColumnElement[bool]]:
    columns = warnings.c
    yield within(filters.reach, sites.c.region, columns.world)
    if filters.region is not None:
        yield in_region(sites.c.region, filters.region)
    if filters.site_id is not None:
        yield columns.site_id == filters.site_id
    if filters.world is not None:
        yield columns.world == filters.world
    if filters.is_open is not None:
        yield columns.closed_at.is_(None) if filters.is_open else columns.closed_at.is_not(None)
    if filters.level_min is not None:
        # a closed warning keeps the level that ended, mostly the lowest, so its peak level counts
        yield case((columns.closed_at.is_(None), columns.level), else_=columns.peak_level) >= int(filters.level_min)
    if filters.since is not None:
        yield columns.updated_at >= filters.since
