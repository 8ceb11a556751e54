"""The newest mutes, rain signals and rainfall forecasts, read from the database at intervals."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rencheng.domain.site import Site
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.rain.weather import RainOutlook
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.timers import Every
from rencheng.store.core.database import Engine
from rencheng.store.warnings.mutes import load_mutes
from rencheng.store.weather import relevant_forecasts, relevant_signals
from services.alerts.isolation import isolated
from services.alerts.outages import database_optional

if TYPE_CHECKING:
    from rencheng.domain.mute import Mute

READINESS_TTL = timedelta(seconds=10)
"""How long a site's readiness is cached, in the time of its world. A signal takes effect that much later."""

NO_RAIN_OUTLOOK = RainOutlook()

REFRESH_EVERY_S = 2.0
"""A silence and a rain signal take effect within this time."""


class PolicyCache:
    """Copies of mutes and weather. While the database is away the last copies stay in use.

    Args:
        engine: the database.
        clock: the time by which copies are refreshed and old mutes left out.
        refresh_every_s: the age at which the copies are read again.
    """

    def __init__(
        self, engine: Engine, clock: Clock = SYSTEM_CLOCK, *, refresh_every_s: float = REFRESH_EVERY_S
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._refresh_timer = Every(refresh_every_s, clock)
        self.mutes: tuple[Mute, ...] = ()
        self.rain_outlook = RainOutlook()
        self._readiness: dict[tuple[str, str], tuple[Readiness, datetime]] = {}  # by region and world

    def refresh(self) -> bool:
        """Read again if it is time. Return whether there are fresh copies."""
        if not self._refresh_timer.take():
            return False
        now = self._clock.now()
        with (
            isolated("mutes and weather"),
            database_optional("mutes and weather stay as they are") as attempt,
            self._engine.connect() as connection,
        ):
            mutes = tuple(mute for mute, _ in load_mutes(connection, now))
            rain_outlook = RainOutlook(relevant_signals(connection, now), relevant_forecasts(connection, now))
            self.mutes, self.rain_outlook, self._readiness = mutes, rain_outlook, {}
        return attempt.succeeded

    def readiness(self, site: Site, at: datetime) -> Readiness:
        """Return the readiness of a site by the weather. The engine asks for each reading, so it is cached."""
        if self.rain_outlook == NO_RAIN_OUTLOOK:
            return NO_SIGNAL
        key = (site.region, site.world)
        readiness, since = self._readiness.get(key, (NO_SIGNAL, datetime.min.replace(tzinfo=UTC)))
        if not since <= at < since + READINESS_TTL:
            readiness = self.rain_outlook.readiness(site.region, site.world, at)
            self._readiness[key] = readiness, at
        return readiness
