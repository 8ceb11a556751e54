"""Sensor health: each implausible depth raises a gauge's fault score, which falls with time.

A gauge at fault raises no warning. Health is evaluated before depth, because real faulty gauges cause over nine tenths
of all false alarms.
"""

from enum import Enum, StrEnum
from math import exp, log

from msgspec import Struct
from msgspec.structs import replace

from rencheng.engine.health.baseline import Noise
from rencheng.engine.water.event import STEP_MAX_S, FloodEvent, rises_slowly, rises_smoothly

HALF_LIFE_S = 2 * 3600.0
"""The fault score halves in this time. Proposal: a gauge at fault recovers after four to six hours without a fault,
because the object under it is gone and the gauge must be usable in the next storm."""

HALF_LIFE_STEPS = 40.0
"""For slow-reporting gauges the fault score halves every 40 reporting intervals, if that is longer."""

FAULT_FROM = 6.0
HEALTHY_BELOW = 1.5
SCORE_MAX = 8.0
"""A gauge is at fault from the first score on, and healthy again below the second. The third is the greatest score."""

ZIGZAG_MM = 30.0
"""Up and down by more than this in three samples is no water; noise is 25 mm. Source: 3 of 875 FloodNet events ever do
it, twice at the most."""
ZIGZAG_NOISE = 4.0
"""Known noise goes up and down by as many standard deviations in three samples, once in a thousand."""
ZIGZAG_WEIGHT = 0.5
FAULT_WEIGHT = 1.0
OUT_OF_RANGE_WEIGHT = 0.5
OUT_OF_RANGE_MAX = 3.0
"""Depths out of range raise no warning, so they alone never put a gauge at fault: the score stays below this."""

SLOW_PROOF_AFTER_S = 1800.0
"""Things that come and go do so within half an hour. Proposal."""

FAULT_HALF_LIFE_S = 7 * 86_400.0
FAULT_APART_S = 4 * 3600.0
CHRONIC_FROM = 5.0
MENDED_BELOW = 2.0
FAULTS_MAX = 12.0
"""A gauge at fault on five occasions within a week or two is faulty. It is healthy again once it has been sound for
longer than that. Source: KLab's rivers: the faulty gauges have faults on half of all days and more, the sound ones on
no more than three within a week."""

SAME_TOP_SHARE = 0.02
STAYS_SAMPLES = 3
SOLID_FROM, SOLID_BELOW = 0.4, 0.3
RECENT_FAULTS = 32
"""A jump that reaches the depth of the last one and stays for three samples is a solid object: a web in the blind zone,
a branch. A gauge with two in five such jumps is blocked, with fewer it is spiky. Source: KLab's rivers: half of the
jumps of those labelled blocked (0.49 and 0.49), a quarter at the most of the spiky ones."""


class Fault(StrEnum):
    """The kind of a gauge's fault."""

    STUCK = "stuck"
    """It reports the same depth for hours."""
    BLOCKED = "blocked"
    """It jumps to one fixed depth and stays there, again and again: something solid is in the beam."""
    SPIKY = "spiky"
    """It jumps to varying depths, or for a moment only."""


class FaultPolicy(Enum):
    """Which events count as an occasion of fault, by the type of place."""

    NOTHING = 0
    """At fail-safe sites: a gauge is at fault for hours, and never for weeks."""
    LOSS_OF_TRUST = 1
    """On a street, where people and vehicles pass: only when the gauge becomes faulty."""
    EACH_FAULT = 2
    """On a stream, where nothing passes under the gauge."""


class Health(Struct, frozen=True, gc=False):
    """The faults of a gauge. None stands for "never".

    Attributes:
        fault_score: the score as of `at_s`; it halves in `half_life_s`.
        at_s: when it was last updated.
        top_mm: the depth of the last false jump.
        recent_faults: how many false jumps `solid_share` is computed from.
        solid_share: the share of them that were a solid object.
        fault: its fault; None while it is healthy.
        half_life_s: the half-life of the score.
        faults: on how many occasions it was at fault, as of `fault_s`; it halves in `FAULT_HALF_LIFE_S`.
        fault_s: the last of these occasions.
        is_chronic: it is at fault too often, and must be sound for long.
        fault_since_s: since when it has had a fault; None while it is healthy.
    """

    fault_score: float = 0.0
    at_s: float | None = None
    top_mm: float | None = None
    recent_faults: int = 0
    solid_share: float = 0.0
    fault: Fault | None = None
    half_life_s: float = HALF_LIFE_S
    faults: float = 0.0
    fault_s: float | None = None
    is_chronic: bool = False
    fault_since_s: float | None = None


HEALTHY = Health()


def fault_score_at(health: Health, at_s: float) -> float:
    """Return the fault score at a moment."""
    if not health.fault_score or health.at_s is None:
        return 0.0
    return health.fault_score * exp(-log(2.0) * max(0.0, at_s - health.at_s) / health.half_life_s)


def faults_at(health: Health, at_s: float) -> float:
    """Return the number of occasions at fault, as of a moment."""
    if not health.faults or health.fault_s is None:
        return 0.0
    return health.faults * exp(-log(2.0) * max(0.0, at_s - health.fault_s) / FAULT_HALF_LIFE_S)


def with_fault(
    health: Health,
    at_s: float,
    top_mm: float,
    samples: int,
    step_s: float | None = None,
    fault_policy: FaultPolicy = FaultPolicy.LOSS_OF_TRUST,
) -> Health:
    """Return the health after one more false jump.

    Args:
        health: before it.
        at_s: when it ended.
        top_mm: the depth that it reached.
        samples: how many samples it stayed there.
        step_s: the gauge's reporting interval; None: not known yet.
        fault_policy: what counts as an occasion of fault.
    """
    is_same_top = health.top_mm is not None and abs(top_mm - health.top_mm) <= SAME_TOP_SHARE * max(abs(top_mm), 1.0)
    is_solid = samples >= STAYS_SAMPLES and is_same_top
    count = min(health.recent_faults + 1, RECENT_FAULTS)
    solid_share = health.solid_share + (is_solid - health.solid_share) / count
    noted = replace(health, top_mm=top_mm, recent_faults=count, solid_share=solid_share)
    weighed = _with_weight(noted, at_s, FAULT_WEIGHT, step_s)
    if weighed.is_chronic and weighed.fault is None:
        weighed = _faulty(weighed, _kind_of_fault(weighed), at_s)
    became_faulty = health.fault is None and weighed.fault is not None
    counts = fault_policy is FaultPolicy.EACH_FAULT or (fault_policy is FaultPolicy.LOSS_OF_TRUST and became_faulty)
    return _with_occasion(weighed, at_s) if counts else weighed


def zigzag_mm(noise: Noise | None) -> float:
    """Return how far a gauge goes up and down in three samples by its noise alone."""
    return ZIGZAG_MM if noise is None else max(ZIGZAG_MM, ZIGZAG_NOISE * noise.deviation_mm)


def with_zigzag(health: Health, at_s: float, step_s: float | None) -> Health:
    """Return the health after an up and down, or down and up, that no water makes."""
    return _with_weight(health, at_s, ZIGZAG_WEIGHT, step_s)


def with_out_of_range(health: Health, at_s: float) -> Health:
    """Return the health after a depth that no gauge can measure; this alone never puts a gauge at fault."""
    if fault_score_at(health, at_s) >= OUT_OF_RANGE_MAX:
        return health
    return _with_weight(health, at_s, OUT_OF_RANGE_WEIGHT, None)


def with_stuck(health: Health, at_s: float) -> Health:
    """Return the health of a gauge that has reported the same depth for hours."""
    if health.fault is not None:
        return health
    score = max(fault_score_at(health, at_s), HEALTHY_BELOW)
    return _faulty(replace(health, fault_score=score, at_s=at_s), Fault.STUCK, at_s)


def with_blocked(health: Health, at_s: float) -> Health:
    """Return the health of a gauge under which a person found something solid, which is there still."""
    score = max(fault_score_at(health, at_s), HEALTHY_BELOW)
    return _faulty(replace(health, fault_score=score, at_s=at_s), Fault.BLOCKED, at_s)


def without_fault(health: Health, at_s: float) -> Health:
    """Return the health of a gauge that a person found to report truly."""
    return replace(health, fault_score=0.0, at_s=at_s, fault=None, fault_since_s=None, faults=0.0, is_chronic=False)


def rehabilitated(health: Health, at_s: float, event: FloodEvent) -> Health:
    """Return the health without its fault, if the depths of an event rise as only water does.

    A smooth rise proves water at once, a slow one once the last fault is old. Otherwise a gauge that is at fault in the
    evening would miss a storm in the night.
    """
    if health.fault is None:
        return health
    is_old = health.at_s is None or at_s - health.at_s >= SLOW_PROOF_AFTER_S
    if rises_smoothly(event) or (is_old and rises_slowly(event)):
        return replace(health, fault=None, fault_since_s=None)
    return health


def refreshed(health: Health, at_s: float) -> Health:
    """Return the health without its fault, if the score has fallen far enough."""
    if health.fault is None or fault_score_at(health, at_s) >= HEALTHY_BELOW:
        return health
    if health.is_chronic and faults_at(health, at_s) >= MENDED_BELOW:
        return health
    return replace(health, fault=None, fault_since_s=None, is_chronic=False)


def _with_weight(health: Health, at_s: float, weight: float, step_s: float | None) -> Health:
    score = fault_score_at(health, at_s) + weight
    interval_s = step_s if step_s is not None and step_s <= STEP_MAX_S else 0.0
    half_life_s = max(HALF_LIFE_S, HALF_LIFE_STEPS * interval_s)
    weighed = replace(health, fault_score=min(score, SCORE_MAX), at_s=at_s, half_life_s=half_life_s)
    return weighed if weighed.fault is None and score < FAULT_FROM else _faulty(weighed, _kind_of_fault(weighed), at_s)


def _with_occasion(health: Health, at_s: float) -> Health:
    """Count one more occasion of fault, unless the last one is too recent to be another."""
    if health.fault_s is not None and at_s - health.fault_s < FAULT_APART_S:
        return health
    faults = min(faults_at(health, at_s) + 1.0, FAULTS_MAX)
    if faults < CHRONIC_FROM:
        return replace(health, faults=faults, fault_s=at_s)
    return _faulty(replace(health, faults=faults, fault_s=at_s, is_chronic=True), _kind_of_fault(health), at_s)


def _faulty(health: Health, fault: Fault, at_s: float) -> Health:
    """Return the health with a fault; one that already has a fault keeps its beginning."""
    return replace(health, fault=fault, fault_since_s=at_s if health.fault is None else health.fault_since_s)


def _kind_of_fault(health: Health) -> Fault:
    """Return blocked or spiky; a gauge that is blocked stays so until the share of solid objects is clearly lower."""
    enough = SOLID_BELOW if health.fault is Fault.BLOCKED else SOLID_FROM
    return Fault.BLOCKED if health.solid_share >= enough else Fault.SPIKY
