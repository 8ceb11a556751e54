"""The gap test: QARTOD's test 1."""

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_GAP = int(Quality.GAP)


def gap(reported_s: float | None, time_s: float, limits: SeriesLimits) -> int:
    """Return `GAP` if more than `gap_s` lie between the last report of a device (None: no report yet) and this one."""
    return _GAP if reported_s is not None and time_s - reported_s > limits.gap_s else 0
