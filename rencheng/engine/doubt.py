"""What may be water and is not proven: a jump that stands under a gauge, and that nobody has looked at.

It is no warning. It is reported so that a camera or a patrol can settle it: once, again when it becomes graver, and
when it is settled by readings or by a person.
"""

from datetime import UTC, datetime
from math import exp2

from msgspec.structs import replace

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind, DoubtOutcome, DoubtReport
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.arming import most_raised
from rencheng.engine.evaluate import LevelChange, change_level
from rencheng.engine.fusion import FusedDepth, at_lowest_point_mm, fuse
from rencheng.engine.gauge import GaugeState
from rencheng.engine.gauge_update import accept_jump, deny_jump
from rencheng.engine.health.jump_filter import SLOW_STEP_S, STAYS_SHARE
from rencheng.engine.level_rules import confirmed
from rencheng.engine.lifecycle import advance
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import OpenDoubt, SiteState, gauge_of
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


def review_doubt(site: Site, state: SiteState, policy: SitePolicy) -> tuple[SiteState, SiteNotice | None]:
    """Return the state with what is doubtful now, and the notice if that is more than before, or settled."""
    if state.doubt is None and not may_be_doubtful(state):
        return state, None
    at_s = state.watermark_s or 0.0
    level, name, depth_mm = doubt_of(state, policy, at_s)
    if level > state.doubtful:
        return _reported(site, state, policy, at_s, level, name, depth_mm)
    if state.doubt is None or (outcome := _outcome(state, state.doubt)) is None:
        return state, None
    return _settled(site, state, policy, state.doubt, at_s, outcome)


def doubt_in_force(site: Site, state: SiteState, policy: SitePolicy) -> SiteNotice | None:
    """Return the notice that is in force at a site, as it was issued; None without a doubt."""
    doubt = state.doubt
    if doubt is None:
        return None
    *earlier, (_, issued_at) = doubt.sent
    report = _report(doubt, policy, state.doubtful, state.doubtful_mm, len(doubt.sent), tuple(earlier))
    return _notice(SiteNoticeKind.DOUBTFUL, site, issued_at, state.doubtful, report)


def settle(site: Site, record: SiteRecord, policy: SitePolicy, answer: DoubtAnswer, now_s: float) -> Evaluation | None:
    """Return what a person's answer changes at a site; None if the doubt that it answers is not open.

    If the person saw the water, the jump is accepted and judged at once, whatever the other gauges measure. If not, it
    is a fault of the gauge, which reports nothing until the thing is gone or water rises above it.
    """
    state, doubt = record.state, record.state.doubt
    if doubt is None or doubt.doubt_id != answer.doubt_id:
        return None
    at_s = max(now_s, state.watermark_s or now_s)
    gauge, change = state.gauges.get(doubt.name), None
    is_water = answer.kind is DoubtAnswerKind.CONFIRM
    outcome = DoubtOutcome.CONFIRMED if is_water else DoubtOutcome.DENIED
    if gauge is not None and (gauge.pending_jump is not None or doubt.is_slow):
        gauge = accept_jump(gauge) if is_water else deny_jump(gauge, fail_safe=policy.fail_safe)
        state = replace(state, gauges={**state.gauges, doubt.name: gauge})
        if is_water:
            state, change = _raised(state, policy, gauge, doubt.name, at_s, answer.by)
    state, notice = _settled(site, state, policy, doubt, at_s, outcome, answer.by)
    open_warning, message = advance(record.open_warning, site, change) if change else (record.open_warning, None)
    return Evaluation(site.site_id, replace(record, state=state, open_warning=open_warning), message, notice)


def _raised(
    state: SiteState, policy: SitePolicy, gauge: GaugeState, name: str, at_s: float, by: str
) -> tuple[SiteState, LevelChange | None]:
    """Return the state at the level of the depth that a person confirmed, and the change; None if it holds already."""
    depth_mm = at_lowest_point_mm(gauge.accepted_mm or 0.0, policy, name)
    level = _level_of(depth_mm, policy)
    if level <= state.level:
        return state, None
    fused = FusedDepth(at_s, depth_mm, name, gauge, (), (gauge_of(name),))
    state, change = change_level(state, at_s, level, confirmed(fused, level, policy, by))
    return state, change


def _level_of(depth_mm: float, policy: SitePolicy) -> Level:
    reached = zip(WARNING_LEVELS, policy.thresholds_mm, strict=True)
    return max((level for level, threshold_mm in reached if depth_mm >= threshold_mm), default=Level.NONE)


def _outcome(state: SiteState, doubt: OpenDoubt) -> DoubtOutcome | None:
    """Return how the readings settled a doubt; None if they did not."""
    gauge = state.gauges.get(doubt.name)
    if state.level >= state.doubtful:
        return DoubtOutcome.WARNED
    if gauge is None:
        return DoubtOutcome.UNBOUND
    if gauge.pending_jump is not None or (doubt.is_slow and is_like_snow(gauge)):
        return None
    return DoubtOutcome.WARNED if state.level else DoubtOutcome.FELL_BACK


def _reported(
    site: Site, state: SiteState, policy: SitePolicy, at_s: float, level: Level, name: str, depth_mm: float
) -> tuple[SiteState, SiteNotice]:
    at, gauge = _moment(at_s), state.gauges[name]
    jump = gauge.pending_jump
    gauge_mm = (gauge.accepted_mm or 0.0) if jump is None else jump.last_mm
    known = state.doubt
    doubt_id = known.doubt_id if known else f"{site.site_id}-doubt-{at:%Y%m%dT%H%M%SZ}"
    sent = known.sent if known else ()
    all_sent = (*sent, (f"{doubt_id}-{len(sent) + 1}", at))
    doubt = OpenDoubt(doubt_id, name, gauge_mm, all_sent, is_slow=jump is None)
    state = replace(state, doubtful=level, doubtful_mm=depth_mm, doubt=doubt)
    report = _report(doubt, policy, level, depth_mm, len(doubt.sent), sent)
    return state, _notice(SiteNoticeKind.DOUBTFUL, site, at, level, report)


def _settled(
    site: Site,
    state: SiteState,
    policy: SitePolicy,
    doubt: OpenDoubt,
    at_s: float,
    outcome: DoubtOutcome,
    by: str = "",
) -> tuple[SiteState, SiteNotice]:
    """Return the state without its doubt, and the notice. A doubt that was false makes the next ones wait longer."""
    level, depth_mm = state.doubtful, state.doubtful_mm
    report = _report(doubt, policy, level, depth_mm, len(doubt.sent) + 1, doubt.sent, outcome, by)
    state = replace(state, doubtful=Level.NONE, doubt=None)
    if outcome in {DoubtOutcome.FELL_BACK, DoubtOutcome.DENIED}:
        state = replace(state, false_doubts=false_doubts_at(state, at_s) + 1.0, false_doubt_s=at_s)
    return state, _notice(SiteNoticeKind.DOUBT_SETTLED, site, _moment(at_s), level, report)


def _report(
    doubt: OpenDoubt,
    policy: SitePolicy,
    level: Level,
    depth_mm: float,
    sequence: int,
    references: tuple[tuple[str, datetime], ...],
    outcome: DoubtOutcome | None = None,
    by: str = "",
) -> DoubtReport:
    return DoubtReport(
        doubt_id=doubt.doubt_id,
        sequence=sequence,
        device_id=gauge_of(doubt.name),
        gauge_depth_mm=doubt.gauge_mm,
        depth_mm=depth_mm,
        threshold_mm=policy.thresholds_mm[level - 1],
        references=references,
        outcome=outcome,
        settled_by=by,
        is_slow=doubt.is_slow,
    )


def _notice(kind: SiteNoticeKind, site: Site, at: datetime, level: Level, report: DoubtReport) -> SiteNotice:
    gauges = ((report.device_id, kind.value),)
    return SiteNotice(kind, site.site_id, site.world, at, level, gauges, doubt=report)


def _moment(time_s: float) -> datetime:
    return datetime.fromtimestamp(time_s, UTC).replace(microsecond=0)


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
