"""All tests of a series on one more sample of one channel of a gauge."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from rencheng.checks.series.limits import SeriesLimits
from rencheng.domain.quality import Quality

_GAP = int(Quality.GAP)
_RATE = int(Quality.RATE)
_SUSPECT = int(Quality.SPIKE_SUSPECT)
_FAIL = int(Quality.SPIKE)
_NOT_EVALUATED = int(Quality.NOT_EVALUATED)
_FLAT_LINE = int(Quality.FLAT_LINE)
_STUCK = int(Quality.STUCK)


class Still(Struct, frozen=True):
    """A run of samples that do not move: since when, and between which depths."""

    since_s: float
    low_mm: float
    high_mm: float


class Series(Struct, frozen=True, gc=False):
    """The tests' memory of one channel. None stands for "not yet".

    Attributes:
        reported_s: when it last reported, with a measurement or without.
        time_s, depth_mm: the newest measurement.
        before_s, before_mm: the one before it.
        still: the run of samples that do not move; None at rest.
    """

    reported_s: float | None = None
    time_s: float | None = None
    depth_mm: float | None = None
    before_s: float | None = None
    before_mm: float | None = None
    still: Still | None = None


NEW_SERIES = Series()
"""Before the first sample."""


def series_from_json(kept: Mapping[str, Any] | Sequence[Any]) -> Series:
    """Return the series that `msgspec.to_builtins` kept; until release 0.1 it was kept as a list."""
    if isinstance(kept, Mapping):
        return convert(kept, Series)
    *values, still = kept
    names = ("reported_s", "time_s", "depth_mm", "before_s", "before_mm")
    return Series(**dict(zip(names, values, strict=True)), still=Still(*still) if still else None)


def step(series: Series, time_s: float, depth_mm: float | None, limits: SeriesLimits) -> tuple[Series, int, int]:
    """Test one sample; return the series, the flags of this sample, and the final spike flags of the one before.

    `NOT_EVALUATED` on this sample means that its own spike test is decided by the next one. Without a measurement
    (`depth_mm` None: missing, or unusable) only the gap is tested, and the sample before is not decided yet (0 is
    returned for it). A sample that is not newer than the last decides nothing.

    Args:
        series: the memory of this channel.
        time_s: when it was sampled, in seconds on any scale.
        depth_mm: the measurement; None if nothing usable was measured.
        limits: of this kind of gauge.
    """
    if series.reported_s is not None and time_s <= series.reported_s:
        return series, _NOT_EVALUATED, 0
    flags = gap(series.reported_s, time_s, limits)
    if depth_mm is None:
        return replace(series, reported_s=time_s), flags, 0
    flags |= _NOT_EVALUATED
    last_s, last_mm, final = series.time_s, series.depth_mm, 0
    if last_s is not None and last_mm is not None:
        flags |= rate(last_s, last_mm, time_s, depth_mm, limits)
        final = spike(series.before_s, series.before_mm, last_mm, time_s, depth_mm, limits)
    still = series.still
    if still is not None or depth_mm > limits.flat_above_mm:
        still, lasted = stillness(still, last_s, last_mm, time_s, depth_mm, limits)
        flags |= lasted
    tested = Series(
        reported_s=time_s, time_s=time_s, depth_mm=depth_mm, before_s=last_s, before_mm=last_mm, still=still
    )
    return tested, flags, final


def gap(reported_s: float | None, time_s: float, limits: SeriesLimits) -> int:
    """Return `GAP` if more than `gap_s` lie between the last report (None: no report yet) and this: QARTOD's test 1."""
    return _GAP if reported_s is not None and time_s - reported_s > limits.gap_s else 0


def rate(before_s: float, before_mm: float, time_s: float, depth_mm: float, limits: SeriesLimits) -> int:
    """Return `RATE` if the step from the older sample before is beyond noise and faster than `rate_mm_per_s`.

    QARTOD's test 7, which has no "fail" by intent.
    """
    step_mm = abs(depth_mm - before_mm)
    if step_mm > limits.noise_mm and step_mm > limits.rate_mm_per_s * (time_s - before_s):
        return _RATE
    return 0


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

    QARTOD's test 6, decided when the next sample arrives. It uses the smaller of the two steps to the neighbours, and
    only at a peak or a dip. The manual's own form, the distance from the mean of the neighbours, also fails the last
    dry sample before a street rises from 0 to 300 mm.
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


def stillness(
    still: Still | None,
    before_s: float | None,
    before_mm: float | None,
    time_s: float,
    depth_mm: float,
    limits: SeriesLimits,
) -> tuple[Still | None, int]:
    """Return the run with one more sample, and `FLAT_LINE` or `STUCK` if it has lasted: QARTOD's test 8, and beyond.

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
