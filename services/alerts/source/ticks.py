"""Distinguish readings of one tick of a device's clock, if the water rose within it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import DRY_BELOW_MM

TICK = timedelta(minutes=1)
"""Clocks of stations that count minutes are common. Water that rises within a second is no water."""

STEP = timedelta(seconds=1)
"""The least time between two readings of a tick, for those that arrive together."""

RISE_MM = DRY_BELOW_MM
"""A smaller difference is noise, or a value that was rounded in two ways."""

_UNUSABLE = int(UNUSABLE)


@dataclass(slots=True)
class _Tick:
    """The newest tick of a gauge: its first arrival, and the depth and time of the last reading in it."""

    begin: datetime
    first_received_at: datetime
    depth_mm: float
    last_at: datetime


class TickTimes:
    """Gives each reading that rises within a minute of its device's clock a time of its own, by its arrival.

    The engine evaluates a gauge's readings in order of sample time, and ignores a second one of the same time. A device
    whose clock counts minutes would be ignored for up to a minute while the water rises. The stored reading keeps its
    time.
    """

    def __init__(self) -> None:
        self._ticks: dict[tuple[str, int], _Tick] = {}

    def spread(self, reading: WaterReading, received_at: datetime) -> WaterReading:
        """Return the reading, with another time if it rises within the newest tick of its gauge."""
        time, depth_mm = reading.time, reading.depth_mm
        if time.second or time.microsecond or depth_mm is None or int(reading.quality) & _UNUSABLE:
            return reading
        key = reading.device_id, reading.channel
        tick = self._ticks.get(key)
        if tick is None or time > tick.begin:
            self._ticks[key] = _Tick(time, received_at, depth_mm, time)
            return reading
        if time < tick.begin or depth_mm < tick.depth_mm + RISE_MM:
            return reading
        at = max(time + (received_at - tick.first_received_at), tick.last_at + STEP)
        if at >= time + TICK:
            return reading
        tick.depth_mm, tick.last_at = depth_mm, at
        return replace(reading, time=at)
