"""The readiness of a site, by the rain that is expected, its pumps and its tide."""

from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.domain.nowcast import NO_NOWCAST, Nowcast
from rencheng.domain.waterworks import NO_WATERWORKS, Waterworks


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is expected at a site.

    Attributes:
        level: the colour at which it stands for the site's region; NONE without a signal.
        source: of the colour.
        nowcast: the rain of the next minutes at the site.
        waterworks: its pumps and its tide.
    """

    level: Level = Level.NONE
    source: str = ""
    nowcast: Nowcast = NO_NOWCAST
    waterworks: Waterworks = NO_WATERWORKS


NO_SIGNAL = Readiness()
"""No rain is expected."""
