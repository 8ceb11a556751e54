"""Series for the tests of a series, and all results on one of them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from rencheng.checks.series.limits import STREET, SeriesLimits
from rencheng.checks.series.step import NEW_SERIES, step
from rencheng.domain.quality import Quality

Sample = tuple[float, float | None]

PLAIN = replace(STREET, noise_mm=0.0, flat_above_mm=-1e9, spike_span_s=1e9)
"""The manual's tests as they stand, without what we know of streets: what the oracle computes."""

NOT_EVALUATED = int(Quality.NOT_EVALUATED)

depths_mm = st.floats(-500, 10_000).map(lambda depth: round(depth, 1)) | st.sampled_from([0.0, 100.0, 300.0])
whole_steps_s = st.integers(1, 4000)


@st.composite
def series(draw: st.DrawFn, *, steps: st.SearchStrategy[int] = whole_steps_s, missing: bool = False) -> list[Sample]:
    """Samples in order of time, at least one."""
    depths = draw(st.lists(st.none() | depths_mm if missing else depths_mm, min_size=1, max_size=40))
    time_s = float(draw(st.integers(0, 10**6)))
    samples: list[Sample] = []
    for depth_mm in depths:
        samples.append((time_s, depth_mm))
        time_s += draw(steps)
    return samples


def judged(samples: Sequence[Sample], limits: SeriesLimits) -> list[Quality]:
    """The flags of each sample, its spike result included where there is one."""
    state, results, last = NEW_SERIES, [0] * len(samples), None
    for index, (time_s, depth_mm) in enumerate(samples):
        state, flags, settled = step(state, time_s, depth_mm, limits)
        results[index] = flags
        if depth_mm is not None:
            if last is not None:
                results[last] = results[last] & ~NOT_EVALUATED | settled
            last = index
    return [Quality(flags) for flags in results]
