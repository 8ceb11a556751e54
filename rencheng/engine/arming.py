"""What arms a site: its gauges are then accepted sooner, and a lower probability raises a level."""

from typing import NamedTuple

from rencheng.domain.level import Level
from rencheng.domain.warning import ArmedBy
from rencheng.engine.rain.rainfall import is_armed
from rencheng.engine.rain.readiness import Readiness
from rencheng.engine.state import SiteState


class Arming(NamedTuple):
    """What arms a site, and the rain signal or forecast that does."""

    by: ArmedBy = ArmedBy.NOTHING
    source: str = ""


UNARMED = Arming()


def arming(state: SiteState, readiness: Readiness, at_s: float) -> Arming:
    """Return what arms a site at a moment: rain that fell comes before rain that is expected."""
    if is_armed(state.rain, at_s):
        return Arming(ArmedBy.RAIN)
    return Arming(ArmedBy.WEATHER, readiness.source) if readiness.level > Level.NONE else UNARMED
