"""All sites, what the engine knows of each, and the warning that stands there. Pure: readings in, messages out."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Self

from rencheng.domain.device import ACTUAL
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.evaluate import step
from rencheng.engine.forecast.model import Model
from rencheng.engine.lifecycle import Standing, advance
from rencheng.engine.neighbours import Neighbours
from rencheng.engine.rain import rainfall as rains
from rencheng.engine.rain.readiness import CALM, Readiness
from rencheng.engine.reorder_buffer import LATENESS, Room, Waiting
from rencheng.engine.site_policy import Rules, rules_of
from rencheng.engine.staleness_monitor import Lookout
from rencheng.engine.state import SiteState

RAIN_COUNTS = timedelta(seconds=max(rains.WINDOWS_S))
"""What fell before that brings no water any more."""

ReadinessOf = Callable[[Site, datetime], Readiness]
"""How ready a site is held at a moment, by what is known of the weather."""


class Page(NamedTuple):
    """One site in the book, in the world in which it was judged; and the readings that are not judged yet."""

    world: str = ACTUAL
    state: SiteState = SiteState()
    standing: Standing | None = None
    waiting: tuple[Waiting, ...] = ()

    @property
    def taken_until(self) -> datetime | None:
        """Until which event time readings were taken in; None before the first."""
        times = [*(one.at for one in self.waiting), *([self.state.watermark] if self.state.watermark else [])]
        return max(times, default=None)

    def to_json(self) -> dict[str, object]:
        """As plain JSON values; `from_json` gives an equal page back."""
        standing = self.standing.to_json() if self.standing else None
        waiting = [one.to_json() for one in self.waiting]
        return {"world": self.world, "state": self.state.to_json(), "standing": standing, "waiting": waiting}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The page that was kept."""
        standing = Standing.from_json(kept["standing"]) if kept["standing"] else None
        waiting = tuple(Waiting.from_json(one) for one in kept.get("waiting", ()))
        return cls(kept["world"], SiteState.from_json(kept["state"]), standing, waiting)


class Book:
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
        readiness: ReadinessOf = lambda _site, _now: CALM,
        wait: timedelta = timedelta(0),
    ) -> None:
        self.sites: Mapping[str, Site] = {}
        self._wait = wait
        self._room = Room(wait)
        self._model = model
        self._readiness = readiness
        self._rules: dict[str, Rules] = {}
        self._sites_of: dict[str, tuple[Site, ...]] = {}
        self._pages: dict[str, Page] = {}
        self._now: dict[str, datetime] = {}
        self._changed: set[str] = set()
        self._before: dict[str, Page] = {}
        self._lookout = Lookout()
        self._neighbours = Neighbours()
        self._notices: list[SiteNotice] = []

    def set_sites(self, sites: Mapping[str, Site]) -> bool:
        """Take over a new list of sites. A site that is gone, or in another world now, begins afresh.

        True if there is a gauge whose earlier readings nobody has judged for its site.
        """
        bound = {(site.site_id, site.world, device_id) for site in self.sites.values() for device_id in site.device_ids}
        for site_id, known in self.sites.items():
            if site_id not in sites or sites[site_id].world != known.world:
                self._pages.pop(site_id, None)
                self._changed.discard(site_id)
                self._room.send_away(known.world, site_id)
                self._neighbours.forget(site_id)
        self.sites = sites
        self._rules = {site.site_id: rules_of(site, self._model) for site in sites.values()}
        self._sites_of = _by_device(sites)
        self._neighbours.set_sites(sites.values())
        for site_id, page in self._pages.items():
            self._pages[site_id] = page._replace(state=page.state.of_gauges(sites[site_id].device_ids))
            self._neighbours.follow(sites[site_id], page.state)
        unheard = (site for site in sites.values() for device in site.device_ids if _key(site, device) not in bound)
        return any(True for _ in unheard)

    def restore(self, pages: Mapping[str, Page]) -> None:
        """Go on from pages that were kept; a site that is in another world by now begins afresh."""
        for site_id, page in pages.items():
            site = self.sites.get(site_id)
            if site is not None and site.world == page.world:
                self._pages[site_id] = page._replace(state=page.state.of_gauges(site.device_ids), waiting=())
                self._lookout.follow(site, self._pages[site_id].state)
                self._neighbours.follow(site, page.state)
                if page.state.watermark:
                    self._notice(page.world, page.state.watermark)
                for one in page.waiting if self._wait else ():  # else they come again with the stored readings
                    self._notice(page.world, one.at)
                    self._room.enter(page.world, site_id, one)

    def page(self, site_id: str) -> Page:
        """What is known of a site."""
        return self._pages.get(site_id) or Page(self.sites[site_id].world)

    def put_back(self, site_id: str) -> None:
        """Take back what the last call found of a site, because it could not be said."""
        self._pages[site_id] = before = self._before[site_id]
        self._neighbours.follow(self.sites[site_id], before.state)

    def sites_of(self, reading: WaterReading) -> tuple[Site, ...]:
        """The sites that a reading's gauge is bound to: one for a depth, any number for rain."""
        return self._sites_of.get(reading.device_id, ())

    def heard_until(self) -> Iterator[tuple[Site, str, datetime | None]]:
        """(site, gauge, newest sample taken in) of every gauge; None of one that has never been heard.

        Of a rain gauge, the longest time over which rain counts before the site's newest sample: which of its steps
        are known is not told by its last, and one that is told twice counts once.
        """
        for site in self.sites.values():
            state = self.page(site.site_id).state
            heard = state.heard_until()
            for device_id in site.device_ids:
                yield site, device_id, heard.get(device_id)
            for gauge_id in site.gauge_ids:
                yield site, gauge_id, state.watermark and state.watermark - RAIN_COUNTS

    def take(self, reading: WaterReading, received_at: datetime) -> list[WarningMessage]:
        """Take one reading in; the messages that follow from all that is judged now, in order of time and site.

        In the world `actual` now is when the reading reached us; in an exercise, the greatest time seen in it.
        """
        self._before = {}
        messages: list[WarningMessage] = []
        for site in self._sites_of.get(reading.device_id, ()):
            is_actual = site.world == ACTUAL
            now = self._notice(site.world, received_at if is_actual else reading.time)
            counts = reading.time is now or reading.time >= (received_at if is_actual else now) - LATENESS
            if self._wait:
                if counts:
                    at = min(reading.time, received_at) if is_actual else reading.time
                    self._room.enter(site.world, site.site_id, Waiting(at, reading))
                    self._changed.add(site.site_id)
                messages += self._let_in(site.world, now)
                continue
            if counts:
                messages += self._judge(site, reading, now)
            for blind in self._lookout.blind(site.world, now):
                self._say_blind(blind, now)
        return messages

    def tick(self, now: datetime) -> list[WarningMessage]:
        """The clock of the world `actual` goes on without a reading: what follows from what waited long enough."""
        self._before = {}
        return self._let_in(ACTUAL, self._notice(ACTUAL, now))

    def is_blind(self, site_id: str, now: datetime) -> bool:
        """Can nobody see the water at a site: its gauges are silent, not to be believed, or were never heard?"""
        return self._lookout.is_blind(self.page(site_id).state, now)

    def take_notices(self) -> list[SiteNotice]:
        """Which sites nobody can see since the last call, and which can be seen again."""
        notices, self._notices = self._notices, []
        return notices

    def changed_pages(self) -> dict[str, Page]:
        """The pages that changed since the last call."""
        changed = {site_id: self.page(site_id) for site_id in self._changed}
        self._changed = set()
        if not self._room.is_empty:
            return {name: page._replace(waiting=self._room.of(page.world, name)) for name, page in changed.items()}
        return changed

    def _let_in(self, world: str, now: datetime) -> list[WarningMessage]:
        """Judge whom nobody can precede any more. An exercise stands at the reading that is judged."""
        messages: list[WarningMessage] = []
        for site_id, one in self._room.let_in(world, now):
            at = now if world == ACTUAL else one.at
            site = next((site for site in self.sites_of(one.reading) if site.site_id == site_id), None)
            try:
                messages += self._judge(site, one.reading, at) if site else []
            except Exception:
                if not messages:
                    raise
                self._room.enter(world, site_id, one)  # what was found is said; the next call meets this one first
                break
            for blind in self._lookout.blind(world, at):
                self._say_blind(blind, at)
        return messages

    def _judge(self, site: Site, reading: WaterReading, now: datetime) -> list[WarningMessage]:
        site_id = site.site_id
        page = self._pages.get(site_id) or Page(site.world)
        stirred = partial(self._neighbours.stirred, site_id, reading.time)
        state, change = step(page.state, reading, self._rules[site_id], self._readiness(site, now), stirred)
        if state.is_lost and self._lookout.can_be_seen(state):
            state = state._replace(is_lost=False)
            self._notices.append(self._lookout.notice(site, state, now))
        elif state.is_lost and self._lookout.why(state) != self._lookout.why(page.state):
            self._notices.append(self._lookout.notice(site, state, now))  # still lost, and now it is known better why
        self._lookout.follow(site, state)
        self._neighbours.follow(site, state)
        standing, message = page.standing, None
        if change:
            self._before.setdefault(site_id, page)
            standing, message = advance(standing, site, change)
        self._pages[site_id] = Page(page.world, state, standing)
        self._changed.add(site_id)
        return [message] if message else []

    def _say_blind(self, site_id: str, now: datetime) -> None:
        """Nobody can see a site any more."""
        page, site = self._pages.get(site_id), self.sites.get(site_id)
        if page is None or site is None or page.state.is_lost:
            return
        if not self._lookout.is_blind(page.state, now):
            self._lookout.follow(site, page.state)
            return
        state = page.state._replace(is_lost=True)
        self._pages[site_id] = page._replace(state=state)
        self._changed.add(site_id)
        self._notices.append(self._lookout.notice(site, state, now))

    def _notice(self, world: str, time: datetime) -> datetime:
        known = self._now.get(world)
        if known is None or time > known:
            self._now[world] = time
            return time
        return known


def _by_device(sites: Mapping[str, Site]) -> dict[str, tuple[Site, ...]]:
    found: dict[str, tuple[Site, ...]] = {}
    for site in sorted(sites.values(), key=lambda site: site.site_id):
        for device_id in dict.fromkeys((*site.device_ids, *site.gauge_ids)):
            found[device_id] = (*found.get(device_id, ()), site)
    return found


def _key(site: Site, device_id: str) -> tuple[str, str, str]:
    return site.site_id, site.world, device_id
