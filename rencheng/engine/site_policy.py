"""By what a site is judged, laid out as the engine asks for it: its thresholds, and what its type does with doubt."""

from dataclasses import dataclass, replace

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import Site, SiteType
from rencheng.engine.forecast.model import Model
from rencheng.engine.rain.rainfall import RAIN_THRESHOLDS, RainThresholds

CLEARED_SHARE_MIN = 0.3
"""A depth of less than this share of a threshold is below it, whatever `clear_below_mm` asks."""

FAIL_SAFE_TYPES = frozenset(
    {
        SiteType.UNDERPASS,
        SiteType.TUNNEL,
        SiteType.METRO_ENTRANCE,
        SiteType.UNDERGROUND_CAR_PARK,
    }
)
"""Where people cannot get out, doubt warns. Elsewhere doubt is quiet. Source: Zhengzhou, domain reference 1.4."""

STREAM = replace(
    STREET,
    flat_s=72 * 3600.0,
    stuck_s=72 * 3600.0,
    sources={**STREET.sources, "flat_s": "Walnut Creek's base flow stands still for days", "stuck_s": "the same"},
)
"""A stream is never dry, and in dry weather hardly moves."""

QUIET_RAISES_AT = 0.72
FAIL_SAFE_RAISES_AT = 0.40
ARMED_SHARE = 0.75
"""Probability of a crossing from which a level is raised, and how much of it is enough when rain has armed the site.
Source: `make skill`: the first even step with FAR below 0.30. It was chosen on the streets that it is scored on; a
flood more or less moves it by a step."""

HELD_SHARE = 0.12
"""What was foreseen holds while its probability is above this share of the one that raised it."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """What the engine asks of a site.

    Attributes:
        thresholds_mm: where each level begins, from blue.
        clear_mm: at or below this a level is left.
        heights_mm: by gauge, of its zero above the lowest point.
        up_hold_s, down_hold_s, horizon_s: as in the profile.
        version: of the profile.
        hasty: doubt warns here.
        is_stream: there is always water, and nothing else passes under a gauge.
        limits: of the tests of a gauge's series.
        raises_at: probability of a crossing from which a level is raised.
        answer: how much rain floods such a place.
        model: what foretells; None: the rate of rise alone.
    """

    thresholds_mm: tuple[float, ...]
    clear_mm: tuple[float, ...]
    heights_mm: dict[str, float]
    up_hold_s: float
    down_hold_s: float
    horizon_s: float
    version: int
    fail_safe: bool
    is_stream: bool
    limits: SeriesLimits
    raises_at: float
    rain_thresholds: RainThresholds
    model: Model | None


def policy_of(site: Site, model: Model | None = None) -> SitePolicy:
    """The rules of a site. A channel is no street: the street's model is not asked there."""
    profile = site.profile
    depths_mm = tuple(profile.depth_mm(level) for level in WARNING_LEVELS)
    hasty = site.site_type in FAIL_SAFE_TYPES
    return SitePolicy(
        thresholds_mm=depths_mm,
        clear_mm=tuple(max(mm - profile.clear_below_mm, mm * CLEARED_SHARE_MIN) for mm in depths_mm),
        heights_mm={s.device_id: s.lowest_point_height_mm for s in site.sensors if s.lowest_point_height_mm},
        up_hold_s=profile.up_hold_s,
        down_hold_s=profile.down_hold_s,
        horizon_s=profile.horizon_s,
        version=profile.version,
        fail_safe=hasty,
        is_stream=site.site_type is SiteType.CHANNEL,
        limits=STREAM if site.site_type is SiteType.CHANNEL else STREET,
        raises_at=FAIL_SAFE_RAISES_AT if hasty else QUIET_RAISES_AT,
        rain_thresholds=RAIN_THRESHOLDS[site.site_type],
        model=None if site.site_type is SiteType.CHANNEL else model,
    )
