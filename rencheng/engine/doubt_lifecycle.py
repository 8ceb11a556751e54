"""From doubt to notices: reported once, again when it becomes graver, and settled by readings or by a person."""

from datetime import UTC, datetime

from msgspec.structs import replace

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind, DoubtOutcome, DoubtReport
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.doubt import doubt_of, false_doubts_at, is_like_snow, may_be_doubtful
from rencheng.engine.evaluate import LevelChange, change_level
from rencheng.engine.fusion import FusedDepth, at_lowest_point_mm
from rencheng.engine.gauge import GaugeState
from rencheng.engine.gauge_update import accept_jump, deny_jump
from rencheng.engine.level_rules import confirmed
from rencheng.engine.lifecycle import advance
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import OpenDoubt, SiteState, gauge_of


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
