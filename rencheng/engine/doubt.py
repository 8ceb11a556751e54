"""What may be water and is not proven: a jump that stands under a gauge, and that nobody has looked at.

It is no warning. It is reported so that a camera or a patrol can settle it (`doubt_lifecycle.py`).
"""

from math import exp2

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.engine.arming import most_raised
from rencheng.engine.fusion import at_lowest_point_mm, fuse
from rencheng.engine.gauge import GaugeState
from rencheng.engine.health.jump_filter import SLOW_STEP_S, STAYS_SHARE
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState
from rencheng.engine.water.event import may_be_snow

STANDS_S = {Level.YELLOW: 5400.0, Level.ORANGE: 2700.0, Level.RED: 720.0}
"""How long a jump must stand to be reported, by the level that its depth would be: deep water is reported sooner. A low
one is never reported. Source: `make noise`, whose boxes and tipped heaps make at most one notice a month so."""

STANDS_SAMPLES, STANDS_SAMPLES_SLOW = 3, 2
"""The least number of samples, which also rise if they do not stand for so long, and that of a slow gauge, which waits
no longer until a notice proved false."""

FALSE_HALF_LIFE_S = 30 * 86_400.0
"""Each notice that proved false makes the next one wait as long again; this halves in a month. Proposal."""

SAME_SHARE = 0.02
"""A jump to the same depth as a report that proved false within a month is the same thing again: a web, a
parking place. Source: KLab's blocked gauges, whose false jumps reach one depth (`sensor_health.SAME_TOP_SHARE`)."""

Doubt = tuple[Level, str, float]
"""The level whose threshold the depth reaches, the gauge channel, and the depth at the lowest point, mm."""

NO_DOUBT: Doubt = (Level.NONE, "", 0.0)


def doubt_of(state: SiteState, policy: SitePolicy, at_s: float) -> Doubt:
    """Return the gravest jump at a site that stands and is not accepted; `NO_DOUBT` without one.

    Depths that the level in force covers are not doubtful, and a gauge at fault is reported as such.
    """
    waits = 1.0 + false_doubts_at(state, at_s)
    jumps = (_of_gauge(name, one, policy, at_s, waits) for name, one in state.gauges.items())
    found = max((*jumps, _of_snow(state, policy, at_s)))
    is_same_thing = waits > 1.0 and abs(found[2] - state.doubtful_mm) <= SAME_SHARE * state.doubtful_mm
    return found if found[0] > state.level and not (is_same_thing and _is_recent(state, at_s)) else NO_DOUBT


def is_held_back(state: SiteState) -> bool:
    """Return whether a gauge reports what is not accepted yet, or a doubt is open."""
    return state.doubt is not None or is_pending(state)


def is_pending(state: SiteState) -> bool:
    """Return whether a gauge has a jump that is not accepted."""
    return any(gauge.pending_jump is not None for gauge in state.gauges.values())


def false_doubts_at(state: SiteState, at_s: float) -> float:
    """Return how many notices of doubt proved false, as of a moment."""
    if not state.false_doubts or state.false_doubt_s is None:
        return 0.0
    return state.false_doubts * exp2(-max(0.0, at_s - state.false_doubt_s) / FALSE_HALF_LIFE_S)


def may_be_doubtful(state: SiteState) -> bool:
    """Return whether a gauge may give rise to doubt: it has a jump, or depths that grow as snow does."""
    for gauge in state.gauges.values():
        if gauge.pending_jump is not None or (gauge.event is not None and is_like_snow(gauge)):
            return True
    return False


def is_like_snow(gauge: GaugeState) -> bool:
    """Return whether the depth stands and has grown as slowly as snow does."""
    event = gauge.event
    return event is not None and may_be_snow(event) and event.newest[1] >= STAYS_SHARE * event.peak_mm


def _of_snow(state: SiteState, policy: SitePolicy, at_s: float) -> Doubt:
    """Return the level that the depth reaches and that is not raised, because it may be snow."""
    fused = fuse(state, policy, at_s)
    if fused is None or not is_like_snow(fused.gauge) or (fused.gauge.event and fused.gauge.event.is_denied):
        return NO_DOUBT
    reached = (level for level, mm in zip(WARNING_LEVELS, policy.thresholds_mm, strict=True) if fused.depth_mm >= mm)
    level = max(reached, default=Level.NONE)
    return (level, fused.name, fused.depth_mm) if level > most_raised(state, fused, policy, at_s) else NO_DOUBT


def _is_recent(state: SiteState, at_s: float) -> bool:
    return state.false_doubt_s is not None and at_s - state.false_doubt_s <= FALSE_HALF_LIFE_S


def _of_gauge(name: str, gauge: GaugeState, policy: SitePolicy, at_s: float, waits: float) -> Doubt:
    jump = gauge.pending_jump
    if jump is None or jump.began_s is None or not gauge.is_trusted or policy.is_stream:
        return NO_DOUBT
    is_slow = (gauge.step_s or 0.0) >= SLOW_STEP_S
    if jump.samples < (STANDS_SAMPLES_SLOW if is_slow else STANDS_SAMPLES):
        return NO_DOUBT
    stood_s = (gauge.measured_s or at_s) - jump.began_s
    rises = jump.rises >= STANDS_SAMPLES + int(waits - 1.0)
    depth_mm = at_lowest_point_mm(jump.last_mm, policy, name)
    reached = (
        level
        for level, mm in zip(WARNING_LEVELS, policy.thresholds_mm, strict=True)
        if depth_mm >= mm and (rises or (level in STANDS_S and stood_s >= STANDS_S[level] * (waits - is_slow)))
    )
    return max(reached, default=Level.NONE), name, depth_mm
