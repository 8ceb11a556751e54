"""The readings to evaluate: live from the broker, merged with the stored ones that were missed.

The start and the return after a lost connection are the same: subscribe and hold what arrives, read the stored
readings from each gauge's last one on, and merge the two. Repeat it as ingest commits more, until nothing that is still
missing could count. While the database is away, live readings go on.
"""

from collections.abc import Mapping
from datetime import datetime
from math import inf

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.reading import WaterReading
from rencheng.intake import admit
from rencheng.messaging.source import MessageSource
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from services.alerts.isolation import isolated
from services.alerts.source.catch_up import CatchUp, Since, TimedReading
from services.alerts.source.subscription_state import SubscriptionState
from services.alerts.source.ticks import TickTimes

MESSAGES_MAX = 5000


class ReadingSource:
    """Readings for the engine, from broker and database.

    Args:
        messages: the broker session.
        subscription: its state.
        catch_up: reads the stored readings.
        limits: the same clock limits as ingest's.
        clock: the time.
    """

    def __init__(
        self,
        messages: MessageSource,
        subscription: SubscriptionState,
        catch_up: CatchUp,
        limits: ClockLimits,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._messages = messages
        self._subscription = subscription
        self._catch_up = catch_up
        self._limits = limits
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
        for inbound in self._messages.take(MESSAGES_MAX, 0):
            with isolated("message", topic=inbound.message.topic):
                readings = admit(inbound.message, directory, self._limits).readings
                at = inbound.message.received_at
                live.extend((reading, at) for reading in readings if isinstance(reading, WaterReading))
        gap = self._catch_up.gap
        if gap is not None and not gap.is_settled:
            self._live_devices.update(reading.device_id for reading, _ in live)
        return live


def _sample_order(item: TimedReading) -> tuple[datetime, float]:
    """Return the place in the order of evaluation: by sample time; of one time the deeper later."""
    reading = item[0]
    return reading.time, -inf if reading.depth_mm is None else reading.depth_mm
