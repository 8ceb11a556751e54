"""Rain at a site: how much fell, what it will probably do there, and whether it arms the site."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.nowcast import NO_NOWCAST, Nowcast
from rencheng.engine.rain.doses import RainStep, dose, dose_ahead
from rencheng.engine.rain.rain_gauge import (
    UNKNOWN_TRAITS,
    RainGauge,
    RainReport,
    RainTraits,
    first_report,
    next_report,
)
from rencheng.engine.rain.response import Dose, RainThresholds, Response, Storm, response
from rencheng.engine.rain.shared import Shared

KEPT_S = 4 * 3600.0
"""How long rain is kept, and within which a rise counts as its response. Source: Walnut Creek responds within 4 h."""

HOLDS_S = 3 * 3600.0
"""How long rain keeps a site armed: three dry hours separate two rain events (Walnut Creek)."""

STORMS_KEPT = 16

RAISES_AT, ARMS_AT = 0.25, 0.1
"""The probability from which rain alone raises a level, and from which it arms a site: its gauges are accepted sooner.
A miss costs as much as three warnings in vain. Proposal; `make rain` shows what follows from it."""

NOWCAST_HOLDS_S = 3600.0
"""How long rain that is only expected holds a level: half an hour until it falls, and as long again. Proposal."""

LAGS_MIN, LAG_FACTOR, LAG_HOLDS_MIN_S = 3, 2.0, 1800.0
"""After so many floods of its own, rain holds a level for this multiple of the site's longest lag, and at least for
half an hour. Proposal."""

UNSEEN_SHARE = 0.5
"""The share of `RAISES_AT` that is enough while no gauge of the site is usable, because nothing else will show the
water. Proposal."""


class RainState(Struct, frozen=True, gc=False):
    """The rain at a site. None stands for "never".

    Attributes:
        steps: those of the last hours, in order of time.
        gauges: what is known of each rain gauge.
        raised: when rain last raised a level, by level.
        armed_s: when rain last armed the site.
        began_s: when the storm that lasts began to arm the site; None without one.
        most: the greatest rain of the storm that lasts, or of a lighter rain.
        onset, onset_s: the rain when the water reached blue in it, and when; None if it did not.
        peak_mm: the highest threshold that the water reached in it.
        is_unseen: whether no gauge was usable during a part of it.
        storms: those that are over.
        nowcast_s: when the last nowcast was issued that was used.
        chances: the probability of each level at the last judgement.
        expected_by: the source of the nowcast without which it would have raised no level; empty if none.
    """

    steps: tuple[RainStep, ...] = ()
    gauges: Mapping[str, RainGauge] = {}
    raised: Mapping[Level, float] = {}
    armed_s: float | None = None
    began_s: float | None = None
    most: Dose = Dose()
    onset: Dose | None = None
    onset_s: float | None = None
    peak_mm: float = 0.0
    is_unseen: bool = False
    storms: tuple[Storm, ...] = ()
    nowcast_s: float | None = None
    chances: tuple[float, ...] = ()
    expected_by: str = ""


NO_RAIN = RainState()


@Shared
def add_report(rain: RainState, at_s: float, mm: float, gauge: str, traits: RainTraits = UNKNOWN_TRAITS) -> RainState:
    """Return the rain with one report more; a report that is known already changes nothing.

    Once a gauge turns out to report running totals, its earlier steps were none.
    """
    mm = max(mm, 0.0)
    known = rain.gauges.get(gauge)
    if known is None:
        known, report = first_report(at_s, mm, traits)
    elif at_s > known.last_s:
        before, (known, report) = known, next_report(known, at_s, mm, traits)
        if known.is_total and not before.is_total:
            rain = _without(rain, gauge)
    elif not mm or at_s <= known.total_until_s or any(step.at_s == at_s and step.gauge == gauge for step in rain.steps):
        return rain
    else:
        report = RainReport(at_s, mm, known.step_s)
    rain = replace(rain, gauges={**rain.gauges, gauge: known})
    return _with_step(rain, RainStep(report.at_s, report.mm, gauge, report.period_s))


def has_rained(before: RainState, after: RainState) -> bool:
    """Return whether rain was added after all that was known."""
    return after.steps[-1:] != before.steps[-1:] and bool(after.steps)


def _without(rain: RainState, gauge: str) -> RainState:
    """Return the rain without what a gauge reported as steps, and what followed from it."""
    steps = tuple(step for step in rain.steps if step.gauge != gauge)
    return replace(rain, steps=steps, raised={}, armed_s=None, began_s=None, most=Dose(), onset=None, onset_s=None)


def _with_step(rain: RainState, step: RainStep) -> RainState:
    steps = rain.steps
    newest_s = max(step.at_s, steps[-1].at_s) if steps else step.at_s
    if steps and (steps[0].at_s <= newest_s - KEPT_S or not step.mm):
        steps = tuple(one for one in steps if one.at_s > newest_s - KEPT_S)
    if not step.mm:
        return rain if len(steps) == len(rain.steps) else replace(rain, steps=steps)
    return replace(rain, steps=(*steps, step) if not steps or steps[-1] <= step else tuple(sorted((*steps, step))))


@Shared
def weigh(
    rain: RainState,
    now_s: float,
    thresholds: RainThresholds,
    depths_mm: Sequence[float],
    nowcast: Nowcast = NO_NOWCAST,
    *,
    is_seen: bool = True,
) -> RainState:
    """Return the rain with what it probably does: which levels it raises, and whether it arms the site.

    Args:
        rain: at the site.
        now_s: the moment.
        thresholds: of the type of site.
        depths_mm: the depth of each level.
        nowcast: the rain of the next minutes.
        is_seen: whether a gauge of the site is usable.
    """
    rain = close_storm(rain, now_s)
    fallen = dose(rain.steps, rain.storms, now_s)
    chances = _chances(rain, [(1.0, fallen)], thresholds, depths_mm)
    needed = RAISES_AT if is_seen else RAISES_AT * UNSEEN_SHARE
    raised = {level: now_s for level, chance in zip(WARNING_LEVELS, chances, strict=True) if chance >= needed}
    fallen_chance = chances[0]
    if nowcast.members:
        expected = probabilities(rain, now_s, thresholds, depths_mm, nowcast)
        until_s = now_s + NOWCAST_HOLDS_S - holds_s(rain)
        raised = {
            level: max(until_s, rain.raised.get(level, until_s))
            for level, chance in zip(WARNING_LEVELS, expected, strict=True)
            if chance >= needed
        } | raised
        chances = list(map(max, chances, expected))
    arms, has_armed = chances[0] >= ARMS_AT, fallen_chance >= ARMS_AT
    return replace(
        rain,
        raised={**rain.raised, **raised} if raised else rain.raised,
        armed_s=now_s if arms else rain.armed_s,
        began_s=now_s if has_armed and rain.began_s is None else rain.began_s,
        most=rain.most.at_least(fallen),
        is_unseen=rain.is_unseen or (has_armed and not is_seen),
        nowcast_s=nowcast.issued_s or rain.nowcast_s,
        expected_by=nowcast.source if chances[0] >= needed > fallen_chance else "",
        chances=tuple([round(chance, 3) for chance in chances]),
    )


def probabilities(
    rain: RainState,
    now_s: float,
    thresholds: RainThresholds,
    depths_mm: Sequence[float],
    nowcast: Nowcast = NO_NOWCAST,
) -> list[float]:
    """Return the probability that the water reaches each depth, by the rain that fell and that is expected.

    Above the first depth only what a storm of the site's own has reached is possible.
    """
    if not nowcast.members:
        return _chances(rain, [(1.0, dose(rain.steps, rain.storms, now_s))], thresholds, depths_mm)
    ahead = [(share, dose_ahead(rain.steps, rain.storms, now_s, each)) for share, each in nowcast.ahead(now_s)]
    return _chances(rain, ahead, thresholds, depths_mm)


def _chances(
    rain: RainState, doses: Sequence[tuple[float, Dose]], thresholds: RainThresholds, depths_mm: Sequence[float]
) -> list[float]:
    top_mm = max((storm.peak_mm for storm in rain.storms), default=0.0)
    found: list[float] = []
    for depth_mm in depths_mm:
        if found and (depth_mm > top_mm or found[-1] < ARMS_AT * UNSEEN_SHARE):
            found.append(0.0)
            continue
        known = response(rain.storms, thresholds, depth_mm, depths_mm[0])
        chance = sum(share * known.probability(one) for share, one in doses)
        found.append(min([chance, *found]))
    return found


def close_storm(rain: RainState, now_s: float) -> RainState:
    """Return the rain with its storm closed, once it no longer arms the site; kept if the site's gauges saw it."""
    lasts_until_s = max(rain.armed_s or 0.0, rain.onset_s or 0.0) + HOLDS_S
    if rain.began_s is None and not rain.steps and rain.most != Dose():
        return replace(rain, most=Dose())
    if rain.began_s is None or now_s <= lasts_until_s:
        return rain
    lag_s = rain.onset_s - rain.began_s if rain.onset_s is not None else 0.0
    storms = rain.storms
    if rain.onset is not None or not rain.is_unseen:
        past = Storm(lasts_until_s - HOLDS_S, rain.most, rain.onset, rain.peak_mm, lag_s)
        storms = (*storms[-(STORMS_KEPT - 1) :], past)
    return replace(
        rain, began_s=None, most=Dose(), onset=None, onset_s=None, peak_mm=0.0, is_unseen=False, storms=storms
    )


def mark_response(rain: RainState, now_s: float, threshold_mm: float) -> RainState:
    """Return the rain with the note that the water reached a threshold in its storm, if it rained at all."""
    if not rain.most.three_hours_mm:
        return rain
    if rain.onset is not None:
        return replace(rain, peak_mm=max(rain.peak_mm, threshold_mm))
    began_s = now_s if rain.began_s is None else rain.began_s
    return replace(rain, onset=rain.most, onset_s=now_s, began_s=began_s, peak_mm=threshold_mm)


def learned(rain: RainState, thresholds: RainThresholds, depths_mm: Sequence[float], level: Level) -> Response:
    """Return what is known of the site's response at a level."""
    return response(rain.storms, thresholds, depths_mm[level - 1], depths_mm[0])


def holds_s(rain: RainState) -> float:
    """Return how long rain holds a level: by the site's own lags, once it has shown some."""
    lags_s = [storm.lag_s for storm in rain.storms if storm.onset is not None]
    return min(HOLDS_S, max(LAG_HOLDS_MIN_S, LAG_FACTOR * max(lags_s))) if len(lags_s) >= LAGS_MIN else HOLDS_S


def raised_level(rain: RainState, now_s: float) -> Level:
    """Return the highest level that rain alone raises or holds."""
    if not rain.raised:
        return Level.NONE
    since_s = now_s - holds_s(rain)
    return max((level for level, at_s in rain.raised.items() if at_s >= since_s), default=Level.NONE)


def is_armed(rain: RainState, now_s: float) -> bool:
    """Return whether enough rain fell to accept the gauges sooner."""
    return rain.armed_s is not None and now_s - rain.armed_s <= HOLDS_S


def ends_s(rain: RainState) -> list[float]:
    """Return until when rain holds each level that it ever raised."""
    lasts_s = holds_s(rain)
    return [at_s + lasts_s for at_s in rain.raised.values()]
