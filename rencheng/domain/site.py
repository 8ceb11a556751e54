"""A place where water kills first, and the depths at which it does."""

import itertools
from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import BoundSensor, Role


class SiteType(StrEnum):
    """重点场所: what kind of place it is. It chooses the default thresholds."""

    ROAD = "road"
    UNDERPASS = "underpass"
    TUNNEL = "tunnel"
    METRO_ENTRANCE = "metro_entrance"
    UNDERGROUND_CAR_PARK = "underground_car_park"
    LOW_LYING_COMMUNITY = "low_lying_community"
    CHARGING_STATION = "charging_station"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class DepthThreshold:
    """The depth at which a level begins, and who says so."""

    depth_mm: float
    source: str


@dataclass(frozen=True, slots=True)
class ThresholdProfile:
    """By what a site is judged.

    Attributes:
        thresholds: a depth for each of the four levels, rising.
        clear_below_mm: a level is left only this far below its threshold (hysteresis).
        up_hold_s: how long a depth must stand at a threshold before it counts; 0 in tunnels, where doubt warns.
        down_hold_s: how long it must stay below before the level steps down.
        horizon_s: how far the rate of rise is carried forward.
        version: grows with each change, and every warning says which version judged it.
    """

    thresholds: dict[Level, DepthThreshold]
    clear_below_mm: float = 30.0
    up_hold_s: float = 0.0
    down_hold_s: float = 600.0
    horizon_s: float = 600.0
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse a profile that could not be ordered into levels.

        Raises:
            ValueError: a level is missing, or the depths do not rise.
        """
        if set(self.thresholds) != set(WARNING_LEVELS):
            raise ValueError("a profile needs a threshold for each of blue, yellow, orange and red")
        depths = [self.thresholds[level].depth_mm for level in WARNING_LEVELS]
        if any(lower >= higher for lower, higher in itertools.pairwise(depths)) or depths[0] <= 0:
            raise ValueError(f"thresholds must rise from blue to red, above 0 mm: {depths}")

    def depth_mm(self, level: Level) -> float:
        """Where a level begins."""
        return self.thresholds[level].depth_mm

    def level_at(self, depth_mm: float) -> Level:
        """The highest level whose threshold the depth has reached."""
        return max((level for level in WARNING_LEVELS if depth_mm >= self.depth_mm(level)), default=Level.NONE)


Point = tuple[float, float]
"""Latitude and longitude in degrees, WGS-84."""

_RING_POINTS_MIN = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A watched place.

    Attributes:
        radius_m: the area whose people are to be told, not only the lowest point; `polygon` says it more exactly.
        device_ids: the gauges that judge it; of `sensors`, those whose role is depth.
        gauge_ids: the rain gauges; of `sensors`, those whose role is rain.
        sensors: all that is bound to it. Give these, or device_ids and gauge_ids alone: one follows from the other.
        polygon: the corners of its area, the first not repeated; empty if nobody drew it.
        catchment: the name of the area that drains to it; sites of one catchment flood together.
        closing_time_s: how long its barrier or crew needs to close it, measured in a drill; None if nobody did.
    """

    site_id: str
    name_zh: str
    name_en: str
    site_type: SiteType
    region: str
    latitude: float
    longitude: float
    profile: ThresholdProfile
    radius_m: float = 200.0
    world: str = ACTUAL
    depth_gauge_ids: tuple[str, ...] = ()
    rain_gauge_ids: tuple[str, ...] = ()
    sensors: tuple[BoundSensor, ...] = ()
    polygon: tuple[Point, ...] = ()
    catchment: str = ""
    closing_time_s: float | None = None

    def __post_init__(self) -> None:
        """Let device_ids, gauge_ids and sensors say the same.

        Raises:
            ValueError: they were all given and disagree, or a polygon has fewer than three corners.
        """
        if not self.sensors:
            depth = (BoundSensor(name) for name in self.depth_gauge_ids)
            rain = (BoundSensor(name, Role.RAIN) for name in self.rain_gauge_ids)
            object.__setattr__(self, "sensors", (*depth, *rain))
        for name, role in (("depth_gauge_ids", Role.DEPTH), ("rain_gauge_ids", Role.RAIN)):
            given, bound = getattr(self, name), self.devices_with_role(role)
            if given and given != bound:
                raise ValueError(f"site {self.site_id}: {name} {given} are not the {role} sensors {bound}")
            object.__setattr__(self, name, bound)
        if 0 < len(self.polygon) < _RING_POINTS_MIN:
            raise ValueError(f"site {self.site_id}: a polygon needs three corners, this has {len(self.polygon)}")

    def devices_with_role(self, role: Role) -> tuple[str, ...]:
        """The devices that are bound in a role."""
        return tuple(sensor.device_id for sensor in self.sensors if sensor.role is role)

    @property
    def required_lead_s(self) -> float:
        """The lead that a warning needs to be of use here: as measured, or as usual for the type."""
        return CLOSING_TIMES_S[self.site_type] if self.closing_time_s is None else self.closing_time_s


CLOSING_TIMES_S: dict[SiteType, float] = {
    SiteType.ROAD: 600,
    SiteType.UNDERPASS: 60,
    SiteType.TUNNEL: 60,
    SiteType.METRO_ENTRANCE: 420,
    SiteType.UNDERGROUND_CAR_PARK: 420,
    SiteType.LOW_LYING_COMMUNITY: 600,
    SiteType.CHARGING_STATION: 60,
    SiteType.CHANNEL: 1500,
}
"""How long closing takes by type of place, where no drill measured it.

Source: Wuhan's tunnel drill of 2021 (electronic closure 1 min, flood boards 7 min at the fastest), and the proposal
from it in the domain reference, 1.4: people 10 min, crews and pumps 25 min.
"""

_PROPOSED = "proposal from the press of eight cities, domain reference 1.3; survey the site to replace it"
_DEFAULT_DEPTHS_MM: dict[SiteType, tuple[float, float, float, float]] = {
    # 15 caution, 25-27 close the underpass, 30 cars stop, 50 every vehicle: the city practice behind these figures
    SiteType.ROAD: (50, 150, 270, 400),
    SiteType.UNDERPASS: (50, 150, 200, 250),
    SiteType.TUNNEL: (50, 100, 150, 250),
    SiteType.METRO_ENTRANCE: (50, 100, 150, 250),
    SiteType.UNDERGROUND_CAR_PARK: (30, 80, 150, 250),
    SiteType.LOW_LYING_COMMUNITY: (100, 200, 300, 400),
    SiteType.CHARGING_STATION: (50, 100, 150, 200),
    SiteType.CHANNEL: (500, 1000, 1500, 2000),
}


def default_profile(site_type: SiteType) -> ThresholdProfile:
    """The profile of a type of place, until a survey of the site gives better figures."""
    depths = _DEFAULT_DEPTHS_MM[site_type]
    pairs = zip(WARNING_LEVELS, depths, strict=True)
    return ThresholdProfile({level: DepthThreshold(depth_mm, _PROPOSED) for level, depth_mm in pairs})
