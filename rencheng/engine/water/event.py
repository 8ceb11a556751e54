"""A wet spell: from the first sample above the noise until the street is dry again; and what is kept of a past one."""

from itertools import pairwise
from typing import NamedTuple

from rencheng.domain.sensor import DRY_BELOW_MM

WET_MM = DRY_BELOW_MM
"""Up to here a street is dry: noise."""

KEPT_S = 1300.0
"""How much of a spell is kept: the longest window that anything looks back (20 min), and a sample more."""

KEPT_SAMPLES = 6
"""And so many samples always: a gauge that speaks seldom must be able to prove itself."""

DRY_FOR_S = 1200.0
"""A spell is over after so long without a wet sample: waves come and go within one."""

FLOOD_MM = 30.0
"""Below this peak a spell is a puddle, and not kept as a flood."""

PAST_EVENTS_KEPT = 30

YOUNG_S = 300.0
"""A spell younger than this must have been seen to rise on from its first wet sample before anything is foretold of
it: what stands on a dry street at once, and low, is a thing as often as water. Source: `make skill`, where blips below
the leap's height raised five of 165 without this and none with it."""

SLIPS_MM = 10.0
"""Water that rises gives back no more than this from one sample to the next: noise."""

RISING_MM = 15.0
"""A wet sample so far above the wet one before it shows water that rises: beyond the ripple of a surface."""

LOWEST_OBJECT_MM = 50.0
"""Nothing that is put down under a gauge is lower: a shoe, a tray. What stands lower is water, and may be foretold from
at once. Source: `make skill`, where no artefact more is raised for it."""

RAPID_MM_PER_MIN = 25.0
RAPID_FROM_MM = 50.0
"""Water that rises so fast from one sample to the next, and is so deep then, is a cloudburst's: tides take forty
minutes to 150 mm, inland streets five (FloodNet). Source: cross-validation; with 15 a tide looks alike."""

RAPID_GAP_MAX_S = 900.0
"""After a longer silence nobody knows how fast it rose."""

Sample = tuple[float, float]
"""When (s of the epoch), and how deep (mm)."""


class PastEvent(NamedTuple):
    """A spell that is over, as a site remembers it."""

    began_s: float
    peak_s: float
    peak_mm: float
    fastest_mm_per_min: float


class FloodEvent(NamedTuple):
    """A spell that lasts.

    Attributes:
        began_s: the first wet sample.
        dry_s: the last dry sample before it.
        wet_s: the last wet sample.
        peak_mm, peak_s: the deepest sample so far, and when.
        fastest_mm_per_min: the greatest rise from one sample to the next.
        samples: those of the last minutes, in order of time.
    """

    began_s: float
    dry_s: float
    wet_s: float
    peak_mm: float
    peak_s: float
    fastest_mm_per_min: float
    samples: tuple[Sample, ...]

    @property
    def newest(self) -> Sample:
        """The last sample."""
        return self.samples[-1]


def start(dry_s: float, time_s: float, depth_mm: float) -> FloodEvent:
    """The first wet sample after a dry one (which may lie far back)."""
    rise = depth_mm / max((time_s - dry_s) / 60.0, 1.0)
    return FloodEvent(time_s, dry_s, time_s, depth_mm, time_s, rise, ((time_s, depth_mm),))


def extend(spell: FloodEvent, time_s: float, depth_mm: float) -> FloodEvent:
    """One more sample, wet or dry."""
    before_s, before_mm = spell.samples[-1]
    rise = (depth_mm - before_mm) / max((time_s - before_s) / 60.0, 1.0)
    samples = (*spell.samples, (time_s, depth_mm))
    if samples[0][0] < time_s - KEPT_S:
        samples = (*(one for one in samples[:-KEPT_SAMPLES] if one[0] >= time_s - KEPT_S), *samples[-KEPT_SAMPLES:])
    is_peak = depth_mm > spell.peak_mm
    return FloodEvent(
        spell.began_s,
        spell.dry_s,
        time_s if depth_mm >= WET_MM else spell.wet_s,
        depth_mm if is_peak else spell.peak_mm,
        time_s if is_peak else spell.peak_s,
        max(rise, spell.fastest_mm_per_min),
        samples,
    )


def has_ended(spell: FloodEvent, time_s: float) -> bool:
    """Has the street been dry for long, or nothing been heard of it?"""
    return time_s - spell.wet_s > DRY_FOR_S


def is_confirmed(spell: FloodEvent) -> bool:
    """Has it lasted, been seen to rise from one wet sample to the next, or is it lower than any thing?"""
    newest_s, depth_mm = spell.samples[-1]
    if newest_s - spell.began_s >= YOUNG_S or depth_mm < LOWEST_OBJECT_MM:
        return True
    return len(spell.samples) > 1 and spell.samples[-2][1] < depth_mm


def is_rising(spell: FloodEvent) -> bool:
    """Was it last seen to rise from one wet sample to the next?"""
    return is_smooth(spell, 2) and spell.samples[-1][1] - spell.samples[-2][1] >= RISING_MM


def is_rapid_rise(spell: FloodEvent) -> bool:
    """Did it rise from its last sample but one to its last as only a cloudburst lifts water?"""
    if len(spell.samples) < 2 or spell.samples[-1][1] < RAPID_FROM_MM:  # noqa: PLR2004 - a rise has two ends
        return False
    (before_s, before_mm), (at_s, depth_mm) = spell.samples[-2:]
    minutes = (at_s - before_s) / 60.0
    return minutes <= RAPID_GAP_MAX_S / 60.0 and depth_mm - before_mm >= RAPID_MM_PER_MIN * max(minutes, 1.0)


def is_smooth(spell: FloodEvent, samples: int) -> bool:
    """Are its newest so many samples wet, and did none slip by more than noise?"""
    newest = spell.samples[-samples:]
    return len(newest) == samples and all(
        earlier[1] >= WET_MM and later[1] >= earlier[1] - SLIPS_MM for earlier, later in pairwise(newest)
    )


def is_still(spell: FloodEvent) -> bool:
    """Was it last seen not to rise?"""
    return len(spell.samples) > 1 and spell.samples[-1][1] - spell.samples[-2][1] < RISING_MM


def archive(floods: tuple[PastEvent, ...], spell: FloodEvent) -> tuple[PastEvent, ...]:
    """The floods of a gauge with one more, if it was one: water takes time to rise, and a thing is there at once."""
    if spell.peak_mm < FLOOD_MM or spell.peak_s == spell.began_s:
        return floods
    flood = PastEvent(spell.began_s, spell.peak_s, spell.peak_mm, spell.fastest_mm_per_min)
    return (*floods[-(PAST_EVENTS_KEPT - 1) :], flood)
