"""How far a gauge is believed: each lie costs trust, which comes back with time. What is distrusted raises nothing.

Real faulty gauges make over nine tenths of all false alarms, so health is judged before depth.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

HALF_LIFE_S = 2 * 3600.0
"""In how long half of a gauge's lies are forgiven. Proposal: a gauge that lost all trust has it back after four to
six hours without a lie: what stood under it is gone, and the next storm must find it seeing."""

HALF_LIFE_STEPS = 40.0
"""A gauge that speaks seldom lies seldom; its lies are forgiven in so many of its own steps, if that is longer."""

STEP_MAX_S = 1800.0
"""A longer step is a silence."""

DISTRUSTED_FROM = 6.0
TRUSTED_BELOW = 1.5
WORST = 8.0
"""Lies that cost all trust; below which it comes back; and beyond which none is counted."""

ZIGZAG_MM = 30.0
"""Up and down by more than this in three samples is no water; beyond the noise of 25 mm. Source: 3 of 875 FloodNet
events ever do it, twice at the most."""
ZIGZAG_LIE = 0.5
LIE = 1.0

PROVES_SAMPLES = 6
PROVES_MM = 20.0
SLIPS_MM = 10.0
PROVES_AFTER_S = 1800.0
"""So many samples in a row that rise by so much and never slip by more than noise are water, whatever a gauge said
before; if its last lie is half an hour old. A gauge that had to wait for the night would sleep through the storm."""

SAME_TOP_SHARE = 0.02
"""Lies that reach the same depth are one fixed thing: a web in the blind zone, a branch. Others are spikes."""


class Distrust(StrEnum):
    """Why a gauge is not believed."""

    STUCK = "stuck"
    """It says the same for hours."""
    BLOCKED = "blocked"
    """It leaps to one fixed depth again and again: something solid in the beam."""
    SPIKY = "spiky"
    """It leaps to any depth."""


class Trust(NamedTuple):
    """What is remembered of a gauge's lies.

    Attributes:
        score: how much it has lied, as of `at_s`; it halves in `HALF_LIFE_S`.
        at_s: when it was worked out last.
        top_mm: the depth of the last lie.
        same: how many of its lies in a row reached the same depth.
        distrust: why it is not believed; None while it is.
        half_life_s: in how long half of the score is forgiven.
    """

    score: float = 0.0
    at_s: float = 0.0
    top_mm: float = 0.0
    same: int = 0
    distrust: Distrust | None = None
    half_life_s: float = HALF_LIFE_S


FULL = Trust()


def score_at(trust: Trust, at_s: float) -> float:
    """How much it has lied, as of now."""
    if not trust.score:
        return 0.0
    return trust.score * exp(-log(2.0) * max(0.0, at_s - trust.at_s) / trust.half_life_s)


def lied(trust: Trust, at_s: float, top_mm: float, weight: float = LIE, step_s: float = 0.0) -> Trust:
    """One more lie, which reached this depth, of a gauge with this step."""
    score = score_at(trust, at_s) + weight
    is_same = abs(top_mm - trust.top_mm) <= SAME_TOP_SHARE * max(abs(top_mm), 1.0)
    same = trust.same + 1 if is_same else 1
    distrust = trust.distrust
    if score >= DISTRUSTED_FROM and distrust is None:
        distrust = Distrust.BLOCKED if same >= DISTRUSTED_FROM / 2 else Distrust.SPIKY
    half_life_s = max(HALF_LIFE_S, HALF_LIFE_STEPS * step_s if step_s <= STEP_MAX_S else 0.0)
    return Trust(min(score, WORST), at_s, top_mm, same, distrust, half_life_s)


def is_stuck(trust: Trust, at_s: float) -> Trust:
    """It has said the same for hours."""
    if trust.distrust is not None:
        return trust
    return trust._replace(distrust=Distrust.STUCK, score=max(score_at(trust, at_s), TRUSTED_BELOW), at_s=at_s)


def proven(trust: Trust, at_s: float, samples: Sequence[tuple[float, float]]) -> Trust:
    """Trusted again at once, if what it says moves as only water does."""
    if trust.distrust is None or at_s - trust.at_s < PROVES_AFTER_S or len(samples) < PROVES_SAMPLES:
        return trust
    depths = [depth_mm for _, depth_mm in samples[-PROVES_SAMPLES:]]
    is_smooth = all(later >= earlier - SLIPS_MM for earlier, later in pairwise(depths))
    return trust._replace(distrust=None) if is_smooth and depths[-1] - depths[0] >= PROVES_MM else trust


def looked_at(trust: Trust, at_s: float) -> Trust:
    """Trusted again, if that is due."""
    if trust.distrust is not None and score_at(trust, at_s) < TRUSTED_BELOW:
        return trust._replace(distrust=None)
    return trust
