"""What is bound to a site, in which role, and how high above the lowest point it hangs."""

from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.kind import Kind


class Role(StrEnum):
    """What a bound sensor tells its site."""

    DEPTH = "depth"
    """积水深度: a gauge by which the site is judged. A gauge speaks for one site."""
    RAIN = "rain"
    """雨量: a rain gauge; one may serve many sites."""
    SIGNAL = "signal"
    """A traffic signal near by: what its detectors count supports or questions the gauge."""
    PILE = "pile"
    """A charging pile near by: likewise."""
    PUMP = "pump"
    """A pump that drains the place."""


ROLES_OF_KIND: dict[Kind, tuple[Role, ...]] = {
    Kind.WATERLOGGING: (Role.DEPTH, Role.RAIN),
    Kind.SIGNAL: (Role.SIGNAL,),
    Kind.CHARGING: (Role.PILE,),
}
"""What a registered device of a kind can be to a site; the first unless the binding says otherwise."""


DRY_BELOW_MM = 10.0
"""What a gauge reads up to here on a dry street. Source: FloodNet's filters, which take up to 10 mm for 0."""


def depth_at_lowest_point_mm(depth_mm: float, height_mm: float) -> float:
    """The water at a site's lowest point, from what a gauge reads whose zero is so high above it.

    A gauge that stands dry tells nothing of the water below it: what it reads stays as it is.
    """
    return depth_mm + height_mm if depth_mm > DRY_BELOW_MM else depth_mm


@dataclass(frozen=True, slots=True)
class BoundSensor:
    """A sensor of a site.

    `lowest_point_height_mm` is the height of a gauge's zero above the lowest point of the site, by survey: a gauge that
    reads d stands in water of d + this at the lowest point. Below 0, the gauge hangs in a pit.
    """

    device_id: str
    role: Role = Role.DEPTH
    lowest_point_height_mm: float = 0.0
