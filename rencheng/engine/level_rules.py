"""Which levels speak for themselves at a site, and the numbers that make them."""

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.warning import Grounds, WarningRule
from rencheng.engine.arming import UNARMED, Arming
from rencheng.engine.forecast import forecast as outlooks
from rencheng.engine.forecast.forecast import ThresholdForecast
from rencheng.engine.forecast.model import is_regional_event
from rencheng.engine.fusion import FusedDepth, is_fresh
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.site_policy import ARMED_SHARE, HELD_SHARE, SitePolicy
from rencheng.engine.state import SiteState, gauge_of
from rencheng.engine.water.event import is_confirmed

RuleMatch = tuple[Level, Grounds]
"""A level, and the numbers that speak for it."""


def observed(state: SiteState, sight: FusedDepth | None, rules: SitePolicy) -> RuleMatch | None:
    """The highest level at whose threshold the water has stood for the up-hold, if the site must rise to it."""
    if sight is None or not state.reached_s:
        return None
    held = [level for level, since_s in state.reached_s.items() if sight.at_s - since_s >= rules.up_hold_s]
    level = max(held, default=Level.NONE)
    return (level, _grounds(WarningRule.OBSERVED, sight, level, rules)) if level > state.level else None


def expected(state: SiteState, sight: FusedDepth | None, rules: SitePolicy, armed: Arming) -> RuleMatch | None:
    """The highest level that the water will probably reach within the half hour, if the site must rise to it."""
    if sight is None or not sight.forecasts or rules.horizon_s <= 0:
        return None
    spell, outlook = sight.gauge.event, sight.gauge.forecast
    is_doubtful = not rules.fail_safe and spell is not None and not is_confirmed(spell)
    if is_doubtful and not armed.by and not is_regional_event(outlook.rapid_rises_nearby if outlook else None):
        return None
    needed = raises_at(rules, armed)
    for level, crossing in zip(reversed(WARNING_LEVELS), reversed(sight.forecasts), strict=True):
        if level <= state.level:
            return None
        if crossing is not None and crossing.probability >= needed:
            would_anyway = not is_doubtful and crossing.probability >= rules.raises_at
            return level, _grounds(
                WarningRule.PREDICTED, sight, level, rules, crossing, UNARMED if would_anyway else armed
            )
    return None


def rain_exceeded(state: SiteState, sight: FusedDepth | None, rules: SitePolicy, at_s: float) -> RuleMatch | None:
    """Blue, if rain alone speaks for it: a street floods within minutes of it, and a gauge says so too late."""
    if state.level >= Level.BLUE or not rains.raises(state.rain, at_s):
        return None
    quarter_mm, hour_mm = rains.sums(state.rain, at_s)
    return Level.BLUE, Grounds(
        rule=WarningRule.RAINED,
        device_id=state.rain.fallen[-1][2] if state.rain.fallen else "",
        depth_mm=sight.depth_mm if sight else None,
        rise_mm_per_min=_rise(sight) if sight else None,
        threshold_mm=rules.thresholds_mm[0],
        eta_s=None,
        profile_version=rules.version,
        rain_quarter_mm=round(quarter_mm, 1),
        rain_hour_mm=round(hour_mm, 1),
    )


def receded(sight: FusedDepth, level: Level, rules: SitePolicy) -> Grounds:
    """Why a level is left."""
    return _grounds(WarningRule.RECEDED, sight, level, rules)


def raises_at(rules: SitePolicy, armed: Arming) -> float:
    """From which probability a level is raised."""
    return rules.raises_at * ARMED_SHARE if armed.by else rules.raises_at


def support(state: SiteState, sight: FusedDepth, rules: SitePolicy, armed: Arming) -> Level:
    """The highest level that something still holds: water above its clearing line, an outlook, or rain.

    A gauge that fell silent holds with the last that it said, until it speaks again or is taken out of service:
    a drowned one says nothing more, and its dry neighbour stands higher.
    """
    silent_mm = [
        gauge.accepted_mm
        for gauge in state.gauges.values()
        if gauge.accepted_mm is not None and gauge.is_trusted and not is_fresh(gauge, sight.at_s)
    ]
    depth_mm = max([sight.depth_mm, *silent_mm])
    held = Level.BLUE if rains.raises(state.rain, sight.at_s) else Level.NONE
    least = raises_at(rules, armed) * HELD_SHARE
    for index, level in enumerate(WARNING_LEVELS):
        crossing = sight.forecasts[index] if sight.forecasts else None
        stands = depth_mm > rules.clear_mm[index] or depth_mm >= rules.thresholds_mm[index]
        if stands or (crossing is not None and crossing.probability >= least):
            held = max(held, level)
    return held


def _grounds(
    rule: WarningRule,
    sight: FusedDepth,
    level: Level,
    rules: SitePolicy,
    crossing: ThresholdForecast | None = None,
    armed: Arming = UNARMED,
) -> Grounds:
    spell, outlook = sight.gauge.event, sight.gauge.forecast
    threshold_mm = rules.thresholds_mm[level - 1]
    because: tuple[tuple[str, float], ...] = ()
    if crossing is not None and rules.model is not None and spell is not None:
        height_mm = rules.heights_mm.get(gauge_of(sight.name), 0.0)
        stirred = outlook.rapid_rises_nearby if outlook else None
        because = rules.model.attribution(
            outlooks.feature_row(spell, sight.gauge.past_events, threshold_mm - height_mm), stirred
        )
    return Grounds(
        rule=rule,
        device_id=gauge_of(sight.name),
        depth_mm=sight.depth_mm,
        rise_mm_per_min=_rise(sight),
        threshold_mm=threshold_mm,
        eta_s=round(crossing.eta_s) if crossing else None,
        profile_version=rules.version,
        probability=round(crossing.probability, 3) if crossing else 1.0 if rule is WarningRule.OBSERVED else None,
        earliest_s=round(crossing.earliest_s) if crossing else None,
        latest_s=round(crossing.latest_s) if crossing else None,
        judged_by=outlook.judged_by if crossing and outlook else "",
        attribution=because,
        gauges=sight.gauges,
        within=tuple(round(share, 3) for share in crossing.within) if crossing else (),
        armed_by=armed.by,
        armed_by_source=armed.source,
        rapid_rises_nearby=outlook.rapid_rises_nearby if crossing and outlook else None,
    )


def _rise(sight: FusedDepth) -> float | None:
    outlook = sight.gauge.forecast
    return None if outlook is None or outlook.rise_mm_per_min is None else round(outlook.rise_mm_per_min, 1)
