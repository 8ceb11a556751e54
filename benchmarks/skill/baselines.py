"""What anybody could do: wait for the threshold, or draw a line through the last ten minutes. Pure.

They stand apart from the engine's own arithmetic, so that the yardstick stays when the engine changes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rencheng.backtest.matching import Claim, held

WINDOW_S = 600.0
FROM_MM = 50.0
HORIZON_S = 600.0
"""Window, least depth and horizon of the least-squares baseline, as the issue fixes them."""

SAMPLES_MIN = 3
"""A line through two samples follows every ripple."""

HOLD_S = 600.0
"""How long a baseline's warning outlives its cause: the down-hold of the engine's profiles."""


class Trend(NamedTuple):
    """A sample, and the slope of the line through the last minutes; 0 where there is none."""

    at: float
    depth_mm: float
    slope_mm_per_s: float


def trends(played: Sequence[tuple[float, float | None]]) -> list[Trend]:
    """The slope at each sample from the least depth on. What could not be measured is passed over."""
    found: list[Trend] = []
    samples = [(at, depth_mm) for at, depth_mm in played if depth_mm is not None]
    first = 0
    for index, (at, depth_mm) in enumerate(samples):
        while samples[first][0] < at - WINDOW_S:
            first += 1
        window = samples[first : index + 1] if depth_mm >= FROM_MM else ()
        found.append(Trend(at, depth_mm, slope(window) if len(window) >= SAMPLES_MIN else 0.0))
    return found


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of value over time; 0 if no time passes."""
    mean_s = sum(at for at, _ in samples) / len(samples)
    mean = sum(value for _, value in samples) / len(samples)
    spread = sum((at - mean_s) ** 2 for at, _ in samples)
    return sum((at - mean_s) * (value - mean) for at, value in samples) / spread if spread else 0.0


def static(found: Sequence[Trend], threshold_mm: float) -> list[Claim]:
    """Warn when the water is there."""
    return held(((trend.at, trend.depth_mm >= threshold_mm) for trend in found), HOLD_S)


def least_squares(found: Sequence[Trend], threshold_mm: float, horizon_s: float = HORIZON_S) -> list[Claim]:
    """Warn when the water is there, or the line reaches the threshold within the horizon."""
    return held(_reaches(found, threshold_mm, horizon_s), HOLD_S)


def _reaches(found: Sequence[Trend], threshold_mm: float, horizon_s: float) -> Iterator[tuple[float, bool]]:
    for at, depth_mm, slope_mm_per_s in found:
        rise_mm = max(slope_mm_per_s, 0.0) * horizon_s
        yield at, depth_mm >= threshold_mm or (rise_mm > 0 and depth_mm + rise_mm >= threshold_mm)
