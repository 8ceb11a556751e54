"""A flood event: from the first wet sample until the street is dry again; and the summary that is kept of it."""

from itertools import pairwise, takewhile

from msgspec import Struct
from msgspec.structs import replace

from rencheng.domain.sensor import DRY_BELOW_MM

WET_MM = DRY_BELOW_MM
"""A lower depth is noise above a dry street."""

KEPT_S = 1300.0
"""How long samples of an event are kept: the longest window of any rule (20 min), and one sample more."""

KEPT_SAMPLES = 6
"""At least this many samples are kept, so that a slow gauge can show that it sees water."""

DRY_FOR_S = 1200.0
"""An event ends this long after its last wet sample, because waves within it come and go."""

FRESH_STEPS, STEP_MAX_S = 2.5, 1800.0
"""A depth stands for this many intervals of its gauge. An interval longer than the second is a silence."""

FLOOD_MM = 30.0
"""An event with a lower peak is a puddle, and is not kept as a past event."""

PAST_EVENTS_KEPT = 30

YOUNG_S = 300.0
"""Do not forecast from an event younger than this unless it has risen at least once. A low reading that appears
suddenly is an object as often as water. Source: `make skill`, where blips below the height of a jump raised five of 165
without this and none with it."""

SLIPS_MM = 10.0
"""Rising water falls by no more than this from one sample to the next: noise."""

RISING_MM = 15.0
"""A wet sample this far above the wet sample before it shows rising water, beyond the ripple of a surface."""

LOWEST_OBJECT_MM = 50.0
"""No object under a gauge is lower: a shoe, a tray. A lower depth is water, and is forecast from at once. Source:
`make skill`, where no additional artefact is raised for it."""

SMOOTH_SAMPLES, SMOOTH_MM, SMOOTH_MM_PER_MIN = 3, 50.0, 8.0
"""Water that rose over this many samples in a row without a slip, by this much in all and so fast, rose smoothly. No
object under a gauge is lower than 50 mm, none grows sample by sample, and the zero of a gauge drifts more slowly.
Proposal."""

CREST_SHARE = 0.3
"""Water that fell by this share of its top has passed a crest; when it has risen as much again, the next begins."""

ALIKE = 1.5
"""Two periods are alike if the longer is no more than this many times the shorter. Proposal."""

SNOW_MM_PER_MIN = 1.0
SNOW_LASTS_S = 86_400.0
"""Snow grows no faster than this, and a fall of it lasts no longer. Source: the highest Chinese grade of snowfall is 30
mm of water in 24 h; 6 mm in one hour, at ten parts of snow to one of water, is 1 mm a minute."""

WATER_MM_PER_MIN = 2.0
"""A rise twice as fast, by `FLOOD_MM` and more, is water."""

RAPID_MM_PER_MIN = 25.0
RAPID_FROM_MM = 50.0
"""A rise this fast from one sample to the next, to this depth, is a cloudburst: tides take forty minutes to 150 mm,
inland streets five (FloodNet). Source: cross-validation; with 15 a tide looks alike."""

RAPID_GAP_MAX_S = 900.0
"""After a longer silence the speed of the rise is not known."""

Sample = tuple[float, float]
"""Time (s of the epoch) and depth (mm)."""


class PastEvent(Struct, frozen=True):
    """The summary of an event that has ended."""

    began_s: float
    peak_s: float
    peak_mm: float
    fastest_mm_per_min: float


class FloodEvent(Struct, frozen=True, gc=False):
    """An event that lasts.

    Attributes:
        began_s: the first wet sample.
        dry_s: the last dry sample before it.
        wet_s: the last wet sample.
        peak_mm, peak_s: the deepest sample so far, and its time.
        fastest_mm_per_min: the greatest rise from one sample to the next.
        samples: those of the last minutes, in order of time.
        run_mm, run_s, run: depth and time of the first sample of the newest run without a slip, and how many followed.
        rose_smoothly: whether it has risen smoothly, as only water does.
        is_proven: whether it has moved as water does and snow does not: it rose fast, or drained.
        is_denied: whether a person saw that it is no water.
        crest_mm, crest_s: the highest crest that has passed, and when the last one was; None before the first.
        top_mm, top_s: the deepest sample since the last trough, and its time.
        trough_mm: the lowest sample since the last crest; None while no crest has passed.
        period_s: the time between the last two crests; None before the second.
        cycle_s: the same, once two in a row are alike: pumps are at work; None before.
    """

    began_s: float
    dry_s: float
    wet_s: float
    peak_mm: float
    peak_s: float
    fastest_mm_per_min: float
    samples: tuple[Sample, ...]
    run_mm: float = 0.0
    run_s: float = 0.0
    run: int = 0
    rose_smoothly: bool = False
    is_proven: bool = False
    is_denied: bool = False
    crest_mm: float | None = None
    crest_s: float | None = None
    top_mm: float = 0.0
    top_s: float = 0.0
    trough_mm: float | None = None
    period_s: float | None = None
    cycle_s: float | None = None

    @property
    def newest(self) -> Sample:
        """The last sample."""
        return self.samples[-1]


def start(dry_s: float, time_s: float, depth_mm: float) -> FloodEvent:
    """Return an event with its first wet sample, after a dry one that may be long ago."""
    return FloodEvent(
        began_s=time_s,
        dry_s=dry_s,
        wet_s=time_s,
        peak_mm=depth_mm,
        peak_s=time_s,
        fastest_mm_per_min=depth_mm / max((time_s - dry_s) / 60.0, 1.0),
        samples=((time_s, depth_mm),),
        run_mm=depth_mm,
        run_s=time_s,
        top_mm=depth_mm,
        top_s=time_s,
    )


def extend(event: FloodEvent, time_s: float, depth_mm: float) -> FloodEvent:
    """Return the event with one more sample, wet or dry."""
    before_s, before_mm = event.samples[-1]
    rise = (depth_mm - before_mm) / max((time_s - before_s) / 60.0, 1.0)
    samples = (*event.samples, (time_s, depth_mm))
    if samples[0][0] < time_s - KEPT_S:
        samples = (*(one for one in samples[:-KEPT_SAMPLES] if one[0] >= time_s - KEPT_S), *samples[-KEPT_SAMPLES:])
    is_peak = depth_mm > event.peak_mm
    slipped = depth_mm < before_mm - SLIPS_MM
    run_mm, run_s, run = (depth_mm, time_s, 0) if slipped else (event.run_mm, event.run_s, event.run + 1)
    after = replace(
        _with_crest(event, time_s, depth_mm),
        wet_s=time_s if depth_mm >= WET_MM else event.wet_s,
        peak_mm=depth_mm if is_peak else event.peak_mm,
        peak_s=time_s if is_peak else event.peak_s,
        fastest_mm_per_min=max(rise, event.fastest_mm_per_min),
        samples=samples,
        run_mm=run_mm,
        run_s=run_s,
        run=run,
    )
    is_smooth_rise = rises_smoothly(after)
    return replace(
        after,
        rose_smoothly=event.rose_smoothly or is_smooth_rise,
        is_proven=event.is_proven or is_smooth_rise or _has_moved_as_water(event, samples),
    )


def _has_moved_as_water(event: FloodEvent, samples: tuple[Sample, ...]) -> bool:
    """Return whether the kept samples rose faster than snow grows, or drain since the peak; a plough is faster.

    The means of their first and last third are compared, because the echo of snow is noisy.
    """
    third = max(1, len(samples) // 3)
    (began_s, began_mm), (ended_s, ended_mm) = _mean(samples[:third]), _mean(samples[-third:])
    if ended_mm - began_mm >= max(FLOOD_MM, WATER_MM_PER_MIN * (ended_s - began_s) / 60.0):
        return True
    fell_mm = event.peak_mm - ended_mm
    if fell_mm < max(FLOOD_MM, CREST_SHARE * event.peak_mm):
        return False
    return max(earlier[1] - later[1] for earlier, later in pairwise(samples)) <= fell_mm / 2.0


def _mean(samples: tuple[Sample, ...]) -> Sample:
    count = len(samples)
    return sum(time_s for time_s, _ in samples) / count, sum(depth_mm for _, depth_mm in samples) / count


def may_be_snow(event: FloodEvent) -> bool:
    """Return whether it has only grown, as slowly as snow does, and no longer than a fall of snow lasts."""
    at_s, depth_mm = event.newest
    lasts_s = at_s - event.began_s
    return not event.is_proven and lasts_s <= SNOW_LASTS_S and depth_mm <= FLOOD_MM + SNOW_MM_PER_MIN * lasts_s / 60.0


def _with_crest(event: FloodEvent, time_s: float, depth_mm: float) -> FloodEvent:
    """Return the event with a crest that has just passed, or a trough: pumps make water rise and fall by turns."""
    if event.trough_mm is not None:  # it falls since a crest, until it rises clearly
        if depth_mm >= event.trough_mm + CREST_SHARE * event.top_mm:
            return replace(event, trough_mm=None, top_mm=depth_mm, top_s=time_s)
        return replace(event, trough_mm=min(event.trough_mm, depth_mm))
    if depth_mm > event.top_mm:
        return replace(event, top_mm=depth_mm, top_s=time_s)
    if depth_mm > (1.0 - CREST_SHARE) * event.top_mm or event.top_mm < FLOOD_MM:
        return event
    period_s = None if event.crest_s is None else event.top_s - event.crest_s
    is_cycle = period_s is not None and event.period_s is not None and _is_alike(period_s, event.period_s)
    return replace(
        event,
        crest_mm=max(event.top_mm, event.crest_mm or 0.0),
        period_s=period_s,
        cycle_s=period_s if is_cycle else None,
        crest_s=event.top_s,
        trough_mm=depth_mm,
    )


def _is_alike(one_s: float, other_s: float) -> bool:
    return max(one_s, other_s) <= ALIKE * min(one_s, other_s)


def has_ended(event: FloodEvent, time_s: float) -> bool:
    """Return whether the street has been dry for long, or the gauge silent for longer than it usually is."""
    if time_s - event.wet_s <= DRY_FOR_S:
        return False
    newest_s, depth_mm = event.newest
    before_s = event.samples[-2][0] if len(event.samples) > 1 else event.dry_s
    return depth_mm < WET_MM or time_s - newest_s > FRESH_STEPS * min(newest_s - before_s, STEP_MAX_S)


def is_confirmed(event: FloodEvent) -> bool:
    """Return whether it has lasted, has risen from one wet sample to the next, or is lower than any object."""
    newest_s, depth_mm = event.samples[-1]
    if newest_s - event.began_s >= YOUNG_S or depth_mm < LOWEST_OBJECT_MM:
        return True
    return len(event.samples) > 1 and event.samples[-2][1] < depth_mm


def is_rising(event: FloodEvent) -> bool:
    """Return whether it rose from its last wet sample but one to its last."""
    return is_smooth(event, 2) and event.samples[-1][1] - event.samples[-2][1] >= RISING_MM


def is_rapid_rise(event: FloodEvent) -> bool:
    """Return whether it rose from its last sample but one to its last as only a cloudburst raises water."""
    if len(event.samples) < 2 or event.samples[-1][1] < RAPID_FROM_MM:  # noqa: PLR2004 - a rise has two ends
        return False
    (before_s, before_mm), (at_s, depth_mm) = event.samples[-2:]
    minutes = (at_s - before_s) / 60.0
    return minutes <= RAPID_GAP_MAX_S / 60.0 and depth_mm - before_mm >= RAPID_MM_PER_MIN * max(minutes, 1.0)


def is_smooth(event: FloodEvent, samples: int) -> bool:
    """Return whether this many newest samples are wet, and none slipped by more than noise."""
    newest = event.samples[-samples:]
    return len(newest) == samples and all(
        earlier[1] >= WET_MM and later[1] >= earlier[1] - SLIPS_MM for earlier, later in pairwise(newest)
    )


def rises_smoothly(event: FloodEvent) -> bool:
    """Return whether its newest run without a slip rises as only water does."""
    time_s, depth_mm = event.newest
    rose_mm, rose_min = depth_mm - event.run_mm, (time_s - event.run_s) / 60.0
    return event.run >= SMOOTH_SAMPLES and rose_mm >= max(SMOOTH_MM, SMOOTH_MM_PER_MIN * rose_min)


def rises_slowly(event: FloodEvent) -> bool:
    """Return whether its newest run without a slip rose as far at any speed, within the samples that are kept."""
    run = event.samples[-(event.run + 1) :]
    return len(run) >= KEPT_SAMPLES and run[-1][1] - run[0][1] >= SMOOTH_MM


def rises(event: FloodEvent) -> int:
    """Return how many of its newest samples in a row rose by more than noise, the first wet one included."""
    depths_mm = [0.0, *(depth_mm for _, depth_mm in event.samples)]
    pairs = reversed(list(pairwise(depths_mm)))
    return sum(1 for _ in takewhile(lambda pair: pair[1] - pair[0] > SLIPS_MM, pairs))


def archive(past_events: tuple[PastEvent, ...], event: FloodEvent) -> tuple[PastEvent, ...]:
    """Return the past events with one more, if it was a flood: water takes time to rise, an object does not."""
    if event.peak_mm < FLOOD_MM or event.peak_s == event.began_s:
        return past_events
    past = PastEvent(event.began_s, event.peak_s, event.peak_mm, event.fastest_mm_per_min)
    return (*past_events[-(PAST_EVENTS_KEPT - 1) :], past)
