"""A buffer of readings that wait for readings which were sampled before them.

The gauges of one site have connections of their own, so readings may arrive in another order than they were sampled.
The buffer releases them in the order of their samples: each waits until its world's now has passed it by the wait. All
readings within the wait are evaluated in one order, whatever their order of arrival. Deterministic: the caller passes
the time of each world.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from rencheng.domain.quality import Quality
from rencheng.domain.reading import WaterReading
from rencheng.engine.arrival import AT_ONCE, Transit

SortKey = tuple[datetime, bool, str, int]
"""The order of evaluation: by time; of one moment rain first, then by device and channel."""


class PendingReading(Struct, frozen=True):
    """The parts of a reading that its evaluation needs, while it waits.

    Attributes:
        at: when it was sampled; of a device whose clock is ahead, when it was received.
        time: when it was sampled, by the device's clock.
        quality: the bits of its `Quality`.
        lag_s, is_followed: how it arrived (`Transit`).
    """

    at: datetime
    device_id: str
    channel: int
    time: datetime
    depth_mm: float | None
    rain_mm: float | None
    quality: int
    lag_s: float = 0.0
    is_followed: bool = False

    @classmethod
    def of(cls, reading: WaterReading, at: datetime, arrival: Transit = AT_ONCE) -> "PendingReading":
        """Return a reading that waits."""
        return cls(
            at=at,
            device_id=reading.device_id,
            channel=reading.channel,
            time=reading.time,
            depth_mm=reading.depth_mm,
            rain_mm=reading.rain_mm,
            quality=int(reading.quality),
            lag_s=arrival.lag_s,
            is_followed=arrival.is_followed,
        )

    @property
    def arrival(self) -> Transit:
        """How it arrived."""
        return Transit(self.lag_s, self.is_followed)

    @property
    def reading(self) -> WaterReading:
        """The reading, as far as its evaluation needs it."""
        return WaterReading(
            self.device_id, self.channel, self.time, self.depth_mm, self.rain_mm, quality=Quality(self.quality)
        )

    @property
    def sort_key(self) -> SortKey:
        """Its place in the order of evaluation."""
        return self.at, self.rain_mm is None, self.device_id, self.channel


class ReorderBuffer:
    """The readings that wait, by world and site.

    Args:
        wait: how long each waits.
    """

    def __init__(self, wait: timedelta) -> None:
        self._wait = wait
        self._queues: dict[str, list[tuple[SortKey, str]]] = {}
        self._pending: dict[tuple[str, str], dict[SortKey, PendingReading]] = {}

    def add(self, world: str, site_id: str, one: PendingReading) -> None:
        """Add a reading; of two with the same key the first counts."""
        key, pending = one.sort_key, self._pending.setdefault((world, site_id), {})
        if key not in pending:
            pending[key] = one
            heapq.heappush(self._queues.setdefault(world, []), (key, site_id))

    def release(self, world: str, now: datetime) -> Iterator[tuple[str, PendingReading]]:
        """Yield, in order, the site and reading of all that are older than the wait; they leave the buffer."""
        queue = self._queues.get(world)
        while queue and queue[0][0][0] < now - self._wait:
            key, site_id = heapq.heappop(queue)
            if one := self._pending.get((world, site_id), {}).pop(key, None):
                yield site_id, one

    @property
    def is_empty(self) -> bool:
        """Whether no reading waits."""
        return not any(self._queues.values())

    def pending_of(self, world: str, site_id: str) -> tuple[PendingReading, ...]:
        """Return the readings that wait for a site, in order."""
        pending = self._pending.get((world, site_id))
        return tuple(pending[key] for key in sorted(pending)) if pending else ()

    def discard(self, world: str, site_id: str) -> None:
        """Drop the readings that wait for a site."""
        self._pending.pop((world, site_id), None)
