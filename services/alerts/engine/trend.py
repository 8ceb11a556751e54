"""How fast the water rises: a straight line through the last minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
"""How far back the line looks. With a horizon of 10 minutes this is the least-squares baseline of the skill tests."""

SAMPLES_MIN = 3
"""A line through two samples follows every ripple."""

Sample = tuple[datetime, float]
"""When, and how deep in mm."""


def rise_mm_per_s(samples: Sequence[Sample]) -> float | None:
    """The least-squares slope of depth over time; None with too few samples or no spread in time."""
    if len(samples) < SAMPLES_MIN:
        return None
    origin = samples[-1][0]
    seconds = [(time - origin).total_seconds() for time, _ in samples]
    mean_s = sum(seconds) / len(samples)
    mean_mm = sum(depth_mm for _, depth_mm in samples) / len(samples)
    spread = sum((second - mean_s) ** 2 for second in seconds)
    if spread == 0:
        return None
    return sum((s - mean_s) * (d - mean_mm) for s, (_, d) in zip(seconds, samples, strict=True)) / spread


def eta_s(depth_mm: float, slope_mm_per_s: float, threshold_mm: float) -> float | None:
    """Seconds until a depth that goes on rising so reaches a threshold; None if it never does."""
    if depth_mm >= threshold_mm:
        return 0.0
    if slope_mm_per_s <= 0:
        return None
    return (threshold_mm - depth_mm) / slope_mm_per_s
