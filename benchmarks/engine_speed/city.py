"""An hour of a city: 5,000 sites with a gauge each, rain gauges, and a storm over some. Pure, from seeded dice."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.skill.recordings import flood_events
from benchmarks.skill.timeline import NOISE_MM
from rencheng.backtest.sites import REGION, WORLD
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site, SiteType, default_profile

SITES = 5000
SITES_A_RAIN_GAUGE = 25
BEGINS_AT = datetime(2026, 7, 20, 12, tzinfo=UTC)
STEP_S = 60
RAIN_STEP_S = 300
SEED = 7

_TYPES = (
    *[SiteType.ROAD] * 6,
    SiteType.UNDERPASS,
    SiteType.TUNNEL,
    SiteType.METRO_ENTRANCE,
    SiteType.UNDERGROUND_CAR_PARK,
)


def sites() -> dict[str, Site]:
    """All of them; every 25 share a rain gauge."""
    return {f"site-{number:04}": _site(number) for number in range(SITES)}


def readings(minutes: int, wet_share: float) -> Iterator[WaterReading]:
    """What all gauges say, minute by minute: recorded floods at a share of the sites, dry streets at the others."""
    dice = random.Random(SEED)
    floods = [event.samples for event in flood_events() if len(event.samples) > minutes]
    wet = dice.sample(range(SITES), round(SITES * wet_share))
    played = {number: [mm for _, mm in dice.choice(floods)[:minutes]] for number in wet}
    for minute in range(minutes):
        at = BEGINS_AT + timedelta(seconds=STEP_S * minute)
        if minute * STEP_S % RAIN_STEP_S == 0:
            for number in range(SITES // SITES_A_RAIN_GAUGE):
                rain_mm = round(dice.expovariate(1.0), 1) if wet_share else 0.0
                yield WaterReading(f"rain-{number:03}", 0, at, rain_mm=rain_mm)
        for number in range(SITES):
            depth_mm = played[number][minute] if number in played else abs(dice.gauss(0, NOISE_MM))
            after = timedelta(milliseconds=STEP_S * 1000 * number / SITES)
            yield WaterReading(f"gauge-{number:04}", 0, at + after, round(depth_mm, 1))


def _site(number: int) -> Site:
    site_type = _TYPES[number % len(_TYPES)]
    return Site(
        site_id=f"site-{number:04}",
        name_zh="地点",
        name_en="Place",
        site_type=site_type,
        region=REGION,
        latitude=36.65,
        longitude=117.02,
        profile=default_profile(site_type),
        world=WORLD,
        depth_gauge_ids=(f"gauge-{number:04}",),
        rain_gauge_ids=(f"rain-{number // SITES_A_RAIN_GAUGE:03}",),
    )
