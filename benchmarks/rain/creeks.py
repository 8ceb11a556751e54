"""Walnut Creek's four gauges: rain alone with nothing known of the site, beside the plain rule."""

from collections.abc import Iterator, Sequence
from functools import cache
from math import log2
from typing import NamedTuple

from benchmarks.skill.creek import DRY_HOLD_S, RAIN_MM, WITHIN_S, left_out, rises
from benchmarks.skill.recordings import creek
from rencheng.backtest.matching import Claim, Target, held, match
from rencheng.domain.site import SiteType
from rencheng.engine.rain import rainfall
from rencheng.engine.rain.doses import dose
from rencheng.engine.rain.rain_types import RAIN_THRESHOLDS
from rencheng.engine.rain.rainfall import NO_RAIN, RAISES_AT, RainState

SETTINGS = tuple(0.02 * step for step in range(2, 46))
"""The probabilities that are tried."""

FOURFOLD_MM = 250.0
"""Flow has no stage: a doubling counts as this rise, so that a rise of 500 mm is a fourfold flow within four hours."""

DEPTHS_MM = (500.0,)


class CreekRow(NamedTuple):
    """A gauge: (hits, in vain) of the plain rule, at as many in vain, as shipped, and with each storm left out."""

    name: str
    rises: int
    plain: tuple[int, int]
    same_in_vain: tuple[int, int]
    shipped: tuple[int, int]
    left_out: tuple[int, int]


def rows() -> Iterator[CreekRow]:
    """Yield the row of each gauge."""
    stage = creek("levels")[0]
    yield _row(f"{stage.name} (stage)", rises(stage.samples))
    for series in creek("flow"):
        as_stage = [(at_s, FOURFOLD_MM * log2(max(flow, 1.0))) for at_s, flow in series.samples]
        yield _row(f"{series.name} (flow)", rises(as_stage))


def _row(name: str, targets: list[Target]) -> CreekRow:
    plain = _figures(targets, held(((at_s, mm >= RAIN_MM) for at_s, mm, _ in _answers()), DRY_HOLD_S))
    by_setting = {setting: _warnings(setting) for setting in SETTINGS}
    tried = [_figures(targets, warnings) for warnings in by_setting.values()]
    return CreekRow(
        name,
        len(targets),
        plain,
        max((one for one in tried if one[1] <= plain[1]), default=(0, 0)),
        _figures(targets, _warnings(RAISES_AT)),
        _figures(targets, left_out(targets, list(by_setting.values()))),
    )


def _warnings(setting: float) -> list[Claim]:
    return held(((at_s, chance >= setting) for at_s, _, chance in _answers()), DRY_HOLD_S)


def _figures(targets: Sequence[Target], warnings: Sequence[Claim]) -> tuple[int, int]:
    matched = match(targets, warnings, WITHIN_S)
    return sum(lead is not None and lead >= 0 for lead in matched.leads_s), len(matched.false)


@cache
def _answers() -> list[tuple[float, float, float]]:
    """Return (time, rain of 15 minutes, probability with nothing known) at each step."""
    rain = NO_RAIN
    found: list[tuple[float, float, float]] = []
    for at_s, mm in creek("rain")[0].samples:
        rain = rainfall.add_report(rain, at_s, mm, "P")
        quarter_mm = dose(rain.steps, (), at_s).quarter_mm if rain.steps else 0.0
        fresh = RainState(steps=rain.steps)
        thresholds = RAIN_THRESHOLDS[SiteType.CHANNEL]
        chance = rainfall.probabilities(fresh, at_s, thresholds, DEPTHS_MM)[0] if mm else 0.0
        found.append((at_s, quarter_mm, chance))
    return found
