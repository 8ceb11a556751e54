"""SQL conditions for regions and for the reach of a key. Every query that is bound to a reach uses these."""

from sqlalchemy import ColumnElement, and_, or_, true

from rencheng.domain.reach import Reach
from rencheng.domain.region import code_prefix


def in_region(column: ColumnElement[str] | ColumnElement[str | None], code: str) -> ColumnElement[bool]:
    """Return the condition that a district lies in a region: a district, a city (…00) or a province (…0000)."""
    return column.startswith(code_prefix(code), autoescape=True)


def within(
    reach: Reach, region: ColumnElement[str] | ColumnElement[str | None] | None, world: ColumnElement[str] | None = None
) -> ColumnElement[bool]:
    """Return the condition that a row lies in the reach.

    Args:
        reach: the regions and worlds.
        region: the column with the region; None if rows belong to all regions.
        world: the column with the world; None if rows belong to all worlds.
    """
    conditions: list[ColumnElement[bool]] = [true()]
    if reach.regions and region is not None:
        conditions.append(or_(*(in_region(region, code) for code in reach.regions)))
    if reach.worlds and world is not None:
        conditions.append(world.in_(reach.worlds))
    return and_(*conditions)
