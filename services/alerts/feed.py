"""What the engine hears: the broker live, and behind it the stored readings that it missed.

It starts, and comes back after any lost connection, in one way: subscribe and hold what arrives, read the stored
readings from each site's watermark on, merge the two; and once more when ingest has committed what was in flight.
While the database is away it goes on with what it hears.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from rencheng.broker.inbox import Inbox
from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.reading import WaterReading
from rencheng.intake import admit
from rencheng.runtime.logs import get_logger
from rencheng.store.database import Engine, in_our_words
from rencheng.store.gauges import committed_through, readings_since

log = get_logger("alerts")

Heard = tuple[WaterReading, datetime]
"""A reading, and when it reached us."""

MESSAGES_MAX = 5000


class Feed:
    """Readings for the engine, from broker and database.

    Args:
        inbox: filled by the broker session.
        engine: the database.
        limits: the same clock limits as ingest's.
    """

    def __init__(self, inbox: Inbox, engine: Engine, limits: ClockLimits) -> None:
        self._inbox = inbox
        self._engine = engine
        self._limits = limits
        self._subscribed_at: datetime | None = None
        self._caught_up = False
        self._complete = False

    def connection_changed(self, up: bool, why: str) -> None:
        """Told by the session, from its thread: a new subscription means that something may have been missed."""
        log.info("broker", connected=up, why=why)
        if up:
            self._caught_up = self._complete = False
            self._subscribed_at = datetime.now(UTC)

    @property
    def can_evaluate(self) -> bool:
        """Has everything been heard that there is to hear?"""
        return self._complete

    def take(self, directory: Mapping[str, Device], since: Mapping[str, datetime], *, wait_s: float) -> list[Heard]:
        """What came in, in order of sample time where stored readings are merged in.

        Args:
            directory: the registry.
            since: from which sample time on stored readings of each device are wanted.
            wait_s: how long to wait for a first message.
        """
        if self._subscribed_at is None:
            self._inbox.take(messages_max=0, wait_s=wait_s)  # what arrives before the subscription stands is held
            return []
        stored = self._catch_up(since)
        heard = self._live(directory, wait_s=0 if stored else wait_s)
        return sorted([*stored, *heard], key=lambda item: item[0].time) if stored else heard

    def _live(self, directory: Mapping[str, Device], *, wait_s: float) -> list[Heard]:
        deliveries = self._inbox.take(messages_max=MESSAGES_MAX, wait_s=wait_s)
        admitted = (admit(delivery.message, directory, self._limits) for delivery in deliveries)
        return [
            (reading, item.message.received_at)
            for item in admitted
            for reading in item.readings
            if isinstance(reading, WaterReading)
        ]

    def _catch_up(self, since: Mapping[str, datetime]) -> list[Heard]:
        """Stored readings, when some may have been missed: at once, and again when ingest is past the gap."""
        if self._complete or self._subscribed_at is None:
            return []
        subscribed_at = self._subscribed_at
        try:
            with in_our_words(), self._engine.connect() as connection:
                through = committed_through(connection)
                ingest_is_past = through is not None and through > subscribed_at
                if self._caught_up and not ingest_is_past:
                    return []
                stored = readings_since(connection, since)
        except StoreUnavailable as away:
            log.warning("database away, going on with what the broker brings", why=str(away))
            return []
        if subscribed_at == self._subscribed_at:  # no new subscription meanwhile, which would begin this anew
            self._caught_up, self._complete = True, ingest_is_past
            log.info("stored readings merged", readings=len(stored), complete=ingest_is_past)
        return stored
