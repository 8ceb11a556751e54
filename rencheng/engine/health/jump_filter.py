"""A depth that leaps is not believed until it behaves like water.

A parked car, a bag, a spider or a passing dog stands under a gauge from one sample to the next; water comes up through
the depths between. What leaps is therefore held back: it raises nothing until it stays where doubt must warn, or moves
as water does where doubt must not. The sample itself is never touched.
"""

from math import isnan
from typing import NamedTuple

STEP_MM = 80.0
"""The most that water rises from one sample to the next, a minute apart. Source: 875 FloodNet events: 99 of 100 never
rise faster than 78 mm from one sample to the next; Zhengzhou's tunnel (150 mm a minute) is why doubt warns there."""

STEP_MM_PER_MIN = 45.0
"""How much more for each further minute of silence. Source: FloodNet's inland sensors rise 45 mm a minute (median of
the fastest minute)."""

STEP_MINUTES_MAX = 10.0
"""After a longer silence no more is believed at once than after this one."""

SLOW_STEP_S = 270.0
SLOW_STEP_MM = 200.0
SLOW_STEP_STILL_MM = 150.0
"""A gauge whose usual step is so long leaves room for any lie between two samples: no more than this is believed at
once, and less out of water that stood still. Sources: QARTOD's failing spike, 0.2 m; inland streets go from dry to 150
mm in five minutes; KLab's sound gauges move by 69 mm a step at the most (99 of 100), its spiky ones by 170 and more."""

STAYS_SHARE = 0.5
"""What stays above this share of a leap has stayed; what falls below was no water."""

MOVES_SHARE = 0.08
"""Water goes on moving by this share of its leap; the flat top of a thing varies by less than a twentieth.
Source: domain reference 4.2, FloodNet's rule for a box."""

SLIPS_SHARE = 0.05
"""How much of the leap water may give back from one sample to the next. The ripple of a flat top is less than a
twentieth (same table); bicycles and grass give back more, and then the count begins anew."""

RISES_SAMPLES = 4
RISES_SAMPLES_SLOW = 3
"""So many further samples without a slip, and water. Of a gauge that speaks seldom fewer are asked: nothing that
moves of itself stands under it for so long. Source: `make noise`, where two let 20 of 938 pulse chains a year pass."""

DOUBTED_FROM = 2.0
"""From so many lies on a gauge's best case is not believed."""

GROWS_SHARE = 0.75
"""What grows by so much of its leap, without another leap and without a slip, is water at once: bicycles and grass
reach now more and now less of their height, but seldom less than half of it."""

FALLS_SAMPLES = 5
JUMPS_THAT_ARE_WATER = 6
"""So many leaps upward in a row are no thing: things are tipped within two to four samples (same table)."""

TIPPED_S = 500.0
JUMPS_THAT_ARE_WATER_SLOW = 2
"""And so many of a gauge with so long a step: nothing is tipped for so long."""


class PendingJump(NamedTuple):
    """What leapt up and is not believed yet.

    Attributes:
        from_mm: the last depth that was believed.
        first_mm: the first sample after the last leap.
        last_mm: the newest.
        samples: how many there are since the last leap.
        leaps: how many steps upward were leaps.
        run_mm: the first sample since which none gave back more than water does.
        run: how many came after that one.
        from_water: it leapt from water that had been rising, not from a dry street.
    """

    from_mm: float
    first_mm: float
    last_mm: float
    samples: int
    jumps: int
    run_mm: float
    run: int
    from_water: bool


def max_step_mm(gap_s: float, usual_s: float = 0.0, *, doubt: float = 0.0, slow_mm: float = SLOW_STEP_MM) -> float:
    """The greatest rise that is believed at once.

    Args:
        gap_s: after so long a silence.
        usual_s: of a gauge with this usual step; NaN: not known yet.
        doubt: which has lied so often. Silence leaves no room to a gauge in doubt.
        slow_mm: how much it is if the gauge speaks seldom.
    """
    if doubt >= DOUBTED_FROM:
        return STEP_MM
    if usual_s >= SLOW_STEP_S or (isnan(usual_s) and gap_s >= SLOW_STEP_S):
        return slow_mm
    minutes = gap_s / 60.0
    if minutes <= 1.0:
        return STEP_MM
    return STEP_MM + STEP_MM_PER_MIN * (min(minutes, STEP_MINUTES_MAX) - 1.0)


def start(from_mm: float, depth_mm: float, *, from_water: bool) -> PendingJump:
    """The first sample of a leap."""
    return PendingJump(from_mm, depth_mm, depth_mm, 1, 1, depth_mm, 0, from_water)


def has_reverted(leap: PendingJump, depth_mm: float) -> bool:
    """Is what leapt gone again?"""
    return depth_mm < leap.from_mm + STAYS_SHARE * (leap.first_mm - leap.from_mm)


def extend(leap: PendingJump, depth_mm: float, gap_s: float, usual_s: float = 0.0) -> PendingJump:
    """One more sample that has not fallen back."""
    before_mm = leap.last_mm
    if depth_mm - leap.last_mm > max_step_mm(gap_s, usual_s):
        return PendingJump(leap.from_mm, depth_mm, depth_mm, 1, leap.jumps + 1, depth_mm, 0, leap.from_water)
    leap = leap._replace(last_mm=depth_mm, samples=leap.samples + 1)
    if before_mm - depth_mm > SLIPS_SHARE * (leap.first_mm - leap.from_mm):
        return leap._replace(run_mm=depth_mm, run=0)
    return leap._replace(run=leap.run + 1)


def is_accepted(leap: PendingJump, *, fail_safe: bool, doubt: float, usual_s: float = 0.0) -> bool:
    """Does it behave like water by now?

    Args:
        leap: with its newest sample.
        fail_safe: doubt warns here: that it stays for a second sample, or leaps on, is enough.
        doubt: how much this gauge has lied lately (`trust.py`); each lie asks for two more samples.
        usual_s: its usual step.
    """
    if fail_safe or leap.from_water:
        return leap.samples + leap.jumps > 2 + int(doubt)
    is_slow = usual_s >= SLOW_STEP_S
    if leap.jumps >= (JUMPS_THAT_ARE_WATER_SLOW if usual_s >= TIPPED_S else JUMPS_THAT_ARE_WATER) + int(doubt):
        return True
    moved_mm = leap.last_mm - leap.run_mm
    enough_mm = MOVES_SHARE * (leap.first_mm - leap.from_mm)
    if leap.run and not is_slow and moved_mm >= GROWS_SHARE * (leap.first_mm - leap.from_mm) and doubt < DOUBTED_FROM:
        return True
    if leap.run < (RISES_SAMPLES_SLOW if is_slow else RISES_SAMPLES) + 2 * int(doubt):
        return False
    return moved_mm >= enough_mm or (leap.run >= FALLS_SAMPLES and -moved_mm >= enough_mm)
