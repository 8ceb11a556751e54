"""The readiness of a site, by the rain that is expected."""

from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.domain.nowcast import NO_NOWCAST, Nowcast


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the weather service expects at a site.

    Attributes:
        level: the colour at which it stands for the site's region; NONE without a signal.
        source: of the colour.
        nowcast: the rain of the next minutes at the site.
    """

    level: Level = Level.NONE
    source: str = ""
    nowcast: Nowcast = NO_NOWCAST


NO_SIGNAL = Readiness()
"""No rain is expected."""
