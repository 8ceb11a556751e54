"""How far a gauge is believed: each lie costs trust, which comes back with time. What is distrusted raises nothing.

Real faulty gauges make over nine tenths of all false alarms, so health is judged before depth.
"""

from enum import Enum, StrEnum
from math import exp, log
from typing import NamedTuple

from rencheng.engine.water.event import FloodEvent, is_smooth

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
ZIGZAG_WEIGHT = 0.5
FAULT_WEIGHT = 1.0
OUT_OF_RANGE_WEIGHT = 0.5
OUT_OF_RANGE_MAX = 3.0
"""What no gauge can measure misleads nobody: it makes a gauge doubtful, and never blind."""

PROVES_SAMPLES = 6
PROVES_MM = 20.0
PROVES_AFTER_S = 1800.0
"""So many samples in a row that rise by so much and never slip by more than noise are water, whatever a gauge said
before; if its last lie is half an hour old. A gauge that had to wait for the night would sleep through the storm."""

FAULT_HALF_LIFE_S = 7 * 86_400.0
FAULT_APART_S = 4 * 3600.0
CHRONIC_FROM = 5.0
MENDED_BELOW = 2.0
FAULTS_MAX = 12.0
"""A gauge that was at fault on so many occasions within the last week or two is faulty, not unlucky, and is believed
again when it has been sound for longer than that. Source: KLab's rivers: the faulty gauges lie on half of all days and
more, the sound ones on no more than three within a week."""

SAME_TOP_SHARE = 0.02
STAYS_SAMPLES = 3
SOLID_FROM, SOLID_BELOW = 0.4, 0.3
RECENT_FAULTS = 32
"""A lie that reaches the depth of the one before and stays for so many samples is a solid thing: a web in the blind
zone, a branch. Where of the latest lies two in five are, the gauge is blocked; where fewer, it is spiky. Source:
KLab's rivers: half of the lies of those labelled blocked (0.49 and 0.49), a quarter at the most of the spiky ones."""


class Fault(StrEnum):
    """Why a gauge is not believed."""

    STUCK = "stuck"
    """It says the same for hours."""
    BLOCKED = "blocked"
    """It leaps to one fixed depth and stays there, again and again: something solid in the beam."""
    SPIKY = "spiky"
    """It leaps to any depth, or for a moment only."""


class FaultPolicy(Enum):
    """For what a gauge is at fault, by the place that it watches."""

    NOTHING = 0
    """People can drown there: it is distrusted for hours and never for weeks."""
    LOSS_OF_TRUST = 1
    """On a street somebody passes; it is at fault when it loses all trust."""
    EACH_FAULT = 2
    """Nobody passes under the gauge of a stream."""


class Health(NamedTuple):
    """What is remembered of a gauge's lies.

    Attributes:
        score: how much it has lied, as of `at_s`; it halves in `HALF_LIFE_S`.
        at_s: when it was worked out last.
        top_mm: the depth of the last lie.
        lies: how many lies `solid` was worked out from.
        solid: the share of them that were a solid thing.
        distrust: why it is not believed; None while it is.
        half_life_s: in how long half of the score is forgiven.
        faults: on how many occasions it was at fault, as of `fault_s`; they halve in `FAULT_HALF_LIFE_S`.
        fault_s: when it was at fault last.
        is_chronic: it is at fault too often, and is believed again when it has been sound for long.
        fault_since_s: since when it has had a fault; None while it has none.
    """

    fault_score: float = 0.0
    at_s: float = 0.0
    top_mm: float = 0.0
    recent_faults: int = 0
    solid: float = 0.0
    fault: Fault | None = None
    half_life_s: float = HALF_LIFE_S
    faults: float = 0.0
    fault_s: float = 0.0
    is_chronic: bool = False
    fault_since_s: float | None = None


HEALTHY = Health()


def fault_score_at(trust: Health, at_s: float) -> float:
    """How much it has lied, as of now."""
    if not trust.fault_score:
        return 0.0
    return trust.fault_score * exp(-log(2.0) * max(0.0, at_s - trust.at_s) / trust.half_life_s)


def faults_at(trust: Health, at_s: float) -> float:
    """On how many occasions it was at fault, as of now."""
    if not trust.faults:
        return 0.0
    return trust.faults * exp(-log(2.0) * max(0.0, at_s - trust.fault_s) / FAULT_HALF_LIFE_S)


def with_fault(
    trust: Health,
    at_s: float,
    top_mm: float,
    samples: int,
    step_s: float = 0.0,
    fault_policy: FaultPolicy = FaultPolicy.LOSS_OF_TRUST,
) -> Health:
    """One more lie, which reached this depth.

    Args:
        trust: before it.
        at_s: when.
        top_mm: how high it reached.
        samples: for how many it stayed there.
        step_s: the gauge's step.
        fault_policy: for what it is at fault.
    """
    is_solid = samples >= STAYS_SAMPLES and abs(top_mm - trust.top_mm) <= SAME_TOP_SHARE * max(abs(top_mm), 1.0)
    lies = min(trust.recent_faults + 1, RECENT_FAULTS)
    solid = trust.solid + (is_solid - trust.solid) / lies
    doubted = _with_weight(trust._replace(top_mm=top_mm, recent_faults=lies, solid=solid), at_s, FAULT_WEIGHT, step_s)
    if doubted.is_chronic and doubted.fault is None:
        doubted = _faulty(doubted, _named_fault(doubted), at_s)
    has_lost_all = trust.fault is None and doubted.fault is not None
    is_at_fault = fault_policy is FaultPolicy.EACH_FAULT or (fault_policy is FaultPolicy.LOSS_OF_TRUST and has_lost_all)
    return _at_fault(doubted, at_s) if is_at_fault else doubted


def with_zigzag(trust: Health, at_s: float, step_s: float) -> Health:
    """It went up and down again, or down and up, as water does not."""
    return _with_weight(trust, at_s, ZIGZAG_WEIGHT, step_s)


def with_out_of_range(trust: Health, at_s: float) -> Health:
    """It said what no gauge can measure. Nobody was misled, so that alone never costs all trust."""
    return _with_weight(trust, at_s, OUT_OF_RANGE_WEIGHT) if fault_score_at(trust, at_s) < OUT_OF_RANGE_MAX else trust


def _with_weight(trust: Health, at_s: float, weight: float, step_s: float = 0.0) -> Health:
    score = fault_score_at(trust, at_s) + weight
    half_life_s = max(HALF_LIFE_S, HALF_LIFE_STEPS * step_s if step_s <= STEP_MAX_S else 0.0)
    trust = trust._replace(fault_score=min(score, WORST), at_s=at_s, half_life_s=half_life_s)
    return trust if trust.fault is None and score < DISTRUSTED_FROM else _faulty(trust, _named_fault(trust), at_s)


def _at_fault(trust: Health, at_s: float) -> Health:
    """One more occasion, unless it is still the last one."""
    if at_s - trust.fault_s < FAULT_APART_S:
        return trust
    faults = min(faults_at(trust, at_s) + 1.0, FAULTS_MAX)
    if faults < CHRONIC_FROM:
        return trust._replace(faults=faults, fault_s=at_s)
    return _faulty(trust._replace(faults=faults, fault_s=at_s, is_chronic=True), _named_fault(trust), at_s)


def _faulty(trust: Health, fault: Fault, at_s: float) -> Health:
    """Return the health with a fault; one that has had another keeps since when."""
    return trust._replace(fault=fault, fault_since_s=at_s if trust.fault is None else trust.fault_since_s)


def _named_fault(trust: Health) -> Fault:
    """Blocked or spiky; what it was called already it is called until the share is clearly another."""
    enough = SOLID_BELOW if trust.fault is Fault.BLOCKED else SOLID_FROM
    return Fault.BLOCKED if trust.solid >= enough else Fault.SPIKY


def with_stuck(trust: Health, at_s: float) -> Health:
    """It has said the same for hours."""
    if trust.fault is not None:
        return trust
    score = max(fault_score_at(trust, at_s), TRUSTED_BELOW)
    return _faulty(trust._replace(fault_score=score, at_s=at_s), Fault.STUCK, at_s)


def rehabilitated(trust: Health, at_s: float, spell: FloodEvent) -> Health:
    """Trusted again at once, if what it says moves as only water does."""
    if trust.fault is None or at_s - trust.at_s < PROVES_AFTER_S:
        return trust
    if not is_smooth(spell, PROVES_SAMPLES):
        return trust
    rose_mm = spell.samples[-1][1] - spell.samples[-PROVES_SAMPLES][1]
    return trust._replace(fault=None, fault_since_s=None) if rose_mm >= PROVES_MM else trust


def refreshed(trust: Health, at_s: float) -> Health:
    """Trusted again, if that is due."""
    if trust.fault is None or fault_score_at(trust, at_s) >= TRUSTED_BELOW:
        return trust
    if trust.is_chronic and faults_at(trust, at_s) >= MENDED_BELOW:
        return trust
    return trust._replace(fault=None, fault_since_s=None, is_chronic=False)
