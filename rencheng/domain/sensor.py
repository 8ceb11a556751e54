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
    UPSTREAM = "upstream"
    """上游水位: a level gauge from which water flows to the site; it can be bound to several sites."""
    MANHOLE = "manhole"
    """检查井水位: a level gauge in a manhole of the sewer that drains the site; likewise."""


ROLES_OF_KIND: dict[Kind, tuple[Role, ...]] = {
    Kind.WATERLOGGING: (Role.DEPTH, Role.RAIN, Role.UPSTREAM, Role.MANHOLE),
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
        lag_s: of a gauge upstream, how long its water takes to the site; None: it is learned.
        crown_mm, rim_mm: of a gauge in a manhole, the reading at which the sewer is full, and at which water comes out
            of the manhole; None: not known.
    """

    device_id: str
    role: Role = Role.DEPTH
    lowest_point_height_mm: float = 0.0
    lag_s: float | None = None
    crown_mm: float | None = None
    rim_mm: float | None = None

    def __post_init__(self) -> None:
        """Reject what does not belong to the role.

        Raises:
            ValueError: a lag without a gauge upstream, a crown or rim without a manhole, or a manhole without both.
        """
        if self.lag_s is not None and self.role is not Role.UPSTREAM:
            raise ValueError(f"{self.device_id}: lag_s is of role upstream, not of role {self.role}")
        if self.role is not Role.MANHOLE:
            if self.crown_mm is not None or self.rim_mm is not None:
                raise ValueError(f"{self.device_id}: crown_mm and rim_mm are of role manhole, not of role {self.role}")
        elif self.crown_mm is None and self.rim_mm is None:
            raise ValueError(f"{self.device_id}: role manhole needs crown_mm or rim_mm: survey the manhole")
        elif self.crown_mm is not None and self.rim_mm is not None and self.rim_mm <= self.crown_mm:
            raise ValueError(f"{self.device_id}: rim_mm {self.rim_mm:g} must be above crown_mm {self.crown_mm:g}")
