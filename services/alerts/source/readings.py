"""The readings to evaluate: live from the broker, merged with the stored ones that were missed.

The start and the return after a lost connection are the same: subscribe and hold what arrives, read the stored
readings from each gauge's last one on, and merge the two. Repeat it as ingest commits more, until nothing that is still
missing could count. While the database is away, live readings go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from rencheng.domain.device import Device
from rencheng.domain.quality import UNUSABLE
from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import DRY_BELOW_MM
from rencheng.messaging.source import MessageSource
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from services.alerts.isolation import isolated
from services.alerts.source.catch_up import CatchUp, Since, TimedReading
from services.alerts.source.live_readings import LiveReadings
from services.alerts.source.subscription_state import SubscriptionState

MESSAGES_MAX = 5000

TICK = timedelta(minutes=1)
"""Clocks of stations that count minutes are common. Water that rises within a second is no water."""

STEP = timedelta(seconds=1)
"""The least time between two readings of a tick, for those that arrive together."""

RISE_MM = DRY_BELOW_MM
"""A smaller difference is noise, or a value that was rounded in two ways."""

_UNUSABLE = int(UNUSABLE)


class ReadingSource:
    """Readings for the engine, from broker and database.

    Args:
        messages: the broker session.
        subscription: its state.
        catch_up: reads the stored readings.
        live_readings: turns messages into readings, within the quotas.
        clock: the time.
    """

    def __init__(
        self,
        messages: MessageSource,
        subscription: SubscriptionState,
        catch_up: CatchUp,
        live_readings: LiveReadings,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._messages = messages
        self._subscription = subscription
        self._catch_up = catch_up
        self._live_readings = live_readings
        self._clock = clock
        self._caught_up_at: datetime | None = None  # the subscription for which stored readings were asked
        self._ticks = TickTimes()
        self._live_devices: set[str] = set()  # received live since the gap: nothing of these is missing

    def restart_catch_up(self) -> None:
        """Read the stored readings again, because the registry has sites that it did not have before."""
        if self._catch_up.gap is not None:
            self._catch_up.start(self._clock.now())
        self._live_devices = set()

    @property
    def is_listening(self) -> bool:
        """Return whether there is a subscription, and stored readings were asked for since it was made."""
        return self._caught_up_at is not None and self._caught_up_at == self._subscription.made_at

    @property
    def can_evaluate(self) -> bool:
        """Return whether every reading that exists has been read."""
        gap = self._catch_up.gap
        return self._subscription.is_connected and self.is_listening and gap is not None and gap.is_closed

    def wait(self, wait_s: float) -> None:
        """Wait for a message, and leave it where it is."""
        self._messages.take(0, wait_s)

    def read(self, directory: Mapping[str, Device], since: Since) -> list[TimedReading]:
        """Return the readings that came in, in order of sample time, whatever their order within a message.

        There are none before the first subscription: messages that arrive until then wait.
        """
        subscribed_at = self._subscription.made_at
        if subscribed_at is None:
            return []
        stored: list[TimedReading] = []
        with isolated("stored readings"):
            stored = self._read_stored(subscribed_at, since)
        live = self._read_live(directory)
        return self._in_order([*stored, *live])

    def _in_order(self, readings: list[TimedReading]) -> list[TimedReading]:
        """Return readings in order of sample time, and give those of one tick of a clock different times."""
        readings.sort(key=_sample_order)
        spread = [(self._ticks.spread(reading, at), at) for reading, at in readings]
        if any(reading is not before for (reading, _), (before, _) in zip(spread, readings, strict=True)):
            spread.sort(key=_sample_order)
        return spread

    def _read_stored(self, subscribed_at: datetime, since: Since) -> list[TimedReading]:
        if self._caught_up_at != subscribed_at:  # a new subscription: messages before it were missed
            self._caught_up_at, self._live_devices = subscribed_at, set()
            self._catch_up.start(subscribed_at)
        return self._catch_up.read(since, self._live_devices)

    def _read_live(self, directory: Mapping[str, Device]) -> list[TimedReading]:
        live: list[TimedReading] = []
        messages = [inbound.message for inbound in self._messages.take(MESSAGES_MAX, 0)]
        with isolated("messages"):
            live = self._live_readings.read(messages, directory)
        gap = self._catch_up.gap
        if gap is not None and not gap.is_settled:
            self._live_devices.update(reading.device_id for reading, _ in live)
        return live


def _sample_order(item: TimedReading) -> tuple[datetime, float]:
    """Return the place in the order of evaluation: by sample time; of one time the deeper later."""
    reading = item[0]
    return reading.time, -inf if reading.depth_mm is None else reading.depth_mm


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
