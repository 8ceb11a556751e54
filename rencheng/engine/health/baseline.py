"""The baseline of a gauge, learned above a dry street: its zero, which is subtracted, and its noise.

What lies within the noise is no water until it adds up.
"""

from msgspec import Struct

from rencheng.engine.water.event import LOWEST_OBJECT_MM, WET_MM

LASTS_S, LASTS_SAMPLES = 6 * 3600.0, 12
"""A depth that lasts for this long and in so many samples, in dry weather, may be the zero. Proposal: half a night."""

BAND_MM = 25.0
"""It lasts while all samples lie within this band. Source: `SeriesLimits.noise_mm`."""

STEP_LASTS_S = 86_400.0
"""A depth that came in one step from a dry street and lasts for a day of dry weather within the band is that of a
knocked pole or of a thing. Proposal."""

SMALL_MM, GREATEST_MM = 30.0, 100.0
"""The greatest offset that is subtracted where people drown, and elsewhere. A greater one is no drift. Proposal: three
times the noise of a dry street (FloodNet), and the least height of an object that matters to a car."""

DIP_SHARE = 0.282
"""The mean dip of normal noise, as a share of its standard deviation: 1 / (2 sqrt(pi)). A dip is a fall and the rise
after it, of which the lesser counts; a sample without one counts as 0. Water that rises or drains makes none."""

LEAST_NOISE_MM, GREATEST_NOISE_MM = 4.0, BAND_MM
"""Less noise stays within the wet limit of 10 mm (2.5 standard deviations), so that nothing is to be done; more is no
noise."""

LEARNED_BELOW_MM = 3.0 * GREATEST_NOISE_MM
"""Noise is learned from lower depths only."""

REPORTS, CALM_REPORTS = 120, 4
"""The mean is that of about so many samples, of which a gauge that was calm so far has had the second. Proposal."""

SLACK, NEEDED = 1.0, 5.0
"""A depth counts once the sum of what its samples exceed one standard deviation by reaches five. Source: the cumulative
sum chart (Page 1954; Montgomery: h = 5). Noise alone reaches it once in 100,000 samples, a depth of six standard
deviations at once, one of 3.5 at its second sample."""


class Zero(Struct, frozen=True, gc=False):
    """The learned zero of a gauge channel.

    Attributes:
        offset_mm: what it reads above a dry street; 0 within the noise.
        is_settled: it has read a dry street, so that a higher depth is water, however long it lasts.
        since_s: since when the present depth lasts; None while it is within the noise.
        low_mm, high_mm: the least and the greatest of it.
        samples: how many samples it has lasted.
        is_water: whether the present depth above a settled zero came otherwise than in one step, so that it is water.
    """

    offset_mm: float = 0.0
    is_settled: bool = False
    since_s: float | None = None
    low_mm: float = 0.0
    high_mm: float = 0.0
    samples: int = 0
    is_water: bool = False


UNLEARNED = Zero()
SETTLED = Zero(is_settled=True)


def learned(zero: Zero, time_s: float, depth_mm: float, *, is_dry_weather: bool, most_mm: float) -> Zero:
    """Return the zero after one sample as the gauge reports it.

    Nothing is under a gauge that reads less than its zero. A greater depth is the zero only if the gauge has never read
    less, or if it came in one step and lasts for long; any lower sample ends that at once.
    """
    if not zero.offset_mm and -WET_MM <= depth_mm < WET_MM:
        return zero if zero == SETTLED else SETTLED
    if zero.offset_mm > 0.0 and depth_mm < zero.offset_mm - BAND_MM:
        return UNLEARNED if depth_mm >= WET_MM else SETTLED
    if zero.is_settled and depth_mm >= WET_MM:
        return _above(zero, time_s, depth_mm, is_dry_weather=is_dry_weather, most_mm=most_mm)
    if not is_dry_weather:  # it may be water
        return zero if zero.since_s is None else _with_run(zero, None, 0.0, 0.0, 0)
    return _lasting(zero, time_s, depth_mm, LASTS_S, most_mm)


def _above(zero: Zero, time_s: float, depth_mm: float, *, is_dry_weather: bool, most_mm: float) -> Zero:
    """Return the zero after one sample of a depth above a settled zero: water, unless it came in one step."""
    if zero.is_water:
        return zero
    is_beyond = zero.since_s is not None and max(zero.high_mm, depth_mm) - min(zero.low_mm, depth_mm) > BAND_MM
    if not is_dry_weather or is_beyond or depth_mm < LOWEST_OBJECT_MM:
        return Zero(zero.offset_mm, is_settled=True, is_water=True)
    return _lasting(zero, time_s, depth_mm, STEP_LASTS_S, most_mm)


def _lasting(zero: Zero, time_s: float, depth_mm: float, lasts_s: float, most_mm: float) -> Zero:
    """Return the zero after one sample more of a depth that may be it, once it has lasted."""
    low_mm, high_mm = min(zero.low_mm, depth_mm), max(zero.high_mm, depth_mm)
    if zero.since_s is None or high_mm - low_mm > BAND_MM:
        return _with_run(zero, time_s, depth_mm, depth_mm, 1)
    run = _with_run(zero, zero.since_s, low_mm, high_mm, zero.samples + 1)
    middle_mm = (low_mm + high_mm) / 2.0
    if time_s - zero.since_s < lasts_s or run.samples < LASTS_SAMPLES or abs(middle_mm) > most_mm:
        return run
    return Zero(middle_mm, is_settled=middle_mm < 0.0, since_s=time_s, low_mm=depth_mm, high_mm=depth_mm, samples=1)


def _with_run(zero: Zero, since_s: float | None, low_mm: float, high_mm: float, samples: int) -> Zero:
    return Zero(zero.offset_mm, zero.is_settled, since_s, low_mm, high_mm, samples)


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
        return min(self.dip_mm / DIP_SHARE, GREATEST_NOISE_MM)


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
        dip_mm = min(noise.fell_mm, max(rose_mm, 0.0), 2.0 * GREATEST_NOISE_MM)
        mean_mm += (dip_mm - mean_mm) / samples
    deviation_mm = min(mean_mm / DIP_SHARE, GREATEST_NOISE_MM)
    excess = noise.excess + depth_mm / max(deviation_mm, LEAST_NOISE_MM) - SLACK
    excess = min(max(excess, 0.0), 2.0 * NEEDED)
    is_water = excess >= NEEDED or (noise.is_water and excess > 0.0)
    if deviation_mm < LEAST_NOISE_MM and samples >= REPORTS and -WET_MM <= depth_mm < WET_MM:
        return depth_mm, None
    after = Noise(depth_mm, max(-rose_mm, 0.0), mean_mm, samples, excess, is_water)
    return (depth_mm if is_water or deviation_mm < LEAST_NOISE_MM else 0.0), after
