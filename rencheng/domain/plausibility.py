"""Doubts about a site: values that are probably mistakes, and that silence its warnings if they are.

A doubt is a sentence. A person may confirm it; nothing here is impossible.
"""

from collections.abc import Iterator

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.sensor import Role
from rencheng.domain.site import Site, SiteType, ThresholdProfile

BLUE_MIN_MM = 10.0
"""A lower first threshold warns of wet asphalt. Source: the lowest default is 30 mm (domain reference 1.3)."""

RED_MAX_MM = 1_000.0
"""A deeper red warns when cars float. Source: all vehicles stall at 500 mm (domain reference 1.3)."""

CHANNEL_RED_MAX_MM = 10_000.0
"""The same for a channel, whose banks are metres high."""

RISE_MAX = 2.0
"""A threshold that rises by more than this factor in one change is rather a slip of the keyboard than a survey."""

HEIGHT_MAX_MM = 1_000.0
"""A gauge's zero is further from the lowest point only at a channel."""

UP_HOLD_MAX_S = 600.0
"""A longer wait before a level rises costs the time that closing a site needs (domain reference 1.4)."""

DOWN_HOLD_MAX_S = 6 * 3600.0
"""A longer wait keeps a warning in force for a day after the water."""


def doubts_of(site: Site, before: Site | None = None) -> tuple[str, ...]:
    """Return the doubts about a site as it shall be, and about the change from what it was.

    A value that was confirmed earlier and stays as it is raises no doubt again.
    """
    known = set() if before is None else set(_doubts_of_values(before))
    doubts = [doubt for doubt in _doubts_of_values(site) if doubt not in known]
    if before is not None:
        doubts += _doubts_of_rise(before.profile, site.profile)
    return tuple(f"site {site.site_id}: {doubt}" for doubt in doubts)


def doubts_of_gauges(site_id: str, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return the doubt about a change that leaves a site without a depth gauge."""
    if not before or after:
        return ()
    named = ", ".join(before)
    return (f"site {site_id}: it loses its last depth gauge ({named}), so it can no longer warn",)


def _doubts_of_values(site: Site) -> Iterator[str]:
    profile, is_channel = site.profile, site.site_type is SiteType.CHANNEL
    blue_mm, red_mm = profile.depth_mm(Level.BLUE), profile.depth_mm(Level.RED)
    red_max_mm = CHANNEL_RED_MAX_MM if is_channel else RED_MAX_MM
    if blue_mm < BLUE_MIN_MM:
        yield f"blue begins at {blue_mm:g} mm, below {BLUE_MIN_MM:g} mm"
    if red_mm > red_max_mm:
        yield f"red begins at {red_mm:g} mm, above {red_max_mm:g} mm, the most for {site.site_type}"
    if profile.clear_below_mm > blue_mm:
        yield f"clear_below_mm is {profile.clear_below_mm:g}, above blue's {blue_mm:g} mm, so no warning would ever end"
    if profile.up_hold_s > UP_HOLD_MAX_S:
        yield f"up_hold_s is {profile.up_hold_s:g}, so every warning waits more than {UP_HOLD_MAX_S / 60:g} minutes"
    if profile.down_hold_s > DOWN_HOLD_MAX_S:
        yield f"down_hold_s is {profile.down_hold_s:g}, more than {DOWN_HOLD_MAX_S / 3600:g} hours"
    height_max_mm = CHANNEL_RED_MAX_MM if is_channel else HEIGHT_MAX_MM
    for sensor in site.sensors:
        if sensor.role is Role.DEPTH and abs(sensor.lowest_point_height_mm) > height_max_mm:
            height_mm = sensor.lowest_point_height_mm
            yield f"gauge {sensor.device_id} stands {height_mm:g} mm from the lowest point, beyond {height_max_mm:g} mm"


def _doubts_of_rise(before: ThresholdProfile, after: ThresholdProfile) -> Iterator[str]:
    for level in WARNING_LEVELS:
        old_mm, new_mm = before.depth_mm(level), after.depth_mm(level)
        if new_mm > RISE_MAX * old_mm:
            yield f"{level.word} rises from {old_mm:g} to {new_mm:g} mm, by more than a factor of {RISE_MAX:g}"
