"""Does a sample stand out from both its neighbours? QARTOD's test 6, told when the next sample has come.

By the smaller of the two steps, and only at a peak or a dip. The manual's own form, the distance from the mean of the
neighbours, also condemns the last dry sample before a street leaps from 0 to 300 mm.
"""

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_SUSPECT = int(Quality.SPIKE_SUSPECT)
_FAIL = int(Quality.SPIKE)
_NOT_EVALUATED = int(Quality.NOT_EVALUATED)


def spike(
    before_s: float, before_mm: float, depth_mm: float, next_s: float, next_mm: float, limits: SeriesLimits
) -> int:
    """The middle sample: `SPIKE`, `SPIKE_SUSPECT` or nothing; `NOT_EVALUATED` if its neighbours lie too far apart.

    Before it may be nothing yet (NaN): then it cannot be told either.
    """
    if not next_s - before_s <= limits.spike_span_s:
        return _NOT_EVALUATED
    up_mm = depth_mm - before_mm
    down_mm = depth_mm - next_mm
    if up_mm < 0:
        up_mm, down_mm = -up_mm, -down_mm
    if up_mm <= limits.spike_suspect_mm or down_mm <= limits.spike_suspect_mm:
        return 0
    return _FAIL if up_mm > limits.spike_fail_mm and down_mm > limits.spike_fail_mm else _SUSPECT
