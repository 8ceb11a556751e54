"""Was the device silent for longer than it should be? QARTOD's test 1."""

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_GAP = int(Quality.GAP)


def gap(heard_s: float, time_s: float, limits: SeriesLimits) -> int:
    """`GAP` if more than `gap_s` lie between the last word of a device (NaN: none yet) and this one."""
    return _GAP if time_s - heard_s > limits.gap_s else 0
