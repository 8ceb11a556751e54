"""The vehicle counts and occupancy of a signal's detectors in bins of five minutes. Deterministic: no I/O, no clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

BIN = timedelta(minutes=5)
"""A signal's cycle takes one to three minutes. In a shorter bin a red light looks like a blocked lane."""

PAST_BINS = 12
"""The usual count is the median of this many bins: the last hour."""

PAST_BINS_MIN = 4
USUAL_MIN = 10.0
"""Actuations in a bin. A lower count allows no statement within five minutes."""

COLLAPSED_BELOW = 0.2
"""As a share of the usual count."""

OCCUPIED_ABOVE = 0.8
"""As a share of the time. Source: ATSPM's occupancy of a split failure; domain reference 5.2."""

COLLAPSED_BINS_MIN = 2

FLOWING_ABOVE = 0.8
"""As a share of the usual count."""


@dataclass(slots=True)
class Detector:
    """One detector: its current bin and the closed bins.

    Attributes:
        begins_at: the beginning of the current bin.
        count: actuations in the current bin.
        occupied_s: the time occupied in the current bin by vehicles that have left.
        on_since: the time of arrival of the present vehicle; None if there is none.
        past: counts of closed bins, the newest last.
        last: count and share of time occupied of the last closed bin.
        collapsed_bins: the number of successive bins with few vehicles and high occupancy.
    """

    begins_at: datetime
    count: int = 0
    occupied_s: float = 0.0
    on_since: datetime | None = None
    past: list[int] = field(default_factory=list)
    last: tuple[int, float] | None = None
    collapsed_bins: int = 0

    def set_occupied(self, at: datetime, *, on: bool) -> None:
        """Take in the arrival or departure of a vehicle."""
        self.close_until(at)
        if on and self.on_since is None:
            self.count += 1
            self.on_since = at
        elif not on and self.on_since is not None:
            self.occupied_s += max(0.0, (at - self.on_since).total_seconds())
            self.on_since = None

    def close_until(self, at: datetime) -> None:
        """Close the bins that have ended by a time."""
        while at >= self.begins_at + BIN:
            end = self.begins_at + BIN
            if self.on_since is not None:
                self.occupied_s += (end - self.on_since).total_seconds()
                self.on_since = end
            if self.last is not None:
                self.past = [*self.past, self.last[0]][-PAST_BINS:]
            self.last = (self.count, self.occupied_s / BIN.total_seconds())
            self.begins_at, self.count, self.occupied_s = end, 0, 0.0
            self.collapsed_bins = self.collapsed_bins + 1 if self._is_collapsed() else 0

    @property
    def usual(self) -> float | None:
        """Return the usual count of a bin; None without enough bins or vehicles."""
        if len(self.past) < PAST_BINS_MIN:
            return None
        usual = median(self.past)
        return usual if usual >= USUAL_MIN else None

    @property
    def has_collapsed(self) -> bool:
        """Return whether it had few vehicles and high occupancy for two bins. One bin can be a long vehicle."""
        return self.collapsed_bins >= COLLAPSED_BINS_MIN

    def _is_collapsed(self) -> bool:
        if self.last is None or self.usual is None:
            return False
        count, occupied = self.last
        return count <= COLLAPSED_BELOW * self.usual and occupied >= OCCUPIED_ABOVE

    @property
    def flows(self) -> bool:
        """Return whether the count of the last bin was usual."""
        return self.last is not None and self.usual is not None and self.last[0] >= FLOWING_ABOVE * self.usual
