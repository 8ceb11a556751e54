"""Readings that wait for others which were sampled before them. Pure: the world's now is told, never asked.

Within one site gauges speak over connections of their own, and what was sampled first need not come first. A room lets
them in by the time of their samples: each waits until its world's now has passed it by the lateness that is waited
for. Whatever is no later than that is judged in one order, however it came.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading

ALLOWED_LATENESS = timedelta(seconds=120)
"""A reading that is older than its world's now by more is stored, and raises nothing."""

SortKey = tuple[datetime, bool, str, int]
"""In which order readings are judged: by time; of one moment the rain first, then by device and channel."""


class PendingReading(NamedTuple):
    """A reading that waits.

    Attributes:
        at: when it was sampled; of a device whose clock is ahead, when it reached us.
        reading: the reading.
    """

    at: datetime
    reading: WaterReading

    @property
    def sort_key(self) -> SortKey:
        """Where it stands in the line."""
        reading = self.reading
        return self.at, reading.rain_mm is None, reading.device_id, reading.channel

    def to_json(self) -> list[object]:
        """As plain JSON values: what judging asks for; `from_json` gives it back."""
        one = self.reading
        time, quality = one.time.isoformat(), int(one.quality)
        return [self.at.isoformat(), one.device_id, one.channel, time, one.depth_mm, one.rain_mm, quality]

    @classmethod
    def from_json(cls, kept: Sequence[object]) -> Self:
        """What was kept."""
        at, device_id, channel, time, depth_mm, rain_mm, quality = kept
        reading = WaterReading(
            str(device_id),
            int(str(channel)),
            datetime.fromisoformat(str(time)),
            None if depth_mm is None else float(str(depth_mm)),
            None if rain_mm is None else float(str(rain_mm)),
            quality=Quality(int(str(quality))),
        )
        return cls(datetime.fromisoformat(str(at)), reading)


class ReorderBuffer:
    """Who waits, by world and by site.

    Args:
        wait: for readings that are late by so much.
    """

    def __init__(self, wait: timedelta) -> None:
        self._wait = wait
        self._queues: dict[str, list[tuple[SortKey, str]]] = {}
        self._here: dict[tuple[str, str], dict[SortKey, PendingReading]] = {}

    def add(self, world: str, site_id: str, one: PendingReading) -> None:
        """Wait from now on; of two with the same place the first counts."""
        place, here = one.sort_key, self._here.setdefault((world, site_id), {})
        if place not in here:
            here[place] = one
            heapq.heappush(self._queues.setdefault(world, []), (place, site_id))

    def release(self, world: str, now: datetime) -> Iterator[tuple[str, PendingReading]]:
        """Whom nobody can precede any more, in order; with the site that each waits for."""
        line = self._queues.get(world)
        while line and line[0][0][0] < now - self._wait:
            place, site_id = heapq.heappop(line)
            if one := self._here.get((world, site_id), {}).pop(place, None):
                yield site_id, one

    @property
    def is_empty(self) -> bool:
        """Does nobody wait?"""
        return not any(self._queues.values())

    def pending_of(self, world: str, site_id: str) -> tuple[PendingReading, ...]:
        """Who waits for a site, in order."""
        here = self._here.get((world, site_id))
        return tuple(here[place] for place in sorted(here)) if here else ()

    def discard(self, world: str, site_id: str) -> None:
        """Nobody waits for a site any more."""
        self._here.pop((world, site_id), None)
