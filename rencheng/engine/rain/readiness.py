"""The readiness of a site, by the rain that is expected."""

from dataclasses import dataclass

from rencheng.domain.level import Level


@dataclass(frozen=True, slots=True)
class Readiness:
    """The colour at which the weather service stands for a site's region, and its source; NONE without a signal."""

    level: Level = Level.NONE
    source: str = ""


NO_SIGNAL = Readiness()
"""No rain is expected."""
