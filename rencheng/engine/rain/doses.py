"""How much rain fell at a site within each window, by its rain gauges and a nowcast."""

from typing import NamedTuple

from rencheng.domain.nowcast import Amounts, until
from rencheng.engine.rain.response import WINDOWS_S, Dose, Storm, wetness


class RainStep(NamedTuple):
    """The end of a step (s of the epoch), its rainfall (mm), the gauge, and over how long it fell (s)."""

    at_s: float
    mm: float
    gauge: str
    period_s: float = 0.0


def dose(steps: tuple[RainStep, ...], storms: tuple[Storm, ...], now_s: float) -> Dose:
    """Return the rainfall within each of `WINDOWS_S`, of the gauge that had most, and the wetness before."""
    quarter, hour, three_hours = (most(steps, now_s - window_s, now_s) for window_s in WINDOWS_S)
    return Dose(quarter, hour, three_hours, wetness(storms, now_s))


def dose_ahead(steps: tuple[RainStep, ...], storms: tuple[Storm, ...], now_s: float, amounts: Amounts) -> Dose:
    """Return the greatest rainfall in each window that ends now or at an amount of a nowcast."""
    found = dose(steps, storms, now_s)
    for ahead_s, until_mm in amounts:
        quarter, hour, three_hours = (
            most(steps, now_s + ahead_s - window_s, now_s) + until_mm - until(amounts, ahead_s - window_s)
            for window_s in WINDOWS_S
        )
        found = found.at_least(Dose(quarter, hour, three_hours))
    return found


def most(steps: tuple[RainStep, ...], after_s: float, until_s: float) -> float:
    """Return the sum over a window of the gauge that had most, because two gauges measure the same rain.

    Of a step that began before the window counts its share.
    """
    by_gauge: dict[str, float] = {}
    for step in reversed(steps):
        if step.at_s <= after_s:
            break
        if step.at_s <= until_s:
            share = min(1.0, (step.at_s - after_s) / step.period_s) if step.period_s else 1.0
            by_gauge[step.gauge] = by_gauge.get(step.gauge, 0.0) + step.mm * share
    return max(by_gauge.values(), default=0.0)
