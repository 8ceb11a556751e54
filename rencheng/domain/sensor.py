"""Sensors that are bound to a site, with their role and height above the lowest point."""

from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.kind import Kind


class Role(StrEnum):
    """The role of a bound sensor."""

    DEPTH = "depth"
    """积水深度: a gauge by which the site is evaluated. A depth gauge is bound to one site."""
    RAIN = "rain"
    """雨量: a rain gauge; it can be bound to several sites."""
    SIGNAL = "signal"
    """A traffic signal nearby, whose detector counts corroborate or contradict the gauge."""
    CHARGER = "charger"
    """A charger nearby, which also gives evidence."""
    PUMP = "pump"
    """A pump that drains the site."""


ROLES_OF_KIND: dict[Kind, tuple[Role, ...]] = {
    Kind.WATERLOGGING: (Role.DEPTH, Role.RAIN),
    Kind.SIGNAL: (Role.SIGNAL,),
    Kind.CHARGING: (Role.CHARGER,),
}
"""The roles that a device of a kind can have; the first is the default."""


DRY_BELOW_MM = 10.0
"""A gauge on a dry street reads up to this depth. Source: FloodNet's filters, which treat up to 10 mm as 0."""


def depth_at_lowest_point_mm(depth_mm: float, height_mm: float) -> float:
    """Return the depth at the lowest point of a site, from the depth at a gauge whose zero is `height_mm` above it.

    The reading of a dry gauge is returned unchanged, because it gives no information about the water below it.
    """
    return depth_mm + height_mm if depth_mm > DRY_BELOW_MM else depth_mm


@dataclass(frozen=True, slots=True)
class BoundSensor:
    """A sensor of a site.

    Attributes:
        lowest_point_height_mm: the surveyed height of a gauge's zero above the lowest point of the site; below 0 for a
            gauge in a pit. The depth at the lowest point is the reading plus this height.
    """

    device_id: str
    role: Role = Role.DEPTH
    lowest_point_height_mm: float = 0.0
