"""A depth that leaps is not believed until it behaves like water.

A parked car, a bag, a spider or a passing dog stands under a gauge from one sample to the next; water comes up through
the depths between. What leaps is therefore held back: it raises nothing until it stays where doubt must warn, or moves
as water does where doubt must not. The sample itself is never touched.
"""

from typing import NamedTuple

STEP_MM = 80.0
"""The most that water rises from one sample to the next, a minute apart. Source: 875 FloodNet events: 99 of 100 never
rise faster than 78 mm from one sample to the next; Zhengzhou's tunnel (150 mm a minute) is why doubt warns there."""

STEP_MM_PER_MIN = 40.0
"""How much more for each further minute of silence. Source: FloodNet's inland sensors rise 45 mm a minute (median of
the fastest minute), and slower over several."""

STEP_MINUTES_MAX = 10.0
"""After a longer silence no more is believed at once than after this one."""

SLOW_STEP_S = 300.0
SLOW_STEP_MM = 160.0
"""A gauge whose usual step is so long leaves room for any lie between two samples: no more than this is believed at
once, and the rest at its next word. Source: KLab's rivers, whose sound gauges move by 69 mm a step at the most
(99 of 100), and whose spiky ones by 600 and more."""

STAYS_SHARE = 0.5
"""What stays above this share of a leap has stayed; what falls below was no water."""

MOVES_SHARE = 0.08
"""Water goes on moving by this share of its leap; the flat top of a thing varies by less than a twentieth.
Source: domain reference 4.2, FloodNet's rule for a box."""

SLIPS_SHARE = 0.1
"""How much of the leap water may give back from one sample to the next; a thing that is lifted gives back more."""

FALLS_SAMPLES = 5
LEAPS_THAT_ARE_WATER = 6
"""So many leaps upward in a row are no thing: things are tipped within two to four samples (same table)."""


class Leap(NamedTuple):
    """What leapt up and is not believed yet.

    Attributes:
        from_mm: the last depth that was believed.
        first_mm: the first sample after the last leap.
        last_mm: the newest.
        samples: how many there are since the last leap.
        leaps: how many steps upward were leaps.
        is_smooth: no sample since gave back more than water does.
        from_water: it leapt from water that had been rising, not from a dry street.
    """

    from_mm: float
    first_mm: float
    last_mm: float
    samples: int
    leaps: int
    is_smooth: bool
    from_water: bool


def most_mm(gap_s: float, usual_s: float = 0.0) -> float:
    """The greatest rise that is believed at once after so long a silence, of a gauge with this usual step."""
    if usual_s >= SLOW_STEP_S:
        return SLOW_STEP_MM
    minutes = gap_s / 60.0
    if minutes <= 1.0:
        return STEP_MM
    return STEP_MM + STEP_MM_PER_MIN * (min(minutes, STEP_MINUTES_MAX) - 1.0)


def begin(from_mm: float, depth_mm: float, *, from_water: bool) -> Leap:
    """The first sample of a leap."""
    return Leap(from_mm, depth_mm, depth_mm, 1, 1, is_smooth=True, from_water=from_water)


def has_fallen_back(leap: Leap, depth_mm: float) -> bool:
    """Is what leapt gone again?"""
    return depth_mm < leap.from_mm + STAYS_SHARE * (leap.first_mm - leap.from_mm)


def go_on(leap: Leap, depth_mm: float, gap_s: float, usual_s: float = 0.0) -> Leap:
    """One more sample that has not fallen back."""
    if depth_mm - leap.last_mm > most_mm(gap_s, usual_s):
        return leap._replace(first_mm=depth_mm, last_mm=depth_mm, samples=1, leaps=leap.leaps + 1)
    slipped = leap.last_mm - depth_mm > SLIPS_SHARE * (leap.first_mm - leap.from_mm)
    return leap._replace(last_mm=depth_mm, samples=leap.samples + 1, is_smooth=leap.is_smooth and not slipped)


def is_believed(leap: Leap, *, hasty: bool, doubt: float) -> bool:
    """Does it behave like water by now?

    Args:
        leap: with its newest sample.
        hasty: doubt warns here: that it stays for a second sample, or leaps on, is enough.
        doubt: how much this gauge has lied lately (`trust.py`); each lie asks for two more samples.
    """
    if hasty or leap.from_water:
        return leap.samples + leap.leaps > 2 + int(doubt)
    if leap.leaps >= LEAPS_THAT_ARE_WATER + int(doubt):
        return True
    moved_mm = leap.last_mm - leap.first_mm
    enough_mm = MOVES_SHARE * (leap.first_mm - leap.from_mm)
    further = leap.samples - 1
    if not leap.is_smooth or further < 2 + 2 * int(doubt):
        return False
    return moved_mm >= enough_mm or (further >= FALLS_SAMPLES and -moved_mm >= enough_mm)
