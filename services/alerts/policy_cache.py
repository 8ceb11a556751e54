"""The newest mutes, answers to doubts, rain signals and rainfall forecasts, read from the database at intervals."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from rencheng.domain.doubt import DoubtAnswer
from rencheng.domain.mute import Mute
from rencheng.domain.site import Site
from rencheng.domain.waterworks import Waterworks
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.rain.weather import RainOutlook
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from rencheng.store.core.database import Connection, Engine
from rencheng.store.core.guarded_rows import OnInvalid
from rencheng.store.nowcasts import relevant_nowcasts
from rencheng.store.relevant_weather import Wanted, relevant_forecasts, relevant_signals, weather_mark
from rencheng.store.warnings.doubts import load_answers
from rencheng.store.warnings.mutes import load_mutes
from rencheng.store.waterworks import load_waterworks
from services.alerts import metrics
from services.alerts.isolation import isolated
from services.alerts.outages import database_optional

log = get_logger("alerts")

READINESS_TTL = timedelta(seconds=10)
"""How long a site's readiness is cached, in the time of its world. A signal takes effect that much later."""

NO_RAIN_OUTLOOK = RainOutlook()

REFRESH_EVERY_S = 2.0
"""A silence and a rain signal take effect within this time, and the time of reading them."""

WEATHER_EVERY_S = 30.0
"""How often unchanged weather is read again, because forecasts come to count and cease to as time passes."""

CLOSE_WAIT_S = 5.0

REPORTED_MAX = 20
"""The most rows that are logged at once."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Mutes, answers and weather at a time.

    Attributes:
        mutes: silences and maintenance windows.
        answers: the answers of people to doubts of the last days.
        rain_outlook: rain signals and forecasts.
        waterworks: the pumps and tides of sites.
        unreadable: the rows that cannot be read and do not count.
    """

    mutes: tuple[Mute, ...] = ()
    answers: tuple[DoubtAnswer, ...] = ()
    rain_outlook: RainOutlook = NO_RAIN_OUTLOOK
    waterworks: Mapping[str, Waterworks] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


class PolicyCache:
    """Copies of mutes and weather. While the database is away the last copies stay in use.

    The first copies are read when they are asked for, and later ones in a thread, so that no evaluation waits for them.

    Args:
        engine: the database.
        clock: the time by which copies are refreshed and old mutes left out.
        sites: returns the sites, to which the weather is limited; None: all weather is read.
        refresh_every_s: the age at which the copies are read again.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock = SYSTEM_CLOCK,
        *,
        sites: Callable[[], Iterable[Site]] | None = None,
        refresh_every_s: float = REFRESH_EVERY_S,
    ) -> None:
        self._loader = _Loader(engine, clock, sites)
        self._refresh_timer = Every(refresh_every_s, clock)
        self._refresh_every_s = refresh_every_s
        self._policies = Policies()
        self._readiness: dict[tuple[str, str], tuple[Readiness, datetime]] = {}  # by region and world
        self._fresh: Policies | None = None
        self._in_background = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def mutes(self) -> tuple[Mute, ...]:
        """Return the silences and maintenance windows."""
        return self._policies.mutes

    @property
    def answers(self) -> tuple[DoubtAnswer, ...]:
        """Return the answers of people to doubts of the last days."""
        return self._policies.answers

    @property
    def rain_outlook(self) -> RainOutlook:
        """Return the rain signals and forecasts."""
        return self._policies.rain_outlook

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Return the rows that cannot be read and do not count."""
        return self._policies.unreadable

    def refresh(self) -> bool:
        """Take over copies if there are new ones. Return whether there are."""
        if self._thread is not None:
            fresh, self._fresh = self._fresh, None
        else:
            fresh = self._loader.load() if self._refresh_timer.take() else None
        if fresh is None:
            return False
        self._policies, self._readiness = fresh, {}
        if self._in_background and self._thread is None:
            self._thread = threading.Thread(target=self._load_repeatedly, name="mutes and weather", daemon=True)
            self._thread.start()
        return True

    def start(self) -> None:
        """Let `refresh` read the first copies, as soon as the database is there, and a thread all later ones."""
        self._in_background = True

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(CLOSE_WAIT_S)
            self._thread = None

    def readiness(self, site: Site, at: datetime) -> Readiness:
        """Return the readiness of a site by the weather. The engine asks for each reading, so it is cached."""
        rain = self._policies.rain_outlook
        readiness = NO_SIGNAL if rain.is_empty else self._of_region(rain, site, at)
        nowcast, works = rain.nowcast(site.site_id, at), self._policies.waterworks.get(site.site_id)
        if works is not None:
            readiness = replace(readiness, waterworks=works)
        return replace(readiness, nowcast=nowcast) if nowcast.members else readiness

    def _of_region(self, rain: RainOutlook, site: Site, at: datetime) -> Readiness:
        key = (site.region, site.world)
        readiness, since = self._readiness.get(key, (NO_SIGNAL, datetime.min.replace(tzinfo=UTC)))
        if not since <= at < since + READINESS_TTL:
            readiness = rain.readiness(site.region, site.world, at)
            self._readiness[key] = readiness, at
        return readiness

    def _load_repeatedly(self) -> None:
        while not self._stop.wait(self._refresh_every_s):
            if policies := self._loader.load():
                self._fresh = policies


class _Loader:
    """Reads mutes each time, and weather when it has changed, or when time has passed that brings rows in or out."""

    def __init__(self, engine: Engine, clock: Clock, sites: Callable[[], Iterable[Site]] | None) -> None:
        self._engine = engine
        self._clock = clock
        self._sites = sites
        self._mark: tuple[object, ...] | None = None
        self._weather_timer = Every(WEATHER_EVERY_S, clock)
        self._weather = Policies()
        self._reported: frozenset[str] = frozenset()

    def load(self) -> Policies | None:
        """Return the current mutes and weather; None if the database is away, or if something failed."""
        found: Policies | None = None
        with (
            isolated("mutes and weather"),
            database_optional("mutes and weather stay as they are"),
            self._engine.connect() as connection,
        ):
            found = self._read(connection)
        if found is not None:
            self._report(found.unreadable)
        return found

    def _read(self, connection: Connection) -> Policies:
        now = self._clock.now()
        unreadable: list[str] = []
        mutes = load_mutes(connection, now, on_invalid=lambda name, _: unreadable.append(name))
        wanted = _wanted(self._sites()) if self._sites else None
        mark = (wanted, *weather_mark(connection).values())
        if self._weather_timer.take() or mark != self._mark:
            with isolated("weather; it stays as it is"):  # mutes go on
                self._weather = self._read_weather(connection, now, wanted)
                self._mark = mark
        return Policies(
            tuple(mute for mute, _ in mutes),
            load_answers(connection),
            self._weather.rain_outlook,
            load_waterworks(connection, now, worlds=wanted.worlds if wanted else None),
            (*unreadable, *self._weather.unreadable),
        )

    def _read_weather(self, connection: Connection, now: datetime, wanted: Wanted | None) -> Policies:
        unreadable: list[str] = []
        options: _Options = {"wanted": wanted, "on_invalid": lambda name, _: unreadable.append(name)}
        signals = relevant_signals(connection, now, **options)
        forecasts = relevant_forecasts(connection, now, **options)
        worlds = wanted.worlds if wanted else None
        nowcasts = relevant_nowcasts(connection, now, worlds=worlds, on_invalid=options["on_invalid"])
        return Policies(rain_outlook=RainOutlook(signals, forecasts, nowcasts), unreadable=tuple(unreadable))

    def _report(self, unreadable: Sequence[str]) -> None:
        """Log and count the rows that cannot be read; each once while it is there."""
        metrics.set_unreadable(len(unreadable))
        for name in [name for name in unreadable if name not in self._reported][:REPORTED_MAX]:
            log.error("row cannot be read and does not count; end or withdraw it", row=name)
        self._reported = frozenset(unreadable)


class _Options(TypedDict):
    wanted: Wanted | None
    on_invalid: OnInvalid


def _wanted(sites: Iterable[Site]) -> Wanted:
    listed = list(sites)
    return Wanted(frozenset(site.world for site in listed), frozenset(site.region for site in listed))
