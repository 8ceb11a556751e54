"""All sites, what the engine knows of each, and the warning that stands there. Pure: readings in, messages out."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Self

from rencheng.domain.device import ACTUAL
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.evaluate import evaluate
from rencheng.engine.forecast.model import Model
from rencheng.engine.lifecycle import OpenWarning, advance
from rencheng.engine.neighbours import Neighbours
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.reorder_buffer import ALLOWED_LATENESS, PendingReading, ReorderBuffer
from rencheng.engine.site_policy import SitePolicy, policy_of
from rencheng.engine.staleness_monitor import StalenessMonitor
from rencheng.engine.state import SiteState

RAIN_COUNTS = timedelta(seconds=max(rains.WINDOWS_S))
"""What fell before that brings no water any more."""

ReadinessOf = Callable[[Site, datetime], Readiness]
"""How ready a site is held at a moment, by what is known of the weather."""


class SiteRecord(NamedTuple):
    """One site in the book, in the world in which it was judged; and the readings that are not judged yet."""

    world: str = ACTUAL
    state: SiteState = SiteState()
    open_warning: OpenWarning | None = None
    pending: tuple[PendingReading, ...] = ()

    @property
    def processed_until(self) -> datetime | None:
        """Until which event time readings were taken in; None before the first."""
        times = [*(one.at for one in self.pending), *([self.state.watermark] if self.state.watermark else [])]
        return max(times, default=None)

    def to_json(self) -> dict[str, object]:
        """As plain JSON values; `from_json` gives an equal page back."""
        standing = self.open_warning.to_json() if self.open_warning else None
        waiting = [one.to_json() for one in self.pending]
        return {"world": self.world, "state": self.state.to_json(), "standing": standing, "waiting": waiting}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The page that was kept."""
        standing = OpenWarning.from_json(kept["standing"]) if kept["standing"] else None
        waiting = tuple(PendingReading.from_json(one) for one in kept.get("waiting", ()))
        return cls(kept["world"], SiteState.from_json(kept["state"]), standing, waiting)


class Evaluator:
    """The pages of all sites. What changed since `changed_pages` was last asked is remembered.

    Args:
        model: what foretells; None: the rate of rise alone.
        readiness: how ready a site is held by the weather.
        wait: how long a reading waits for others that were sampled before it, in the time of its world; so much of
            every lead it costs. Of what comes later than that, the order in which it came counts.
    """

    def __init__(
        self,
        model: Model | None = None,
        readiness: ReadinessOf = lambda _site, _now: NO_SIGNAL,
        wait: timedelta = timedelta(0),
    ) -> None:
        self.sites: Mapping[str, Site] = {}
        self._wait = wait
        self._buffer = ReorderBuffer(wait)
        self._model = model
        self._readiness = readiness
        self._policies: dict[str, SitePolicy] = {}
        self._sites_of: dict[str, tuple[Site, ...]] = {}
        self._records: dict[str, SiteRecord] = {}
        self._now: dict[str, datetime] = {}
        self._dirty: set[str] = set()
        self._before: dict[str, SiteRecord] = {}
        self._staleness = StalenessMonitor()
        self._neighbours = Neighbours()
        self._notices: list[SiteNotice] = []

    def set_sites(self, sites: Mapping[str, Site]) -> bool:
        """Take over a new list of sites. A site that is gone, or in another world now, begins afresh.

        True if there is a gauge whose earlier readings nobody has judged for its site.
        """
        bound = {
            (site.site_id, site.world, device_id) for site in self.sites.values() for device_id in site.depth_gauge_ids
        }
        for site_id, known in self.sites.items():
            if site_id not in sites or sites[site_id].world != known.world:
                self._records.pop(site_id, None)
                self._dirty.discard(site_id)
                self._buffer.discard(known.world, site_id)
                self._neighbours.forget(site_id)
        self.sites = sites
        self._policies = {site.site_id: policy_of(site, self._model) for site in sites.values()}
        self._sites_of = _by_device(sites)
        self._neighbours.set_sites(sites.values())
        for site_id, page in self._records.items():
            self._records[site_id] = page._replace(state=page.state.of_gauges(sites[site_id].depth_gauge_ids))
            self._neighbours.follow(sites[site_id], page.state)
        unheard = (
            site for site in sites.values() for device in site.depth_gauge_ids if _key(site, device) not in bound
        )
        return any(True for _ in unheard)

    def restore(self, pages: Mapping[str, SiteRecord]) -> None:
        """Go on from pages that were kept; a site that is in another world by now begins afresh."""
        for site_id, page in pages.items():
            site = self.sites.get(site_id)
            if site is not None and site.world == page.world:
                self._records[site_id] = page._replace(state=page.state.of_gauges(site.depth_gauge_ids), pending=())
                self._staleness.follow(site, self._records[site_id].state)
                self._neighbours.follow(site, page.state)
                if page.state.watermark:
                    self._notice(page.world, page.state.watermark)
                for one in page.pending if self._wait else ():  # else they come again with the stored readings
                    self._notice(page.world, one.at)
                    self._buffer.add(page.world, site_id, one)

    def record(self, site_id: str) -> SiteRecord:
        """What is known of a site."""
        return self._records.get(site_id) or SiteRecord(self.sites[site_id].world)

    def roll_back(self, site_id: str) -> None:
        """Take back what the last call found of a site, because it could not be said."""
        self._records[site_id] = before = self._before[site_id]
        self._neighbours.follow(self.sites[site_id], before.state)

    def sites_of(self, reading: WaterReading) -> tuple[Site, ...]:
        """The sites that a reading's gauge is bound to: one for a depth, any number for rain."""
        return self._sites_of.get(reading.device_id, ())

    def last_readings(self) -> Iterator[tuple[Site, str, datetime | None]]:
        """(site, gauge, newest sample taken in) of every gauge; None of one that has never been heard.

        Of a rain gauge, the longest time over which rain counts before the site's newest sample: which of its steps
        are known is not told by its last, and one that is told twice counts once.
        """
        for site in self.sites.values():
            state = self.record(site.site_id).state
            heard = state.heard_until()
            for device_id in site.depth_gauge_ids:
                yield site, device_id, heard.get(device_id)
            for gauge_id in site.rain_gauge_ids:
                yield site, gauge_id, state.watermark and state.watermark - RAIN_COUNTS

    def process(self, reading: WaterReading, received_at: datetime) -> list[WarningMessage]:
        """Take one reading in; the messages that follow from all that is judged now, in order of time and site.

        In the world `actual` now is when the reading reached us; in an exercise, the greatest time seen in it.
        """
        self._before = {}
        messages: list[WarningMessage] = []
        for site in self._sites_of.get(reading.device_id, ()):
            is_actual = site.world == ACTUAL
            now = self._notice(site.world, received_at if is_actual else reading.time)
            counts = reading.time is now or reading.time >= (received_at if is_actual else now) - ALLOWED_LATENESS
            if self._wait:
                if counts:
                    at = min(reading.time, received_at) if is_actual else reading.time
                    self._buffer.add(site.world, site.site_id, PendingReading(at, reading))
                    self._dirty.add(site.site_id)
                messages += self._release(site.world, now)
                continue
            if counts:
                messages += self._evaluate(site, reading, now)
            for blind in self._staleness.due(site.world, now):
                self._report_no_data(blind, now)
        return messages

    def tick(self, now: datetime) -> list[WarningMessage]:
        """The clock of the world `actual` goes on without a reading: what follows from what waited long enough."""
        self._before = {}
        return self._release(ACTUAL, self._notice(ACTUAL, now))

    def has_no_data(self, site_id: str, now: datetime) -> bool:
        """Can nobody see the water at a site: its gauges are silent, not to be believed, or were never heard?"""
        return self._staleness.has_no_data(self.record(site_id).state, now)

    def take_notices(self) -> list[SiteNotice]:
        """Which sites nobody can see since the last call, and which can be seen again."""
        notices, self._notices = self._notices, []
        return notices

    def dirty_records(self) -> dict[str, SiteRecord]:
        """The pages that changed since the last call."""
        changed = {site_id: self.record(site_id) for site_id in self._dirty}
        self._dirty = set()
        if not self._buffer.is_empty:
            return {
                name: page._replace(pending=self._buffer.pending_of(page.world, name)) for name, page in changed.items()
            }
        return changed

    def _release(self, world: str, now: datetime) -> list[WarningMessage]:
        """Judge whom nobody can precede any more. An exercise stands at the reading that is judged."""
        messages: list[WarningMessage] = []
        for site_id, one in self._buffer.release(world, now):
            at = now if world == ACTUAL else one.at
            site = next((site for site in self.sites_of(one.reading) if site.site_id == site_id), None)
            try:
                messages += self._evaluate(site, one.reading, at) if site else []
            except Exception:
                if not messages:
                    raise
                self._buffer.add(world, site_id, one)  # what was found is said; the next call meets this one first
                break
            for blind in self._staleness.due(world, at):
                self._report_no_data(blind, at)
        return messages

    def _evaluate(self, site: Site, reading: WaterReading, now: datetime) -> list[WarningMessage]:
        site_id = site.site_id
        page = self._records.get(site_id) or SiteRecord(site.world)
        stirred = partial(self._neighbours.rapid_rises_nearby, site_id, reading.time)
        state, change = evaluate(page.state, reading, self._policies[site_id], self._readiness(site, now), stirred)
        if state.no_data_reported and self._staleness.has_data(state):
            state = state._replace(no_data_reported=False)
            self._notices.append(self._staleness.notice(site, state, now))
        elif state.no_data_reported and self._staleness.faults(state) != self._staleness.faults(page.state):
            self._notices.append(self._staleness.notice(site, state, now))  # still lost, and now it is known better why
        self._staleness.follow(site, state)
        self._neighbours.follow(site, state)
        standing, message = page.open_warning, None
        if change:
            self._before.setdefault(site_id, page)
            standing, message = advance(standing, site, change)
        self._records[site_id] = SiteRecord(page.world, state, standing)
        self._dirty.add(site_id)
        return [message] if message else []

    def _report_no_data(self, site_id: str, now: datetime) -> None:
        """Nobody can see a site any more."""
        page, site = self._records.get(site_id), self.sites.get(site_id)
        if page is None or site is None or page.state.no_data_reported:
            return
        if not self._staleness.has_no_data(page.state, now):
            self._staleness.follow(site, page.state)
            return
        state = page.state._replace(no_data_reported=True)
        self._records[site_id] = page._replace(state=state)
        self._dirty.add(site_id)
        self._notices.append(self._staleness.notice(site, state, now))

    def _notice(self, world: str, time: datetime) -> datetime:
        known = self._now.get(world)
        if known is None or time > known:
            self._now[world] = time
            return time
        return known


def _by_device(sites: Mapping[str, Site]) -> dict[str, tuple[Site, ...]]:
    found: dict[str, tuple[Site, ...]] = {}
    for site in sorted(sites.values(), key=lambda site: site.site_id):
        for device_id in dict.fromkeys((*site.depth_gauge_ids, *site.rain_gauge_ids)):
            found[device_id] = (*found.get(device_id, ()), site)
    return found


def _key(site: Site, device_id: str) -> tuple[str, str, str]:
    return site.site_id, site.world, device_id
