"""The policy of a site: its thresholds, and how its type treats doubtful depths."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.sensor import BoundSensor
from rencheng.domain.site import Site, SiteType
from rencheng.engine.forecast.model import Model
from rencheng.engine.health.baseline import GREATEST_MM, SMALL_MM
from rencheng.engine.health.water_odds import NEEDED_ODDS, NEEDED_ODDS_FAIL_SAFE, NEEDED_ODDS_NEAR_CURRENT
from rencheng.engine.rain.rain_gauge import RainTraits
from rencheng.engine.rain.rain_types import RAIN_THRESHOLDS
from rencheng.engine.rain.response import RainThresholds
from rencheng.engine.traits import PLAIN, GaugeTraits

CLEARED_SHARE_MIN = 0.3
"""A depth below this share of a threshold has left it, whatever `clear_below_mm` is."""

FAIL_SAFE_TYPES = frozenset(
    {
        SiteType.UNDERPASS,
        SiteType.TUNNEL,
        SiteType.METRO_ENTRANCE,
        SiteType.UNDERGROUND_CAR_PARK,
    }
)
"""Places that people cannot leave. There a doubtful depth warns; elsewhere it does not. Source: Zhengzhou, domain
reference 1.4."""

STREAM = replace(
    STREET,
    flat_s=72 * 3600.0,
    stuck_s=72 * 3600.0,
    sources={**STREET.sources, "flat_s": "Walnut Creek's base flow stands still for days", "stuck_s": "the same"},
)
"""A stream is never dry, and hardly moves in dry weather."""

QUIET_RAISES_AT = 0.72
FAIL_SAFE_RAISES_AT = 0.40
ARMED_SHARE = 0.75
"""The probability of a crossing from which a level is raised, and the share of it that is enough at an armed site.
Source: `make skill`: the first even step with FAR below 0.30. It was chosen on the streets that it is scored on; one
flood more or less moves it by a step."""

HELD_SHARE = 0.12
"""A predicted level holds while its probability is above this share of the one that raises it."""


NO_TRAITS: Mapping[str, GaugeTraits] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The policy of a site, laid out for the engine.

    Attributes:
        thresholds_mm: the depth at which each level begins, from blue.
        clear_mm: the depth at or below which each level is left.
        heights_mm: the height of each gauge's zero above the lowest point, where it has one.
        up_hold_s, down_hold_s, horizon_s: as in the profile.
        version: of the profile.
        fail_safe: a doubtful depth warns here.
        needed_odds: the log-odds of water from which a depth that jumps is accepted here.
        is_stream: there is always water, and nothing else passes under a gauge.
        limits: of the series tests.
        traits: what the registry says of each gauge; a gauge that is missing is plain.
        raises_at: probability of a crossing from which a level is raised.
        rain_thresholds: how much rain floods such a place.
        rain_traits: of each rain gauge about which the registry says something.
        inputs: the gauges upstream and in manholes, by device.
        model: the forecast model; None: the rate of rise alone.
    """

    thresholds_mm: tuple[float, ...]
    clear_mm: tuple[float, ...]
    heights_mm: dict[str, float]
    up_hold_s: float
    down_hold_s: float
    horizon_s: float
    version: int
    fail_safe: bool
    needed_odds: float
    is_stream: bool
    limits: SeriesLimits
    traits: Mapping[str, GaugeTraits]
    raises_at: float
    rain_thresholds: RainThresholds
    rain_traits: dict[str, RainTraits]
    inputs: dict[str, BoundSensor]
    model: Model | None

    @property
    def zero_max_mm(self) -> float:
        """The greatest offset of a zero that is subtracted; a stream has no dry bed to learn one from."""
        return 0.0 if self.is_stream else SMALL_MM if self.fail_safe else GREATEST_MM

    def height_mm(self, gauge: str) -> float:
        """Return the height of a gauge's zero above the lowest point."""
        return self.heights_mm.get(gauge, 0.0)


def policy_of(site: Site, model: Model | None = None, traits: Mapping[str, GaugeTraits] = NO_TRAITS) -> SitePolicy:
    """Return the policy of a site, with the traits of its gauges.

    A channel has no model, because the model is one of streets.
    """
    profile = site.profile
    depths_mm = tuple(profile.depth_mm(level) for level in WARNING_LEVELS)
    fail_safe = site.site_type in FAIL_SAFE_TYPES
    return SitePolicy(
        thresholds_mm=depths_mm,
        clear_mm=tuple(max(mm - profile.clear_below_mm, mm * CLEARED_SHARE_MIN) for mm in depths_mm),
        heights_mm={s.device_id: s.lowest_point_height_mm for s in site.sensors if s.lowest_point_height_mm},
        up_hold_s=profile.up_hold_s,
        down_hold_s=profile.down_hold_s,
        horizon_s=profile.horizon_s,
        version=profile.version,
        fail_safe=fail_safe,
        needed_odds=_needed_odds(site.site_type),
        is_stream=site.site_type is SiteType.CHANNEL,
        limits=STREAM if site.site_type is SiteType.CHANNEL else STREET,
        traits={name: found for name in site.depth_gauge_ids if (found := traits.get(name, PLAIN)) is not PLAIN},
        raises_at=FAIL_SAFE_RAISES_AT if fail_safe else QUIET_RAISES_AT,
        rain_thresholds=RAIN_THRESHOLDS[site.site_type],
        rain_traits={
            name: RainTraits(step_s)
            for name in site.rain_gauge_ids
            if (step_s := traits.get(name, PLAIN).expected.interval_s) is not None
        },
        inputs={sensor.device_id: sensor for sensor in site.inputs},
        model=None if site.site_type is SiteType.CHANNEL else model,
    )


def _needed_odds(site_type: SiteType) -> float:
    if site_type in FAIL_SAFE_TYPES:
        return NEEDED_ODDS_FAIL_SAFE
    return NEEDED_ODDS_NEAR_CURRENT if site_type is SiteType.CHARGING_STATION else NEEDED_ODDS
