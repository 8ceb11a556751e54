"""The noise of a gauge above a dry street, learned: what lies within it is no water until it adds up."""

from msgspec import Struct

from rencheng.engine.water.event import WET_MM

DIP_SHARE = 0.282
"""The mean dip of normal noise, as a share of its standard deviation: 1 / (2 sqrt(pi)). A dip is a fall and the rise after it, of which
the lesser counts; a sample without one counts as 0. Water that rises or drains makes none."""

LEAST_MM, GREATEST_MM = 4.0, 25.0
"""Less noise stays within the wet limit of 10 mm (2.5 standard deviations), so that nothing is to be done; more is no
noise. Source of the greatest: `SeriesLimits.noise_mm`."""

LEARNED_BELOW_MM = 3.0 * GREATEST_MM
"""Noise is learned from lower depths only."""

REPORTS, CALM_REPORTS = 120, 4
"""The mean is that of about so many samples, of which a gauge that was calm so far has had the second. Proposal."""

SLACK, NEEDED = 1.0, 5.0
"""A depth counts once the sum of what its samples exceed one standard deviation by reaches five. Source: the cumulative
sum chart (Page 1954; Montgomery: h = 5). Noise alone reaches it once in 100,000 samples, a depth of six standard
deviations at once, one of 3.5 at its second sample."""


class Noise(Struct, frozen=True):
    """The noise of a gauge channel that is not calm.

    Attributes:
        last_mm: its last sample.
        fell_mm: by how much that lies below the sample before it; 0 after a rise.
        dip_mm: the mean dip.
        samples: how many samples the mean is of.
        excess: the cumulative sum, in standard deviations.
        is_water: whether it has reached what is needed, and not been 0 since.
    """

    last_mm: float
    fell_mm: float = 0.0
    dip_mm: float = 0.0
    samples: int = 0
    excess: float = 0.0
    is_water: bool = False

    @property
    def deviation_mm(self) -> float:
        """The standard deviation."""
        return min(self.dip_mm / DIP_SHARE, GREATEST_MM)


def above_noise(
    noise: Noise | None, before_mm: float | None, depth_mm: float, *, is_dry_weather: bool
) -> tuple[float, Noise | None]:
    """Return the depth, 0 within the noise, and the noise after this sample; None of a calm gauge.

    Args:
        noise: before it.
        before_mm: the sample before it, if the gauge was calm; None for the first.
        depth_mm: above the gauge's zero.
        is_dry_weather: noise is learned in dry weather only.
    """
    if noise is None:
        if -WET_MM <= depth_mm < WET_MM:
            return depth_mm, None
        noise = Noise(before_mm or 0.0, samples=0 if before_mm is None else CALM_REPORTS)
    mean_mm, samples, rose_mm = noise.dip_mm, noise.samples, depth_mm - noise.last_mm
    if is_dry_weather and max(noise.last_mm, depth_mm) < LEARNED_BELOW_MM:
        samples = min(samples + 1, REPORTS)
        dip_mm = min(noise.fell_mm, max(rose_mm, 0.0), 2.0 * GREATEST_MM)
        mean_mm += (dip_mm - mean_mm) / samples
    deviation_mm = min(mean_mm / DIP_SHARE, GREATEST_MM)
    excess = noise.excess + depth_mm / max(deviation_mm, LEAST_MM) - SLACK
    excess = min(max(excess, 0.0), 2.0 * NEEDED)
    is_water = excess >= NEEDED or (noise.is_water and excess > 0.0)
    if deviation_mm < LEAST_MM and samples >= REPORTS and -WET_MM <= depth_mm < WET_MM:
        return depth_mm, None
    after = Noise(depth_mm, max(-rose_mm, 0.0), mean_mm, samples, excess, is_water)
    return (depth_mm if is_water or deviation_mm < LEAST_MM else 0.0), after
