"""What has put a site on the alert, so that its gauges are believed sooner and less probability is enough."""

from typing import NamedTuple

from rencheng.domain.level import Level
from rencheng.domain.warning import ArmedBy
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.rain.readiness import Readiness
from rencheng.engine.state import SiteState


class Arming(NamedTuple):
    """By what a site is armed, and by whose word."""

    by: ArmedBy = ArmedBy.NOTHING
    source: str = ""


UNARMED = Arming()


def arming(state: SiteState, readiness: Readiness, at_s: float) -> Arming:
    """What arms a site as of now: the rain on it before any word of rain to come."""
    if rains.is_armed(state.rain, at_s):
        return Arming(ArmedBy.RAIN)
    return Arming(ArmedBy.WEATHER, readiness.source) if readiness.level > Level.NONE else UNARMED
