"""The rate-of-change test: QARTOD's test 7, which has no "fail" by intent."""

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_RATE = int(Quality.RATE)


def rate(before_s: float, before_mm: float, time_s: float, depth_mm: float, limits: SeriesLimits) -> int:
    """Return `RATE` if the step from the older sample before is beyond noise and faster than `rate_mm_per_s`."""
    step_mm = abs(depth_mm - before_mm)
    if step_mm > limits.noise_mm and step_mm > limits.rate_mm_per_s * (time_s - before_s):
        return _RATE
    return 0
