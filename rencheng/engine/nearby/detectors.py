"""How many vehicles a signal's detectors count, and how long they are occupied, five minutes at a time. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

BIN = timedelta(minutes=5)
"""A cycle of a signal takes one to three minutes: in less, a red light alone looks like a blocked lane."""

PAST_BINS = 12
"""What is usual is the median of the last hour."""

PAST_BINS_MIN = 4
USUAL_MIN = 10.0
"""Actuations in a bin: of a detector that counts less, nothing can be said in five minutes."""

COLLAPSED_BELOW = 0.2
"""Of what is usual."""

OCCUPIED_ABOVE = 0.8
"""Of the time: a queue that stands. ATSPM calls a split failed from this occupancy on; domain reference 5.2."""

COLLAPSED_BINS_MIN = 2

FLOWING_ABOVE = 0.8
"""Of what is usual: as many vehicles as ever."""


@dataclass(slots=True)
class Detector:
    """One detector: its present bin, and those before.

    Attributes:
        begins_at: when the present bin begins.
        count: actuations in it.
        occupied_s: how long it was occupied in it, as far as that has ended.
        on_since: since when it has been occupied; None while it is not.
        past: counts of closed bins, the newest last.
        last: (count, share of the time occupied) of the bin that closed last.
        collapsed_bins: in how many bins in a row it has counted hardly anything and was occupied all the same.
    """

    begins_at: datetime
    count: int = 0
    occupied_s: float = 0.0
    on_since: datetime | None = None
    past: list[int] = field(default_factory=list)
    last: tuple[int, float] | None = None
    collapsed_bins: int = 0

    def turns(self, at: datetime, *, on: bool) -> None:
        """A vehicle arrives, or leaves."""
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
        """What it counted in a bin before the last one; None if nothing can be said by it."""
        if len(self.past) < PAST_BINS_MIN:
            return None
        usual = median(self.past)
        return usual if usual >= USUAL_MIN else None

    @property
    def has_collapsed(self) -> bool:
        """Has it counted hardly anything for two bins, and was occupied all the same? One may be a long lorry's."""
        return self.collapsed_bins >= COLLAPSED_BINS_MIN

    def _is_collapsed(self) -> bool:
        if self.last is None or self.usual is None:
            return False
        count, occupied = self.last
        return count <= COLLAPSED_BELOW * self.usual and occupied >= OCCUPIED_ABOVE

    @property
    def flows(self) -> bool:
        """Did it count as many as usual in the last bin?"""
        return self.last is not None and self.usual is not None and self.last[0] >= FLOWING_ABOVE * self.usual
