"""The flat-line test: QARTOD's test 8, and "stuck" beyond it."""

from msgspec import Struct

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_FLAT_LINE = int(Quality.FLAT_LINE)
_STUCK = int(Quality.STUCK)


class Still(Struct, frozen=True):
    """A run of samples that do not move: since when, and between which depths."""

    since_s: float
    low_mm: float
    high_mm: float


def stillness(
    still: Still | None,
    before_s: float | None,
    before_mm: float | None,
    time_s: float,
    depth_mm: float,
    limits: SeriesLimits,
) -> tuple[Still | None, int]:
    """Return the run with one more sample, and `FLAT_LINE` or `STUCK` if it has lasted.

    A gauge at rest (at or below `flat_above_mm`) has no run, because a dry street is flat for months. When a sample
    leaves the band, the new run begins with the sample before it (None: there is none) if the two are near enough. An
    older sample that would also fit is not looked for. The run may therefore be shorter than the true one while a
    gauge drifts, but never longer.
    """
    if depth_mm <= limits.flat_above_mm:
        return None, 0
    if still is None or not _fits(still, depth_mm, limits.flat_mm):
        if (
            before_s is not None
            and before_mm is not None
            and abs(depth_mm - before_mm) < limits.flat_mm
            and before_mm > limits.flat_above_mm
        ):
            run = Still(since_s=before_s, low_mm=min(before_mm, depth_mm), high_mm=max(before_mm, depth_mm))
            return run, _lasted(time_s - before_s, limits)
        return Still(since_s=time_s, low_mm=depth_mm, high_mm=depth_mm), 0
    if not still.low_mm <= depth_mm <= still.high_mm:
        low_mm, high_mm = min(still.low_mm, depth_mm), max(still.high_mm, depth_mm)
        still = Still(since_s=still.since_s, low_mm=low_mm, high_mm=high_mm)
    return still, _lasted(time_s - still.since_s, limits)


def _fits(still: Still, depth_mm: float, flat_mm: float) -> bool:
    return depth_mm - still.low_mm < flat_mm and still.high_mm - depth_mm < flat_mm


def _lasted(for_s: float, limits: SeriesLimits) -> int:
    if for_s < limits.flat_s:
        return 0
    return _STUCK if for_s >= limits.stuck_s else _FLAT_LINE
