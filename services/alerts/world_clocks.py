"""The time of each world: the wall clock in `actual`, the greatest sample time in an exercise."""

from datetime import datetime

from rencheng.domain.device import ACTUAL
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock


class WorldClocks:
    """The current time of every world that has readings."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._newest: dict[str, datetime] = {}

    def observe(self, world: str, at: datetime) -> None:
        """Advance an exercise's time to a sample time; times before the newest change nothing."""
        if world != ACTUAL:
            self._newest[world] = max(at, self._newest.get(world, at))

    def now(self, world: str) -> datetime | None:
        """Return the time of a world; None for an exercise without readings."""
        return self._clock.now() if world == ACTUAL else self._newest.get(world)

    def times(self) -> list[tuple[str, datetime]]:
        """Return every world with its time, in order of their names."""
        return sorted([(ACTUAL, self._clock.now()), *self._newest.items()])
