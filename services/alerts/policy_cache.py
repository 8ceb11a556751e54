"""What people and the weather service have said, looked up now and then: mutes, rain signals, forecasts."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.site import Site
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.rain.weather import RainOutlook
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.warnings.mutes import load_mutes
from rencheng.store.weather import relevant_forecasts, relevant_signals
from services.alerts.isolation import isolated

if TYPE_CHECKING:
    from rencheng.domain.mute import Mute

log = get_logger("alerts")

READINESS_TTL = timedelta(seconds=10)
"""In the time of a site's world: so much later a signal may begin or end."""

NO_OUTLOOK = RainOutlook()

REFRESH_EVERY_S = 2.0
"""A silence, and a rain signal, take effect within this time."""


class PolicyCache:
    """The newest copies; the last ones serve while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked_at = float("-inf")
        self.mutes: tuple[Mute, ...] = ()
        self.outlook = RainOutlook()
        self._ready: dict[tuple[str, str], tuple[Readiness, datetime]] = {}

    def refresh(self) -> bool:
        """Look again if it is time. True if there are fresh copies."""
        if time.monotonic() - self._looked_at < REFRESH_EVERY_S:
            return False
        self._looked_at = time.monotonic()
        now = datetime.now(UTC)
        try:
            with isolated("orders"), translate_errors(), self._engine.connect() as connection:
                mutes = tuple(mute for mute, _ in load_mutes(connection, now))
                outlook = RainOutlook(relevant_signals(connection, now), relevant_forecasts(connection, now))
                self.mutes, self.outlook, self._ready = mutes, outlook, {}
                return True
        except StoreUnavailable as away:
            log.warning("database away; silences and weather as they were", why=str(away))
        return False

    def readiness(self, site: Site, at: datetime) -> Readiness:
        """How ready a site is to be, by what the weather service says. Asked for each reading, so it is remembered."""
        if self.outlook == NO_OUTLOOK:
            return NO_SIGNAL
        where = (site.region, site.world)
        ready, since = self._ready.get(where, (NO_SIGNAL, datetime.min.replace(tzinfo=UTC)))
        if not since <= at < since + READINESS_TTL:
            ready = self.outlook.readiness(site.region, site.world, at)
            self._ready[where] = ready, at
        return ready
