"""Catch up with stored readings after a gap: at the start, and after every lost connection."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rencheng.domain.reading import WaterReading
from rencheng.domain.timing import ALLOWED_LATENESS
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from rencheng.store.core.database import Engine
from rencheng.store.readings.gauge_readings import committed_through, readings_since
from services.alerts.outages import database_optional

log = get_logger("alerts")

TimedReading = tuple[WaterReading, datetime]
"""A reading, and when it was received."""

Since = Callable[[], Mapping[str, datetime]]
"""Returns, for each device, the sample time from which stored readings are wanted."""

LOOK_EVERY_S = 0.5
"""How often to look while ingest has not committed everything from before the end of the gap."""

SETTLING_LOOK_EVERY_S = 2.0
"""The same after that, while a backlog may still bring readings that are in time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which readings may have been missed.

    Attributes:
        until: its end: the subscription, from which on everything is received live.
        through: everything that ingest received up to this time was read; None before the first look.
        is_read: whether the stored readings were read once.
    """

    until: datetime
    through: datetime | None = None
    is_read: bool = False

    @property
    def is_closed(self) -> bool:
        """Return whether ingest has committed what it was busy with when the gap ended."""
        return self.through is not None and self.through > self.until

    @property
    def is_settled(self) -> bool:
        """Return whether a reading from the gap that ingest has yet to receive would be too late to count.

        After a restart of the broker, ingest may come back later than this service and find a backlog.
        """
        return self.through is not None and self.through > self.until + ALLOWED_LATENESS


class CatchUp:
    """Reads the stored readings of a gap: at once, and again as ingest commits more, until the gap is settled.

    Args:
        engine: the database.
        clock: the time of the looks.
        look_every_s: how often to look before and after the gap is closed.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock = SYSTEM_CLOCK,
        *,
        look_every_s: tuple[float, float] = (LOOK_EVERY_S, SETTLING_LOOK_EVERY_S),
    ) -> None:
        self._engine = engine
        self._look_every_s = look_every_s
        self._clock = clock
        self._timer = Every(look_every_s[0], clock)
        self.gap: Gap | None = None

    def start(self, until: datetime) -> None:
        """Begin with a new gap."""
        self.gap = Gap(until)
        self._timer = Every(self._look_every_s[0], self._clock)

    def read(self, since: Since, live: Collection[str]) -> list[TimedReading]:
        """Return stored readings that may have been missed.

        Args:
            since: the readings that are wanted; asked only before a query.
            live: devices that have been received live since the gap: nothing more is missing of these.
        """
        gap = self.gap
        if gap is None or gap.is_settled or not self._timer.is_due():
            return []
        self._timer.interval_s = self._look_every_s[gap.is_closed]
        self._timer.restart()
        stored: list[TimedReading] = []
        with (
            database_optional("missed readings are unknown; continuing with live readings") as attempt,
            self._engine.connect() as connection,
        ):
            through = committed_through(connection)
            if gap.is_read and (through is None or through == gap.through):
                return []
            wanted = {name: at for name, at in since().items() if not (gap.is_read and name in live)}
            stored = list(readings_since(connection, wanted, received_after=gap.through))
        if not attempt.succeeded:
            return []
        self.gap = replace(gap, is_read=True, through=through)
        if not gap.is_read or (self.gap.is_closed and not gap.is_closed):
            log.info("stored readings merged", readings=len(stored), can_evaluate=self.gap.is_closed)
        return stored
