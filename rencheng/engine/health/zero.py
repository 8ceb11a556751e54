"""The zero of a gauge, learned above a dry street: what it reads there is subtracted from what it reads later."""

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
