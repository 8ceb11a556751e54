"""How much rain fell at a site within each window, by its rain gauges and a nowcast."""

from typing import NamedTuple

from rencheng.domain.nowcast import Amounts, until
from rencheng.engine.rain.response import WINDOWS_S, Dose, Storm, wetness

Sums = tuple[float, float, float]
"""A value for each of `WINDOWS_S`."""


class RainStep(NamedTuple):
    """The end of a step (s of the epoch), its rainfall (mm), the gauge, and over how long it fell (s)."""

    at_s: float
    mm: float
    gauge: str
    period_s: float = 0.0


def dose(steps: tuple[RainStep, ...], storms: tuple[Storm, ...], now_s: float) -> Dose:
    """Return the rainfall within each of `WINDOWS_S`, of the gauge that had most, and the wetness before."""
    begins = (now_s - WINDOWS_S[0], now_s - WINDOWS_S[1], now_s - WINDOWS_S[2])
    quarter, hour, three_hours = most(steps, begins, now_s)
    return Dose(quarter, hour, three_hours, wetness(storms, now_s) if storms else 0.0)


def dose_ahead(steps: tuple[RainStep, ...], storms: tuple[Storm, ...], now_s: float, amounts: Amounts) -> Dose:
    """Return the greatest rainfall in each window that ends now or at an amount of a nowcast."""
    found = dose(steps, storms, now_s)
    for ahead_s, until_mm in amounts:
        begins = (ahead_s - WINDOWS_S[0], ahead_s - WINDOWS_S[1], ahead_s - WINDOWS_S[2])
        fallen = most(steps, (now_s + begins[0], now_s + begins[1], now_s + begins[2]), now_s)
        quarter, hour, three_hours = (
            mm + until_mm - until(amounts, begin_s) for mm, begin_s in zip(fallen, begins, strict=True)
        )
        found = found.at_least(Dose(quarter, hour, three_hours))
    return found


def most(steps: tuple[RainStep, ...], begins_s: Sums, until_s: float) -> Sums:
    """Return the sums over three windows of the gauge that had most in each, because gauges measure the same rain.

    Of a step that began before a window counts its share.
    """
    first_s, second_s, third_s = begins_s
    by_gauge: dict[str, list[float]] = {}
    for at_s, mm, gauge, period_s in reversed(steps):
        if at_s <= third_s:
            break
        if at_s > until_s:
            continue
        sums = by_gauge.get(gauge)
        if sums is None:
            sums = by_gauge[gauge] = [0.0, 0.0, 0.0]
        began_s = at_s - period_s
        if began_s >= first_s:  # the step is in all windows, as most of the newest are
            sums[0] += mm
            sums[1] += mm
            sums[2] += mm
            continue
        for place, begin_s in enumerate((first_s, second_s, third_s)):
            if at_s > begin_s:
                sums[place] += mm if began_s >= begin_s else mm * (at_s - begin_s) / period_s
    found = list(by_gauge.values())
    if len(found) == 1:
        return found[0][0], found[0][1], found[0][2]
    quarter, hour, three_hours = (max((sums[place] for sums in found), default=0.0) for place in range(3))
    return quarter, hour, three_hours
