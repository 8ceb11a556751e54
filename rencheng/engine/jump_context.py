"""What decides how soon a gauge's jump is accepted, apart from the jump itself."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from rencheng.checks.series.limits import SeriesLimits
from rencheng.engine.gauge import GaugeState
from rencheng.engine.health.jump_filter import PendingJump
from rencheng.engine.health.sensor_health import FaultPolicy, fault_score_at
from rencheng.engine.health.water_odds import (
    NEEDED_ODDS,
    NEEDED_ODDS_FAIL_SAFE,
    NEEDED_ODDS_STEPPED,
    Items,
    JumpSetting,
    evidence,
)
from rencheng.engine.traits import GaugeTraits, as_depth_mm


class JumpContext(NamedTuple):
    """The odds that are needed at a site, and what its surroundings show.

    Attributes:
        needed_odds: the log-odds of water from which a jump is accepted here.
        is_armed: rain or a warning service speaks for water.
        is_stream: nothing passes under the gauge.
        is_stepped: a switch or electrodes: falls at once are no fault.
        limits: of the series tests, if the gauge has its own.
        rapid_rises_nearby: returns the number of other sites with a rapid rise; None: not known.
    """

    needed_odds: float = NEEDED_ODDS
    is_armed: bool = False
    is_stream: bool = False
    is_stepped: bool = False
    limits: SeriesLimits | None = None
    rapid_rises_nearby: Callable[[], int | None] = lambda: None

    @property
    def fault_policy(self) -> FaultPolicy:
        """Which false jumps count as an occasion of fault."""
        if self.is_stream:
            return FaultPolicy.EACH_FAULT
        return FaultPolicy.NOTHING if self.needed_odds <= NEEDED_ODDS_FAIL_SAFE else FaultPolicy.LOSS_OF_TRUST

    def water_evidence(self, jump: PendingJump, gauge: GaugeState, time_s: float) -> Items | None:
        """Return the evidence by which a gauge's jump is water by now; None if it is not."""
        fault_score = fault_score_at(gauge.health, time_s) + float(gauge.is_poor)
        setting = JumpSetting(fault_score, self.is_armed, self.is_stream, self.rapid_rises_nearby())
        found = evidence(jump, setting)
        return found if sum(found.values()) >= self.needed_odds else None


def with_traits(
    depth_mm: float, gauge: GaugeState, context: JumpContext, traits: GaugeTraits | None
) -> tuple[float, GaugeState, JumpContext]:
    """Return depth, gauge and context by what is registered of the gauge; a step of a switch or electrode is a depth.

    It is accepted at its second sample.
    """
    if traits is None:
        return depth_mm, gauge, context
    if gauge.expected is not traits.expected:
        gauge = replace(gauge, expected=traits.expected)
    context = context._replace(limits=traits.limits, is_stepped=traits.is_stepped)
    if traits.is_stepped:
        context = context._replace(needed_odds=min(context.needed_odds, NEEDED_ODDS_STEPPED))
    return as_depth_mm(traits, depth_mm), gauge, context
