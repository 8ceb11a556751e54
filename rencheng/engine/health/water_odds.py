"""Whether a jump is water: the log-odds, as the sum of what its samples, its gauge and its surroundings show.

The odds that are needed depend on what a miss and a false warning cost at the place. One more sample that stays, a rise
nearby, rain, and what signals and chargers show of water never lower the sum.
"""

from enum import StrEnum
from math import log2
from typing import NamedTuple

from rencheng.engine.health.jump_filter import GROWS_SHARE, MOVES_SHARE, PendingJump, is_even


class JumpEvidence(StrEnum):
    """One kind of evidence for or against water."""

    INTERVAL = "interval"
    """The gauge's reporting interval: water rises as far within it, and few things stay until the next sample."""
    STAYS = "stays"
    """Samples that the depth has stayed for: what passes is gone by then. What parks stays, so that two count. They
    count more if the jump began from water, because things come to a dry street."""
    SHAPE = "shape"
    """It changes as water does: it rises evenly, or moves without a slip farther than the flat top of a thing, or grows
    by nearly as much as it jumped. The three are readings of one fact, so that the strongest counts."""
    JUMPS = "jumps"
    """Jumps upon the jump: things are tipped within two to four samples."""
    ARMED = "armed"
    """It rains there, or a warning service foretells it."""
    RISES_NEARBY = "rises_nearby"
    """Other sites have rapid rises."""
    CORROBORATED = "corroborated"
    """Signals or chargers at the site show what water does to them."""
    CONTRADICTED = "contradicted"
    """Vehicles have driven through as usual since the jump."""
    FAULTS = "faults"
    """The gauge's fault score."""


class JumpSetting(NamedTuple):
    """What is known besides the jump itself.

    Attributes:
        fault_score: of the gauge.
        is_armed: rain or a warning service speaks for water.
        is_stream: nothing passes under the gauge, and its water hardly moves in dry weather.
        rapid_rises_nearby: the number of other sites with a rapid rise; None: none is known.
        corroborated_by: how many of its signals and its chargers show water: 0 to 2.
        is_contradicted: vehicles drive through as usual.
    """

    fault_score: float = 0.0
    is_armed: bool = False
    is_stream: bool = False
    rapid_rises_nearby: int | None = None
    corroborated_by: int = 0
    is_contradicted: bool = False


NEEDED_ODDS, NEEDED_ODDS_NEAR_CURRENT, NEEDED_ODDS_FAIL_SAFE = 6.0, 2.0, 0.0
"""The log-odds from which a jump is water: on a street, where current may flow, and where people cannot leave. Log-odds
of 6 are 1 in 400: on a street that many things jump for one flood that does (`benchmarks/noise`, domain reference 4.2);
where a miss costs that much more than a call in vain, none are needed. Between them: Proposal."""

NEEDED_ODDS_STEPPED = 1.0
"""For a switch or electrodes: a step is all they can show, and its second sample is enough."""

INTERVAL_PER_DOUBLING, INTERVAL_MAX = 1.65, 5.5
"""For each doubling of the reporting interval above a minute, up to the second. A jump that stays for one sample of ten
minutes is water, one of five minutes must rise. Source: inland streets go from dry to 150 mm in five minutes, and
things pass within seconds or park (domain reference 1.4, 4.2)."""

STAYS_COUNTED = 2
STAYS, STAYS_ON_STANDING, STAYS_ON_RISING = 1.0, 3.0, 6.0
"""For each sample, by where the jump began: from a dry street, from water that stood, from water that rose.
Proposal."""

EVEN_RISE, RISE_FROM_WATER = 2.0, 3.0
"""Three even rises are water on a street, unless its neighbours are known to be calm; three rises of any size, the
first of which was no jump, are water everywhere. Source: `make noise`, whose tipped heaps are the only things that rise
evenly, and whose bicycles and grass jump from a dry street."""

JUMP = 0.9
"""Source: `make noise`: things are tipped within two to four samples, and five jumps in a row are water."""

GROWN = 5.0
IS_ARMED, NEARBY, FAULT = 5.0, 2.0, -2.0
"""Rain makes a second sample enough; each whole point of the fault score asks for two more. Proposals, kept from the
rules that these weights replace, and measured with `make skill` and `make noise`. What signals or chargers show, for or
against, weighs as much as a rise at another site: no recording has both."""

Items = dict[JumpEvidence, float]


def evidence(jump: PendingJump, setting: JumpSetting) -> Items:
    """Return the log-odds that each kind of evidence adds; those that add nothing are left out."""
    minutes = max(1.0, jump.interval_s / 60.0)
    items = {
        JumpEvidence.STAYS: _stays_each(jump, setting) * min(jump.samples - 1, STAYS_COUNTED),
        JumpEvidence.SHAPE: _shape(jump, setting),
        JumpEvidence.JUMPS: JUMP * (jump.jumps - 1),
        JumpEvidence.FAULTS: FAULT * int(setting.fault_score),
        JumpEvidence.ARMED: IS_ARMED if setting.is_armed else 0.0,
        JumpEvidence.RISES_NEARBY: NEARBY if setting.rapid_rises_nearby else 0.0,
        JumpEvidence.CORROBORATED: NEARBY * setting.corroborated_by,
        JumpEvidence.CONTRADICTED: -NEARBY if setting.is_contradicted else 0.0,
    }
    if not setting.is_stream:
        items[JumpEvidence.INTERVAL] = min(INTERVAL_PER_DOUBLING * log2(minutes), INTERVAL_MAX)
    return {kind: weight for kind, weight in items.items() if weight}


def _stays_each(jump: PendingJump, setting: JumpSetting) -> float:
    if jump.from_water:
        return STAYS_ON_RISING
    return STAYS_ON_STANDING if jump.from_wet and not setting.is_stream else STAYS


def _shape(jump: PendingJump, setting: JumpSetting) -> float:
    height_mm, moved_mm = jump.first_mm - jump.from_mm, jump.last_mm - jump.run_mm
    risen = 0.0
    if jump.from_wet and not setting.is_stream:
        risen = RISE_FROM_WATER * max(0, jump.rises - 1)
    elif is_even(jump) and not setting.is_stream and setting.rapid_rises_nearby != 0:
        risen = EVEN_RISE * max(0, jump.rises - 1)
    grown = GROWN if moved_mm >= GROWS_SHARE * height_mm else 0.0
    moves = 0
    if abs(moved_mm) >= MOVES_SHARE * height_mm:
        moves = jump.run if moved_mm > 0 else jump.run - 1
    return max(risen, grown, float(moves))
