"""How ready a site is to be, by what is said from outside of the rain to come."""

from dataclasses import dataclass

from rencheng.domain.level import Level


@dataclass(frozen=True, slots=True)
class Readiness:
    """At which colour the weather service stands for a site's region, and who says so; NONE without a word of it."""

    level: Level = Level.NONE
    source: str = ""


NO_SIGNAL = Readiness()
"""No word of rain to come."""
