"""How much rain floods a type of site, before the site shows its own."""

from rencheng.domain.site import SiteType
from rencheng.engine.rain.response import RainThresholds

_STREET_WINDOWS = (0.6, 0.3, 0.1)
"""A street floods by minutes of rain more than by hours. Source: `make rain`."""

_STREET = "Beijing 安定门桥: 20 mm in 20 min put 30 cm under a bridge; domain reference 1.2"
RAIN_THRESHOLDS: dict[SiteType, RainThresholds] = {
    SiteType.CHANNEL: RainThresholds(
        3.0, 8.0, "Walnut Creek, South State Street, each storm left out in turn: docs/reference"
    ),
    SiteType.ROAD: RainThresholds(12.0, 25.0, _STREET, _STREET_WINDOWS),
    SiteType.UNDERPASS: RainThresholds(10.0, 20.0, _STREET, _STREET_WINDOWS),
    SiteType.TUNNEL: RainThresholds(10.0, 20.0, _STREET, _STREET_WINDOWS),
    SiteType.METRO_ENTRANCE: RainThresholds(10.0, 20.0, _STREET, _STREET_WINDOWS),
    SiteType.UNDERGROUND_CAR_PARK: RainThresholds(10.0, 20.0, _STREET, _STREET_WINDOWS),
    SiteType.LOW_LYING_COMMUNITY: RainThresholds(12.0, 25.0, _STREET, _STREET_WINDOWS),
    SiteType.CHARGING_STATION: RainThresholds(12.0, 25.0, _STREET, _STREET_WINDOWS),
}
