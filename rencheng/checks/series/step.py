"""One more sample of one channel of a gauge through all tests of a series."""

from math import isnan, nan
from typing import NamedTuple

from rencheng.checks.series.gap import gap
from rencheng.checks.series.limits import SeriesLimits
from rencheng.checks.series.rate import rate
from rencheng.checks.series.spike import spike
from rencheng.checks.series.stillness import Still, stillness
from rencheng.domain.quality import Quality

_NOT_EVALUATED = int(Quality.NOT_EVALUATED)


class Series(NamedTuple):
    """What the tests remember of one channel. NaN stands for "nothing yet": no comparison with it is ever true.

    Attributes:
        heard_s: when it last spoke, with a measurement or without.
        time_s, depth_mm: the newest measurement.
        before_s, before_mm: the one before it.
        still: the run of samples that do not move; None at rest.
    """

    heard_s: float
    time_s: float
    depth_mm: float
    before_s: float
    before_mm: float
    still: Still | None

    def to_json(self) -> list[object]:
        """The state as plain JSON values; `from_json` gives an equal state back."""
        return [*(None if isnan(value) else value for value in self[:5]), list(self.still) if self.still else None]

    @classmethod
    def from_json(cls, kept: list[object]) -> "Series":
        """The state that was kept."""
        heard_s, time_s, depth_mm, before_s, before_mm = (nan if one is None else float(str(one)) for one in kept[:5])
        still = Still(*(float(one) for one in kept[5])) if isinstance(kept[5], list) else None
        return cls(heard_s, time_s, depth_mm, before_s, before_mm, still)


NOTHING_YET = Series(nan, nan, nan, nan, nan, None)
"""Before the first sample."""


def step(state: Series, time_s: float, depth_mm: float | None, limits: SeriesLimits) -> tuple[Series, int, int]:
    """Take one sample in; returns the state, the flags of this sample, and the final spike flags of the one before.

    `NOT_EVALUATED` on this sample says that its own spike verdict comes with the next one. Without a measurement
    (`depth_mm` None: missing, or unusable for what the sample itself shows) only the gap is judged, and the verdict
    on the one before is still open (0 is returned for it). A sample that is not newer than the last decides nothing.

    Args:
        state: what is remembered of this channel.
        time_s: when it was sampled, in seconds on any scale.
        depth_mm: what was measured; None if nothing usable was.
        limits: of this kind of gauge.
    """
    if time_s <= state.heard_s:
        return state, _NOT_EVALUATED, 0
    flags = gap(state.heard_s, time_s, limits)
    if depth_mm is None:
        return state._replace(heard_s=time_s), flags, 0
    _, last_s, last_mm, before_s, before_mm, still = state
    flags |= _NOT_EVALUATED | rate(last_s, last_mm, time_s, depth_mm, limits)
    settled = 0
    if last_s == last_s:  # noqa: PLR0124 - not NaN: there is one
        settled = spike(before_s, before_mm, last_mm, time_s, depth_mm, limits)
    if still is not None or depth_mm > limits.flat_above_mm:
        still, lasted = stillness(still, last_s, last_mm, time_s, depth_mm, limits)
        flags |= lasted
    return Series(time_s, time_s, depth_mm, last_s, last_mm, still), flags, settled
