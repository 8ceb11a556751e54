"""Readings by the minute, and what the engine says to them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import DepthThreshold, Site, SiteType, ThresholdProfile
from rencheng.engine.evaluate import LevelChange, evaluate
from rencheng.engine.site_policy import policy_of
from rencheng.engine.state import SiteState

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)

Change = tuple[str, str, float, str]
"""(before, after, minutes after noon, rule) of a change."""


def profile(
    *depths_mm: float,
    clear_below_mm: float = 30.0,
    up_hold_s: float = 0.0,
    down_hold_s: float = 600.0,
    horizon_s: float = 600.0,
) -> ThresholdProfile:
    """Blue 50, yellow 150, orange 270, red 400, unless told otherwise."""
    thresholds = zip(WARNING_LEVELS, depths_mm or (50.0, 150.0, 270.0, 400.0), strict=True)
    return ThresholdProfile(
        {level: DepthThreshold(depth_mm, "test") for level, depth_mm in thresholds},
        clear_below_mm=clear_below_mm,
        up_hold_s=up_hold_s,
        down_hold_s=down_hold_s,
        horizon_s=horizon_s,
    )


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def reading(
    minute: float,
    depth_mm: float | None,
    gauge: str = "G1",
    *,
    channel: int = 0,
    quality: Quality = Quality.NOTHING_FOUND,
) -> WaterReading:
    return WaterReading(gauge, channel, at(minute), depth_mm, quality=quality)


def steady(depth_mm: float, minutes: Iterable[float], gauge: str = "G1") -> list[WaterReading]:
    return [reading(minute, depth_mm, gauge) for minute in minutes]


def play(
    readings: Iterable[WaterReading], by: ThresholdProfile, state: SiteState | None = None
) -> tuple[SiteState, list[LevelChange]]:
    """The state after some readings, and the changes that they made: at an underpass, by the rate of rise alone."""
    state, changes = state or SiteState(), []
    policy = policy_of(site(by=by))
    for one in readings:
        state, change = evaluate(state, one, policy)
        changes += [change] if change else []
    return state, changes


def changes_of(changes: Sequence[LevelChange]) -> list[Change]:
    return [(c.before.word, c.after.word, (c.at - NOON).total_seconds() / 60, c.grounds.rule) for c in changes]


def site(
    site_id: str = "site-1",
    *gauges: str,
    world: str = "actual",
    by: ThresholdProfile | None = None,
    region: str = "370102",
) -> Site:
    return Site(
        site_id=site_id,
        name_zh="示例下穿",
        name_en="Example underpass",
        site_type=SiteType.UNDERPASS,
        region=region,
        latitude=36.65,
        longitude=117.02,
        profile=by or profile(),
        world=world,
        depth_gauge_ids=gauges or ("G1",),
    )
