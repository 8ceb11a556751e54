"""Walnut Creek at South State Street: rain and stage each five minutes, and rises of half a metre within four hours."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from unittest.mock import patch

from benchmarks.skill import baselines, engine
from benchmarks.skill.measures import Score
from benchmarks.skill.recordings import SECONDS_A_MONTH, Samples, creek
from rencheng.backtest.matching import Claim, Target, claims, held, match
from rencheng.domain.level import Level
from rencheng.domain.site import SiteType
from rencheng.engine.rain.rain_types import RAIN_THRESHOLDS
from rencheng.engine.rain.response import RainThresholds

RISE_MM = 500.0
WITHIN_S = 4 * 3600.0
"""The rise to be warned of, and how far ahead a warning speaks. Source: the issue."""

APART_S = 6 * 3600.0
"""A rise that follows sooner is the same storm: this leaves the 13 rises of the data's own SOURCE.md."""

RAIN_MM = 5.0
RAIN_WITHIN_S = 900.0
"""The plain rule: 5 mm in 15 minutes. Source: the issue."""

DRY_HOLD_S = 3 * 3600.0
"""Rain after fewer dry hours is the same alarm. Source: the storms' rule in the data's SOURCE.md."""

USUAL_MM = 536.0
"""The median stage, which a survey of the site would know."""

THRESHOLDS_MM = (USUAL_MM + 250, USUAL_MM + RISE_MM, USUAL_MM + 1000, USUAL_MM + 1500)
"""Yellow stands half a metre above the usual stage, so that a rise and a level are about the same thing."""


QUARTERS_MM = (2.0, 3.0, 4.0, 5.0, 7.0)
HOURS_MM = (5.0, 8.0, 12.0)
"""How much rain may be taken to bring a rise: what is chosen among, with each storm left out in turn."""

SHIPPED, LEFT_OUT = "engine, as shipped", "engine, storm left out"


def scores() -> Mapping[str, Score]:
    """By method. What rain alone raises is blue, so the engine counts from blue on; the others at yellow.

    The shipped answer of a channel to rain may have been chosen on this very creek. It is chosen again for each storm
    from all the other storms, and that is the engine's score.
    """
    stage, rain = creek("levels")[0], creek("rain")[0]
    targets = rises(stage.samples)
    trends = baselines.trends(stage.samples)
    months = (stage.samples[-1][0] - stage.samples[0][0]) / SECONDS_A_MONTH
    yellow_mm = THRESHOLDS_MM[1]
    warned = {
        "rain rule": held(heavy_rain(rain.samples), DRY_HOLD_S),
        SHIPPED: _engine(RAIN_THRESHOLDS[SiteType.CHANNEL], Level.BLUE),
        LEFT_OUT: left_out(targets, _answers()),
        "engine, yellow": _engine(RAIN_THRESHOLDS[SiteType.CHANNEL], Level.YELLOW),
        "least squares": baselines.least_squares(trends, yellow_mm),
        "static": baselines.static(trends, yellow_mm),
    }
    return {name: _score(targets, of, months) for name, of in warned.items()}


def left_out(targets: Sequence[Target], answers: Sequence[Sequence[Claim]]) -> list[Claim]:
    """The warnings of each storm by the answer that does best in all others.

    Args:
        targets: the rises. A storm is what lies nearer to one rise than to any other.
        answers: by candidate the warnings of the whole record.
    """
    found: list[Claim] = []
    for target in targets:
        own = [[claim for claim in claimed if _nearest(targets, claim) is target] for claimed in answers]
        rest = [[claim for claim in claimed if _nearest(targets, claim) is not target] for claimed in answers]
        others = [other for other in targets if other is not target]
        best = max(range(len(answers)), key=lambda place: _score(others, rest[place], 1.0).csi or 0.0)
        found += own[best]
    return sorted(found)


def _nearest(targets: Iterable[Target], claim: Claim) -> Target:
    return min(targets, key=lambda target: abs(target.crossed_at - claim.begin))


def _answers() -> list[list[Claim]]:
    tried = (RainThresholds(quarter_mm, hour_mm, "tried") for quarter_mm, hour_mm in product(QUARTERS_MM, HOURS_MM))
    return [_engine(answer, Level.BLUE) for answer in tried]


def _engine(answer: RainThresholds, level: Level) -> list[Claim]:
    """The engine's warnings if such an amount of rain is what floods a channel."""
    stage, rain = creek("levels")[0], creek("rain")[0]
    sites = engine.sites_of({stage.name: THRESHOLDS_MM}, SiteType.CHANNEL, [rain.name])
    rows, fallen = engine.rows_of({stage.name: stage.samples}), engine.rows_of({rain.name: rain.samples})
    with patch.dict(RAIN_THRESHOLDS, {SiteType.CHANNEL: answer}):
        return claims(engine.run(sites, rows, rain=fallen).issued[stage.name], level)


def rises(samples: Samples) -> list[Target]:
    """The moments from which the stage stands half a metre above its lowest of the last four hours.

    A warning may come four hours before; one that comes in the four hours after is late, not in vain. The latter span,
    like APART_S, was set so that the plain rule comes out as it is known: 8 of 13, 4 in vain.
    """
    lowest: deque[tuple[float, float]] = deque()
    crossed: list[float] = []
    was_up = False
    for at, mm in samples:
        while lowest and lowest[-1][1] >= mm:
            lowest.pop()
        lowest.append((at, mm))
        while lowest[0][0] < at - WITHIN_S:
            lowest.popleft()
        is_up = mm - lowest[0][1] >= RISE_MM
        if is_up and not was_up:
            crossed.append(at)
        was_up = is_up
    starts = crossed[:1] + [later for earlier, later in pairwise(crossed) if later - earlier >= APART_S]
    return [Target(at - WITHIN_S, at, at + WITHIN_S) for at in starts]


def heavy_rain(samples: Samples) -> Iterator[tuple[float, bool]]:
    """At each step, whether the rain of the last quarter of an hour reaches the rule. A missing step adds nothing."""
    window: deque[tuple[float, float]] = deque()
    for at, mm in samples:
        window.append((at, mm))
        while window[0][0] <= at - RAIN_WITHIN_S:
            window.popleft()
        yield at, sum(fallen for _, fallen in window) >= RAIN_MM


def _score(targets: list[Target], warnings: Iterable[Claim], months: float) -> Score:
    matched = match(targets, list(warnings), WITHIN_S)
    return Score(leads_s=matched.leads_s, false=len(matched.false), site_months=months)
