"""One reading of a site's gauge, and what follows from it. Everything here is in event time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import ThresholdProfile
from rencheng.domain.warning import Grounds
from services.alerts.engine.findings import Finding, Sight, look, observed, predicted, still_held
from services.alerts.engine.state import SiteState, channel_name


@dataclass(frozen=True, slots=True)
class Change:
    """A site's level changed: from, to, when (event time), and on what grounds."""

    before: Level
    after: Level
    at: datetime
    grounds: Grounds


def step(state: SiteState, reading: WaterReading, profile: ThresholdProfile) -> tuple[SiteState, Change | None]:
    """Take one reading in.

    A level rises at once on what is observed or predicted, and steps down only after nothing has held it up for the
    profile's down-hold. A reading that is not its gauge's newest joins the track and decides nothing by itself; a gauge
    whose clock is ahead does not make the others old. No reading, no change: silence is never taken for dryness.
    """
    if reading.depth_mm is None or reading.quality & UNUSABLE:
        return state, None
    name = channel_name(reading.device_id, reading.channel)
    spoke_at = state.spoke_at(name)
    state = state.with_sample(name, reading.time, reading.depth_mm)
    sight = look(state)
    if sight is None or (spoke_at is not None and reading.time <= spoke_at):
        return state, None
    if state.level is Level.NONE and sight.depth_mm < profile.depth_mm(Level.BLUE):
        return _quiet(state), None
    state = _note_reached(state, sight, profile)
    expected = predicted(sight, profile)
    risen = _risen(state, sight, profile, expected)
    return _change(state, sight, *risen) if risen else _recede(state, sight, profile, expected)


def _quiet(state: SiteState) -> SiteState:
    """A street below every threshold where no level is in force: nearly all readings end here, and nothing follows."""
    if not state.reached_since and state.receding_since is None:
        return state
    return replace(state, reached_since={}, receding_since=None)


def _note_reached(state: SiteState, sight: Sight, profile: ThresholdProfile) -> SiteState:
    """Since when the water has stood at each threshold without a break."""
    levels = (level for level in WARNING_LEVELS if sight.depth_mm >= profile.depth_mm(level))
    reached = {level: state.reached_since.get(level, sight.at) for level in levels}
    return state if reached == state.reached_since else replace(state, reached_since=reached)


def _risen(state: SiteState, sight: Sight, profile: ThresholdProfile, expected: Finding | None) -> Finding | None:
    """The highest finding above the level in force; what is seen goes before what is expected."""
    found = [finding for finding in (observed(sight, state, profile), expected) if finding]
    above = [finding for finding in found if finding[0] > state.level]
    return max(above, key=lambda finding: finding[0], default=None)


def _recede(
    state: SiteState, sight: Sight, profile: ThresholdProfile, expected: Finding | None
) -> tuple[SiteState, Change | None]:
    """Step down to what still holds, once that has been so for the down-hold."""
    support = max(still_held(sight, state, profile), expected[0] if expected else Level.NONE)
    if support >= state.level:
        return state if state.receding_since is None else replace(state, receding_since=None), None
    since = state.receding_since or sight.at
    if sight.at - since < timedelta(seconds=profile.down_hold_s):
        return replace(state, receding_since=since), None
    return _change(state, sight, support, sight.grounds("receded", state.level, profile))


def _change(state: SiteState, sight: Sight, level: Level, grounds: Grounds) -> tuple[SiteState, Change]:
    change = Change(before=state.level, after=level, at=sight.at, grounds=grounds)
    return replace(state, level=level, receding_since=None), change
