"""What a site looks like now, and which levels that speaks for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import ThresholdProfile
from rencheng.domain.warning import Grounds
from services.alerts.engine.state import SiteState, gauge_of
from services.alerts.engine.trend import WINDOW, Sample, eta_s, rise_mm_per_s

CLEARED_SHARE_MIN = 0.3
"""A depth of less than this share of a threshold is below it, whatever `clear_below_mm` asks."""

Finding = tuple[Level, Grounds]
"""A level, and the numbers that speak for it."""


@dataclass(frozen=True)
class Sight:
    """A site as its deepest gauge shows it.

    Attributes:
        at: the site's now, the greatest sample time taken in.
        device_id: the gauge whose newest sample is the deepest of those that have spoken within the window.
        depth_mm: that sample.
        samples: the gauge's samples of the window.
    """

    at: datetime
    device_id: str
    depth_mm: float
    samples: tuple[Sample, ...]

    @cached_property
    def rise_mm_per_s(self) -> float | None:
        """The gauge's rate of rise, worked out when somebody asks; None with too few samples."""
        return rise_mm_per_s(self.samples)

    def grounds(self, rule: str, level: Level, profile: ThresholdProfile, *, eta_s: float | None = None) -> Grounds:
        """These numbers as the grounds of a level change."""
        rise = self.rise_mm_per_s
        return Grounds(
            rule=rule,
            device_id=self.device_id,
            depth_mm=self.depth_mm,
            rise_mm_per_min=None if rise is None else round(rise * 60, 1),
            threshold_mm=profile.depth_mm(level),
            eta_s=None if eta_s is None else round(eta_s),
            profile_version=profile.version,
        )


def look(state: SiteState) -> Sight | None:
    """The site at its now; None if no gauge has spoken within the window."""
    at = state.watermark
    if at is None:
        return None
    fresh = {name: track for name, track in state.tracks.items() if track and track[-1][0] > at - WINDOW}
    if not fresh:
        return None
    name = max(fresh, key=lambda name: (fresh[name][-1][1], name)) if len(fresh) > 1 else next(iter(fresh))
    return Sight(at, gauge_of(name), fresh[name][-1][1], fresh[name])


def observed(sight: Sight, state: SiteState, profile: ThresholdProfile) -> Finding | None:
    """The highest level whose threshold the water has stood at for the profile's up-hold."""
    hold = timedelta(seconds=profile.up_hold_s)
    level = max((level for level, since in state.reached_since.items() if sight.at - since >= hold), default=None)
    return None if level is None else (level, sight.grounds("observed", level, profile))


def predicted(sight: Sight, profile: ThresholdProfile) -> Finding | None:
    """The highest level that the rise of the last minutes reaches within the horizon.

    Only from the blue threshold on: below, a car's wake looks like the start of a flood.
    """
    if sight.depth_mm < profile.depth_mm(Level.BLUE):
        return None
    rise = sight.rise_mm_per_s
    if rise is None or rise <= 0:
        return None
    for level in reversed(WARNING_LEVELS):
        eta = eta_s(sight.depth_mm, rise, profile.depth_mm(level))
        if eta is not None and 0 < eta <= profile.horizon_s:
            return level, sight.grounds("predicted", level, profile, eta_s=eta)
    return None


def still_held(sight: Sight, state: SiteState, profile: ThresholdProfile) -> Level:
    """The highest level that the water has not left: it is not so far below the threshold as clearing asks.

    A gauge that fell silent holds with the last that it said, until it speaks again or is taken out of service:
    a drowned one says nothing more, and its dry neighbour stands higher.
    """
    silent_mm = [track[-1][1] for track in state.tracks.values() if track and track[-1][0] <= sight.at - WINDOW]
    depth_mm = max([sight.depth_mm, *silent_mm])
    lines = ((level, _clearing_line_mm(level, profile)) for level in WARNING_LEVELS)
    left = max((level for level, line_mm in lines if depth_mm > line_mm), default=Level.NONE)
    return max(left, profile.level_at(depth_mm))


def _clearing_line_mm(level: Level, profile: ThresholdProfile) -> float:
    """At or below this a level is left. Never so low that a gauge which rests at a few millimetres could not clear."""
    threshold_mm = profile.depth_mm(level)
    return max(threshold_mm - profile.clear_below_mm, threshold_mm * CLEARED_SHARE_MIN)
