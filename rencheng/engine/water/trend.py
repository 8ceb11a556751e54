"""How fast the water rises: a straight line through the last ten minutes, and nothing learned."""

from rencheng.engine.water.event import FloodEvent

WINDOW_S = 600.0
"""How far back the line looks; a gauge that reports seldom is looked at over its last samples."""

SAMPLES_MIN = 3
"""A line through two samples follows every ripple."""


def rise_mm_per_min(spell: FloodEvent) -> float | None:
    """The least-squares slope over the spell's last samples and the dry one before it; None with too few."""
    newest_s = spell.samples[-1][0]
    samples = [sample for sample in spell.samples if sample[0] >= newest_s - WINDOW_S] or [spell.samples[-1]]
    if len(samples) < SAMPLES_MIN:
        samples = list(spell.samples[-SAMPLES_MIN:])
    if len(samples) == len(spell.samples) and newest_s - spell.dry_s <= WINDOW_S and spell.dry_s < samples[0][0]:
        samples.insert(0, (spell.dry_s, 0.0))
    if len(samples) < SAMPLES_MIN:
        return None
    count = len(samples)
    minutes = [(time_s - newest_s) / 60.0 for time_s, _ in samples]
    mean_min = sum(minutes) / count
    mean_mm = sum(depth_mm for _, depth_mm in samples) / count
    spread = sum((minute - mean_min) ** 2 for minute in minutes)
    return sum((m - mean_min) * (mm - mean_mm) for m, (_, mm) in zip(minutes, samples, strict=True)) / spread
