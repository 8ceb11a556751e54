"""Follow the registry: sites, devices, and at the start the records that were kept of each site."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GAUGES, GaugeLimits
from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.notice import NoticeKind
from rencheng.domain.site import Site
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.engine.traits import traits_of
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Backoff
from rencheng.store.core.database import Connection, Engine
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import load_directory, refresh_directory
from rencheng.store.registry.sites import load_sites, load_states
from rencheng.store.warnings.notices import newest_notices
from rencheng.store.warnings.sent import sent_of_open_warnings
from services.alerts.isolation import isolated
from services.alerts.outages import RETRY_S, database_optional
from services.alerts.source.nearby import NearbyFeed
from services.alerts.source.readings import ReadingSource
from services.alerts.suppression.service import Suppressor

log = get_logger("alerts")

FIRST_LOOK = timedelta(hours=1)
"""How far back stored readings are evaluated of a gauge without a kept record."""

LONGEST_LOOK = timedelta(days=1)
"""How far back they are evaluated at most of a gauge with one."""

Registry = tuple[dict[str, Device], dict[str, Site]]


class SiteRegistry:
    """The devices and sites, kept current, and passed on to the stages that need them.

    Args:
        engine: the database.
        evaluator, suppressor, nearby, source: take over the sites.
        clock: the time.
        limits: of each kind of gauge.
    """

    def __init__(
        self,
        engine: Engine,
        evaluator: Evaluator,
        suppressor: Suppressor,
        nearby: NearbyFeed,
        source: ReadingSource,
        clock: Clock = SYSTEM_CLOCK,
        limits: Mapping[str, GaugeLimits] = GAUGES,
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._evaluator = evaluator
        self._suppressor = suppressor
        self._nearby = nearby
        self._source = source
        self._clock = clock
        self._cache: RegistryCache[Registry] = RegistryCache(engine, _load, refresh=_reload)
        self._backoff = Backoff(RETRY_S, RETRY_S, clock)
        self.directory: Mapping[str, Device] = {}
        self.is_loaded = False

    def refresh(self) -> None:
        """Take over changed devices and sites. The first time, restore what was kept of each site."""
        if not self._backoff.may_try():
            return
        with isolated("registry"), database_optional("no site is monitored, because none is known yet") as attempt:
            directory, sites = self._cache.current()
            if sites is not self._evaluator.sites:
                self._take_over(directory, sites)
        if not attempt.succeeded:
            self._backoff.record_failure()

    def wanted_since(self) -> dict[str, datetime]:
        """Return, for each gauge, the sample time from which stored readings are to be evaluated."""
        now = self._clock.now()
        found: dict[str, datetime] = {}
        for site, device_id, last in self._evaluator.last_readings():  # a rain gauge may serve many sites
            since = _wanted_since(site.world, last, now)
            found[device_id] = min(since, found.get(device_id, since))
        return found

    def close(self) -> None:
        """Close the connection that listens for changes."""
        self._cache.close()

    def _take_over(self, directory: Mapping[str, Device], sites: Mapping[str, Site]) -> None:
        if self.is_loaded:
            has_new_gauge = self._pass_on(directory, sites)
        else:
            with self._engine.connect() as connection:
                states = load_states(connection)
                sent, notices = sent_of_open_warnings(connection), newest_notices(connection)
            has_new_gauge = self._pass_on(directory, sites)
            self._evaluator.restore(_records(states))
            published = {row["topic"] for row in notices if row["kind"] == NoticeKind.MONITORING and row["in_force"]}
            monitoring = self._evaluator.monitoring(published, self._clock.now())
            self._suppressor.restore(sent, notices, monitoring, self._evaluator.doubts())
            self.is_loaded = True
        if has_new_gauge:
            self._source.restart_catch_up()

    def _pass_on(self, directory: Mapping[str, Device], sites: Mapping[str, Site]) -> bool:
        """Return whether a gauge is new to its site, so that its stored readings are needed."""
        self.directory = directory
        gauges = {device_id for site in sites.values() for device_id in site.depth_gauge_ids}
        traits = {name: traits_of(directory[name], self._limits) for name in gauges if name in directory}
        has_new_gauge = self._evaluator.set_sites(sites, traits)
        self._suppressor.set_sites(sites)
        self._nearby.follow(sites, directory)
        return has_new_gauge


def _records(states: Mapping[str, tuple[Mapping[str, object], object]]) -> dict[str, SiteRecord]:
    records: dict[str, SiteRecord] = {}
    for site_id, (snapshot, _) in states.items():
        with isolated("kept record; the site starts from nothing", site=site_id):
            records[site_id] = SiteRecord.from_json(snapshot)
    return records


def _load(connection: Connection) -> Registry:
    return load_directory(connection), load_sites(connection, on_invalid=_log_invalid)


def _reload(connection: Connection, registry: Registry, changed: Collection[str]) -> Registry:
    """Load all sites, but of 75,000 devices only the changed ones, because all take a second."""
    return refresh_directory(connection, registry[0], changed), load_sites(connection, on_invalid=_log_invalid)


def _log_invalid(site_id: str, error: Exception) -> None:
    log.error("site cannot be read and is not monitored; correct its row", site=site_id, why=repr(error))


def _wanted_since(world: str, last: datetime | None, now: datetime) -> datetime:
    """Return from when on a gauge's stored readings are wanted.

    An exercise may replay any time that ingest accepts. In the world `actual`, older readings than a day change
    nothing. Readings before a gauge's last one are not wanted; in a city they are nearly all that is stored.
    """
    if world != ACTUAL:
        return last or now - ClockLimits().past
    return max(last, now - LONGEST_LOOK) if last else now - FIRST_LOOK
