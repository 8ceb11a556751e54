"""Has it hardly moved for long, though it is not at rest? QARTOD's test 8: flat line, and beyond it stuck."""

from typing import NamedTuple

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_FLAT_LINE = int(Quality.FLAT_LINE)
_STUCK = int(Quality.STUCK)


class Still(NamedTuple):
    """A run of samples that do not move: since when, and between which depths."""

    since_s: float
    low_mm: float
    high_mm: float


def stillness(
    still: Still | None, before_s: float, before_mm: float, time_s: float, depth_mm: float, limits: SeriesLimits
) -> tuple[Still | None, int]:
    """The run with one more sample, and `FLAT_LINE` or `STUCK` if it has lasted.

    A gauge at rest (at or below `flat_above_mm`) has no run: a dry street is flat for months. When a sample leaves the
    band, the new run begins with the sample before it if the two lie near enough; an older one that would also fit is
    not looked for. So a run may be told shorter than it is while a gauge drifts, never longer.
    The sample before is NaN if there is none.
    """
    if depth_mm <= limits.flat_above_mm:
        return None, 0
    if still is None or not _fits(still, depth_mm, limits.flat_mm):
        if abs(depth_mm - before_mm) < limits.flat_mm and before_mm > limits.flat_above_mm:
            return Still(before_s, min(before_mm, depth_mm), max(before_mm, depth_mm)), _lasted(
                time_s - before_s, limits
            )
        return Still(time_s, depth_mm, depth_mm), 0
    if not still.low_mm <= depth_mm <= still.high_mm:
        still = Still(still.since_s, min(still.low_mm, depth_mm), max(still.high_mm, depth_mm))
    return still, _lasted(time_s - still.since_s, limits)


def _fits(still: Still, depth_mm: float, flat_mm: float) -> bool:
    return depth_mm - still.low_mm < flat_mm and still.high_mm - depth_mm < flat_mm


def _lasted(for_s: float, limits: SeriesLimits) -> int:
    if for_s < limits.flat_s:
        return 0
    return _STUCK if for_s >= limits.stuck_s else _FLAT_LINE
