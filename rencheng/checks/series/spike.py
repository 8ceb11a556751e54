"""The spike test: QARTOD's test 6, decided when the next sample arrives.

It uses the smaller of the two steps to the neighbours, and only at a peak or a dip. The manual's own form, the distance
from the mean of the neighbours, also fails the last dry sample before a street rises from 0 to 300 mm.
"""

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_SUSPECT = int(Quality.SPIKE_SUSPECT)
_FAIL = int(Quality.SPIKE)
_NOT_EVALUATED = int(Quality.NOT_EVALUATED)


def spike(
    before_s: float | None,
    before_mm: float | None,
    depth_mm: float,
    next_s: float,
    next_mm: float,
    limits: SeriesLimits,
) -> int:
    """Return the flag of the middle sample: `SPIKE`, `SPIKE_SUSPECT` or none.

    Return `NOT_EVALUATED` if it has no sample before it (None), or if its neighbours are too far apart.
    """
    if before_s is None or before_mm is None or next_s - before_s > limits.spike_span_s:
        return _NOT_EVALUATED
    up_mm = depth_mm - before_mm
    down_mm = depth_mm - next_mm
    if up_mm < 0:
        up_mm, down_mm = -up_mm, -down_mm
    if up_mm <= limits.spike_suspect_mm or down_mm <= limits.spike_suspect_mm:
        return 0
    return _FAIL if up_mm > limits.spike_fail_mm and down_mm > limits.spike_fail_mm else _SUSPECT
