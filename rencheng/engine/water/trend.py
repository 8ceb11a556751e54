"""The rate of rise: the slope of a straight line through the last ten minutes, without a model."""

from rencheng.engine.water.event import FloodEvent

WINDOW_S = 600.0
"""The span of the line. For a slow gauge the line goes through its last samples instead."""

SAMPLES_MIN = 3
"""A line through two samples follows every ripple."""


def rise_mm_per_min(event: FloodEvent) -> float | None:
    """Return the least-squares slope over the last samples and the dry one before them; None with too few."""
    newest_s = event.samples[-1][0]
    samples = [sample for sample in event.samples if sample[0] >= newest_s - WINDOW_S] or [event.samples[-1]]
    if len(samples) < SAMPLES_MIN:
        samples = list(event.samples[-SAMPLES_MIN:])
    if len(samples) == len(event.samples) and newest_s - event.dry_s <= WINDOW_S and event.dry_s < samples[0][0]:
        samples.insert(0, (event.dry_s, 0.0))
    if len(samples) < SAMPLES_MIN:
        return None
    count = len(samples)
    minutes = [(time_s - newest_s) / 60.0 for time_s, _ in samples]
    mean_min = sum(minutes) / count
    mean_mm = sum(depth_mm for _, depth_mm in samples) / count
    spread = sum((minute - mean_min) ** 2 for minute in minutes)
    return sum((m - mean_min) * (mm - mean_mm) for m, (_, mm) in zip(minutes, samples, strict=True)) / spread
