"""A site, its thresholds and its sensors."""

import itertools
from dataclasses import dataclass
from enum import StrEnum

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import BoundSensor, Role


class SiteType(StrEnum):
    """The type of a site 重点场所. It selects the default thresholds."""

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
    """The depth at which a level begins, and the source of this figure."""

    depth_mm: float
    source: str


@dataclass(frozen=True, slots=True)
class ThresholdProfile:
    """The thresholds and times by which a site is evaluated.

    Attributes:
        thresholds: a depth for each of the four levels, none below the one before. Of levels with the same depth the
            highest is warned of.
        clear_below_mm: a level ends only at this depth below its threshold (hysteresis).
        up_hold_s: the depth must be at a threshold for this time before the level rises; 0 at fail-safe sites.
        down_hold_s: the depth must be below for this time before the level falls.
        horizon_s: the rate of rise is extrapolated over this time.
        version: increases with each change. Every warning names the version that was used.
    """

    thresholds: dict[Level, DepthThreshold]
    clear_below_mm: float = 30.0
    up_hold_s: float = 0.0
    down_hold_s: float = 600.0
    horizon_s: float = 600.0
    version: int = 1

    def __post_init__(self) -> None:
        """Reject a profile without a depth for each level, or with depths that fall.

        Raises:
            ValueError: a level is missing, or the depths do not rise.
        """
        if set(self.thresholds) != set(WARNING_LEVELS):
            raise ValueError("a profile needs a threshold for each of blue, yellow, orange and red")
        depths = [self.thresholds[level].depth_mm for level in WARNING_LEVELS]
        if any(lower > higher for lower, higher in itertools.pairwise(depths)) or depths[0] <= 0:
            raise ValueError(f"thresholds must rise from blue to red, above 0 mm: {depths}")

    def depth_mm(self, level: Level) -> float:
        """Return the depth at which a level begins."""
        return self.thresholds[level].depth_mm


Point = tuple[float, float]
"""Latitude and longitude in degrees, WGS-84."""

_RING_POINTS_MIN = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A monitored place.

    Attributes:
        radius_m: the radius of the area to warn, around the lowest point; `polygon` is more exact.
        depth_gauge_ids: the sensors whose role is depth.
        rain_gauge_ids: the sensors whose role is rain.
        sensors: all bound sensors. Give these, or only depth_gauge_ids and rain_gauge_ids; the others are derived.
        polygon: the corners of the area, without repeating the first; empty if it is not drawn.
        catchment: the name of the drainage area; sites of one catchment flood together.
        closing_time_s: the time to close the site, measured in a drill; None if it was not measured.
        verify_by: the camera or the patrol that can look at the site; empty if none is known.
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
    verify_by: str = ""

    def __post_init__(self) -> None:
        """Derive the sensors from depth_gauge_ids and rain_gauge_ids, or the reverse.

        Raises:
            ValueError: all were given and differ, or a polygon has fewer than three corners.
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
        if 0 < (corners := len(set(self.polygon))) < _RING_POINTS_MIN:
            raise ValueError(f"site {self.site_id}: a polygon needs three corners, this has {corners}")

    @property
    def inputs(self) -> tuple[BoundSensor, ...]:
        """Return the gauges that arm the site without measuring its depth: upstream, and in manholes."""
        return tuple(sensor for sensor in self.sensors if sensor.role in {Role.UPSTREAM, Role.MANHOLE})

    @property
    def level_gauge_ids(self) -> tuple[str, ...]:
        """Return the depth gauges, and the gauges upstream and in manholes."""
        return (*self.depth_gauge_ids, *(sensor.device_id for sensor in self.inputs))

    def devices_with_role(self, role: Role) -> tuple[str, ...]:
        """Return the devices that are bound in a role."""
        return tuple(sensor.device_id for sensor in self.sensors if sensor.role is role)

    @property
    def required_lead_s(self) -> float:
        """Return the lead time that a warning needs: the measured closing time, or the default of the type."""
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
"""The default closing time by type of site.

Source: Wuhan's tunnel drill of 2021 (electronic closure 1 min, flood boards 7 min at the fastest), and the proposal
made from it in the domain reference, 1.4: people 10 min, teams and pumps 25 min.
"""

_PROPOSED = "proposal from the press of eight cities, domain reference 1.3; survey the site to replace it"
_DEFAULT_DEPTHS_MM: dict[SiteType, tuple[float, float, float, float]] = {
    # city practice in cm: caution 15, close the underpass 25 to 27, cars stall 30, all vehicles stall 50
    SiteType.ROAD: (50, 150, 270, 400),
    SiteType.UNDERPASS: (50, 150, 200, 250),
    SiteType.TUNNEL: (50, 100, 150, 250),
    SiteType.METRO_ENTRANCE: (50, 100, 150, 250),
    SiteType.UNDERGROUND_CAR_PARK: (30, 80, 150, 250),
    SiteType.LOW_LYING_COMMUNITY: (100, 200, 300, 400),
    SiteType.CHARGING_STATION: (50, 100, 150, 200),
    SiteType.CHANNEL: (500, 1000, 1500, 2000),
}


DOWN_HOLD_S = 600.0
DOWN_HOLDS_S = dict.fromkeys(
    (SiteType.UNDERPASS, SiteType.TUNNEL, SiteType.METRO_ENTRANCE, SiteType.UNDERGROUND_CAR_PARK), 1200.0
)
"""The default down-hold by type of site. Where people drown, a level is left later, because a second peak often follows
within half an hour. Proposal."""


def default_profile(site_type: SiteType) -> ThresholdProfile:
    """Return the default profile of a type, used until the site is surveyed."""
    depths = _DEFAULT_DEPTHS_MM[site_type]
    pairs = zip(WARNING_LEVELS, depths, strict=True)
    thresholds = {level: DepthThreshold(depth_mm, _PROPOSED) for level, depth_mm in pairs}
    return ThresholdProfile(thresholds, down_hold_s=DOWN_HOLDS_S.get(site_type, DOWN_HOLD_S))
