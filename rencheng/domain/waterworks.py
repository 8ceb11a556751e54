"""What people and devices report of a site's pumps, and the tide that is forecast for it. Each report expires."""

from enum import StrEnum
from typing import NamedTuple

TIDE_NEAR_S = 3 * 3600.0
"""A high water counts for this long before and after it: half of the 12.4 hours of a tide."""


class PumpState(StrEnum):
    """The state of a pump."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


class PumpReport(NamedTuple):
    """The state of a pump at a site, from when and until when it counts (s of the epoch)."""

    site_id: str
    pump: str
    state: PumpState
    from_s: float
    until_s: float


class HighWater(NamedTuple):
    """A forecast high water at a site: when (s of the epoch), and how deep it stands at the lowest point."""

    site_id: str
    at_s: float
    depth_mm: float


class Waterworks(NamedTuple):
    """The reports of one site.

    Attributes:
        pumps: in order of time.
        high_waters: in order of time.
    """

    pumps: tuple[PumpReport, ...] = ()
    high_waters: tuple[HighWater, ...] = ()

    def pumps_at(self, at_s: float) -> tuple[tuple[str, PumpState], ...]:
        """Return the state of each pump at a moment, by name; of several reports the newest counts."""
        newest = {one.pump: one for one in self.pumps if one.from_s <= at_s}
        return tuple(sorted((name, one.state) for name, one in newest.items() if at_s < one.until_s))

    def failed_pump(self, at_s: float) -> str:
        """Return the first pump that has failed; empty if none has."""
        return next((name for name, state in self.pumps_at(at_s) if state is PumpState.FAILED), "")

    def high_water(self, at_s: float) -> HighWater | None:
        """Return the high water nearest to a moment, if one is near."""
        near = (one for one in self.high_waters if abs(one.at_s - at_s) <= TIDE_NEAR_S)
        return min(near, key=lambda one: (abs(one.at_s - at_s), one.at_s), default=None)


NO_WATERWORKS = Waterworks()
