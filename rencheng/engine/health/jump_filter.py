"""A depth that jumps is not accepted until it behaves like water; the sample itself is never changed.

A parked car, a bag, a spider or a passing dog appears under a gauge from one sample to the next. Water rises through
the depths between. A depth that jumps is therefore held as pending, until `water_odds` says that it is water.
"""

from msgspec import Struct
from msgspec.structs import replace

from rencheng.engine.water.event import SLIPS_MM

STEP_MM = 80.0
"""The most that water rises from one sample to the next, a minute apart. Source: 875 FloodNet events: 99 of 100 never
rise faster than 78 mm from one sample to the next. Zhengzhou's tunnel (150 mm a minute) is why tunnels are
fail-safe."""

STEP_MM_PER_MIN = 45.0
"""The additional rise for each further minute between samples. Source: FloodNet's inland sensors rise 45 mm a minute
(median of the fastest minute)."""

STEP_MAX_MM = 200.0
"""A longer interval or silence does not raise the accepted step above this, because an object can be missed between two
samples. Sources: QARTOD's failing spike, 0.2 m; inland streets go from dry to 150 mm in five minutes; KLab's sound
gauges move by 69 mm a step at the most (99 of 100), its spiky ones by 170 and more."""

DOUBTED_FROM = 2.0
"""From this fault score on, two false jumps lately, a gauge goes up and down by turns: a silence gives it no larger
step, and its return to a depth proves nothing. Source: `make skill`, where from 1.0 on three floods in a hundred are
warned of later."""

SLOW_STEP_S = 270.0
"""A gauge with so long a reporting interval shows few samples of a flood. Source: the shortest of the usual intervals
above a minute is five (domain reference 1.7)."""

STAYS_SHARE = 0.5
"""A depth above this share of a jump has stayed. A depth below it has reverted, and the jump was no water."""

MOVES_SHARE = 0.08
"""Water goes on moving by this share of its jump; the flat top of an object varies by less than a twentieth.
Source: domain reference 4.2, FloodNet's rule for a box."""

SLIPS_SHARE = 0.05
"""The share of the jump that water may lose from one sample to the next. The ripple of a flat top is less than a
twentieth (same table). Bicycles and grass lose more, and then the count starts again."""

GROWS_SHARE = 0.75
"""A thing does not grow by this share of its jump without another jump and without a slip: bicycles and grass reach
varying heights, but seldom less than half of their full one."""

EVEN_SHARE = 0.35
"""The least of these rises is at least this share of the greatest. Wheels and grass reach 0.6 to 1.0 of their height by
chance, so that two rises in a row are a third of the first at the most (domain reference 4.2)."""


class PendingJump(Struct, frozen=True, gc=False):
    """A depth that jumped upward and is not accepted yet.

    Attributes:
        from_mm: the last depth that was accepted.
        first_mm: the first sample after the last jump.
        last_mm: the newest sample.
        samples: the number of samples, its first included.
        jumps: how many steps upward were jumps.
        run_mm: the first sample of the run in which none slipped.
        run: how many samples followed it.
        from_water: the jump started from rising water, not from a dry street.
        rises: how many samples in a row rose by more than noise, those before the jump included.
        least_mm, most_mm: the least and the greatest of these rises.
        began_s: when its first sample came; None if an earlier release kept it.
        from_wet: the jump started from water that stood.
        interval_s: the gauge's reporting interval before it, or the silence that it ended.
    """

    from_mm: float
    first_mm: float
    last_mm: float
    samples: int
    jumps: int
    run_mm: float
    run: int
    from_water: bool
    rises: int = 1
    least_mm: float = 0.0
    most_mm: float = 0.0
    began_s: float | None = None
    from_wet: bool = False
    interval_s: float = 0.0


def max_step_mm(gap_s: float, fault_score: float = 0.0) -> float:
    """Return the greatest rise that is accepted at once after this time since the last accepted sample.

    A gauge that goes up and down by turns gains no larger step from a silence.
    """
    minutes = gap_s / 60.0
    if minutes <= 1.0 or fault_score >= DOUBTED_FROM:
        return STEP_MM
    return min(STEP_MM + STEP_MM_PER_MIN * (minutes - 1.0), STEP_MAX_MM)


def start(
    from_mm: float,
    depth_mm: float,
    *,
    from_water: bool = False,
    from_wet: bool = False,
    rises: int = 0,
    time_s: float | None = None,
    interval_s: float = 0.0,
) -> PendingJump:
    """Return a pending jump with its first sample; `rises` is how many in a row were accepted before it."""
    return PendingJump(
        from_mm=from_mm,
        first_mm=depth_mm,
        last_mm=depth_mm,
        samples=1,
        jumps=1,
        run_mm=depth_mm,
        run=0,
        from_water=from_water,
        rises=rises + 1,
        least_mm=depth_mm - from_mm,
        most_mm=depth_mm - from_mm,
        began_s=time_s,
        from_wet=from_wet,
        interval_s=interval_s,
    )


def has_reverted(jump: PendingJump, depth_mm: float, gap_s: float = 0.0) -> bool:
    """Return whether the depth has fallen back from the jump; within a long interval water drains by more than half.

    Args:
        jump: which is pending.
        depth_mm: the depth after it.
        gap_s: the time since the sample before.
    """
    stays_mm = STAYS_SHARE * (jump.first_mm - jump.from_mm)
    return depth_mm < jump.from_mm + (min(stays_mm, max_step_mm(gap_s)) if gap_s >= SLOW_STEP_S else stays_mm)


def is_as_denied(denied_mm: float, from_mm: float, depth_mm: float) -> bool:
    """Return whether a depth is still that of a jump which a person found to be no water: neither gone nor higher."""
    return from_mm + STAYS_SHARE * (denied_mm - from_mm) <= depth_mm <= denied_mm + STEP_MM


def extend(jump: PendingJump, depth_mm: float, gap_s: float) -> PendingJump:
    """Return the jump with one more sample, which has not reverted."""
    rise_mm, samples = depth_mm - jump.last_mm, jump.samples + 1
    if rise_mm > SLIPS_MM:
        least_mm, most_mm = (
            (min(jump.least_mm, rise_mm), max(jump.most_mm, rise_mm)) if jump.rises else (rise_mm, rise_mm)
        )
        jump = replace(jump, rises=jump.rises + 1, least_mm=least_mm, most_mm=most_mm)
    else:
        jump = replace(jump, rises=0)
    if depth_mm - jump.last_mm > max_step_mm(gap_s):
        jumps = jump.jumps + 1
        return replace(jump, first_mm=depth_mm, last_mm=depth_mm, samples=samples, jumps=jumps, run_mm=depth_mm, run=0)
    if jump.last_mm - depth_mm > SLIPS_SHARE * (jump.first_mm - jump.from_mm):
        return replace(jump, last_mm=depth_mm, samples=samples, run_mm=depth_mm, run=0)
    return replace(jump, last_mm=depth_mm, samples=samples, run=jump.run + 1)


def is_even(jump: PendingJump) -> bool:
    """Return whether the rises of the newest run are alike, as those of water are."""
    return jump.least_mm >= EVEN_SHARE * jump.most_mm
