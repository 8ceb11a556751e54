"""What the engine hears: the broker live, and behind it the stored readings that it missed.

It starts, and comes back after any lost connection, in one way: subscribe and hold what arrives, read the stored
readings from where each gauge was heard last, merge the two; and again what ingest commits after that, until it cannot
hold anything that still counts. While the database is away it goes on with what it hears.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.reading import WaterReading
from rencheng.engine.reorder_buffer import ALLOWED_LATENESS
from rencheng.intake import admit
from rencheng.messaging.source import MessageSource
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.readings.gauge_readings import committed_through, readings_since
from services.alerts.isolation import isolated

log = get_logger("alerts")

TimedReading = tuple[WaterReading, datetime]
"""A reading, and when it reached us."""

Since = Callable[[], Mapping[str, datetime]]
"""From which sample time on stored readings of each device are wanted; asked only when they are."""

MESSAGES_MAX = 5000

LOOK_AGAIN_S = 0.5
SETTLING_LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What may have been missed, and how far that is made good.

    Attributes:
        until: when it ended: from then on everything is heard live.
        through: all that ingest had received by then has been read from the database; None before the first look.
        looked: whether the stored readings have been read once.
        look_at: when to look again, by the monotonic clock.
    """

    until: datetime
    through: datetime | None = None
    looked: bool = False
    look_at: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Has ingest committed what it was busy with when the gap ended?"""
        return self.through is not None and self.through > self.until

    @property
    def is_settled(self) -> bool:
        """Would anything from the gap that the broker still owes to ingest be too late to count by now?

        After a broker's restart ingest may come back later than we do, and a backlog may wait for it.
        """
        return self.through is not None and self.through > self.until + ALLOWED_LATENESS


class ReadingSource:
    """Readings for the engine, from broker and database.

    Args:
        source: the broker session.
        engine: the database.
        limits: the same clock limits as ingest's.
    """

    def __init__(self, source: MessageSource, engine: Engine, limits: ClockLimits) -> None:
        self._source = source
        self._engine = engine
        self._limits = limits
        self._subscribed_at: datetime | None = None  # set by the network thread, and nothing else is
        self._connected = False
        self._gap: CatchUp | None = None
        self._began: datetime | None = None
        self._live_devices: set[str] = set()  # heard live since the gap: of these nothing more is missed

    def connection_changed(self, up: bool, why: str) -> None:
        """Told by the session, from its thread: a new subscription means that something may have been missed."""
        log.info("broker", connected=up, why=why)
        if up:
            self._subscribed_at = datetime.now(UTC)
        self._connected = up

    def restart_catch_up(self) -> None:
        """Something that was heard before could not be judged: the registry knows sites now that it did not."""
        self._gap = CatchUp(datetime.now(UTC)) if self._gap else None
        self._live_devices = set()

    @property
    def is_listening(self) -> bool:
        """Does the subscription stand, and have the stored readings been asked for since?"""
        return self._began is not None and self._began == self._subscribed_at

    @property
    def can_evaluate(self) -> bool:
        """Has everything been heard that there is to hear?"""
        return self._connected and self.is_listening and self._gap is not None and self._gap.is_closed

    def wait(self, wait_s: float) -> None:
        """Wait for a message and leave it where it is."""
        self._source.take(0, wait_s)

    def take(self, directory: Mapping[str, Device], since: Since) -> list[TimedReading]:
        """What came in, in order of sample time where stored readings are merged in.

        Nothing before the subscription stands: what arrives until then is held.
        """
        if self._subscribed_at is None:
            return []
        stored: list[TimedReading] = []
        with isolated("stored readings"):
            stored = self._catch_up(self._subscribed_at, since)
        heard = self._live(directory)
        return sorted([*stored, *heard], key=lambda item: item[0].time) if stored else heard

    def _live(self, directory: Mapping[str, Device]) -> list[TimedReading]:
        heard: list[TimedReading] = []
        for delivery in self._source.take(MESSAGES_MAX, 0):
            with isolated("message", topic=delivery.message.topic):
                readings = admit(delivery.message, directory, self._limits).readings
                at = delivery.message.received_at
                heard.extend((reading, at) for reading in readings if isinstance(reading, WaterReading))
        if self._gap is not None and not self._gap.is_settled:
            self._live_devices.update(reading.device_id for reading, _ in heard)
        return heard

    def _catch_up(self, subscribed_at: datetime, since: Since) -> list[TimedReading]:
        """Stored readings, while some may have been missed: at once, and then what ingest commits late."""
        if self._began != subscribed_at or self._gap is None:  # a new subscription begins this anew
            self._began, self._gap, self._live_devices = subscribed_at, CatchUp(subscribed_at), set()
        gap = self._gap
        if gap.is_settled or time.monotonic() < gap.look_at:
            return []
        pause_s = SETTLING_LOOK_S if gap.is_closed else LOOK_AGAIN_S
        self._gap = gap = replace(gap, look_at=time.monotonic() + pause_s)
        try:
            with translate_errors(), self._engine.connect() as connection:
                through = committed_through(connection)
                if gap.looked and (through is None or through == gap.through):
                    return []
                wanted = {name: at for name, at in since().items() if not (gap.looked and name in self._live_devices)}
                stored = readings_since(connection, wanted, received_after=gap.through)
        except StoreUnavailable as away:
            log.warning("database away, cannot say what was missed; going on with what comes", why=str(away))
            return []
        self._gap = replace(gap, looked=True, through=through)
        if not gap.looked or (self._gap.is_closed and not gap.is_closed):
            log.info("stored readings merged", readings=len(stored), can_evaluate=self._gap.is_closed)
        return stored
