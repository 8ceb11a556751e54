"""All sites, what the engine knows of each, and the warning that stands there. Pure: readings in, messages out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from rencheng.domain.device import ACTUAL
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from services.alerts.engine.state import SiteState
from services.alerts.engine.step import step
from services.alerts.lifecycle import Standing, advance

LATENESS = timedelta(seconds=120)
"""A reading that is older than its world's now by more is stored, and raises nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """One site in the book, in the world in which it was judged."""

    world: str = ACTUAL
    state: SiteState = field(default_factory=SiteState)
    standing: Standing | None = None

    def to_json(self) -> dict[str, object]:
        """As plain JSON values; `from_json` gives an equal page back."""
        standing = self.standing.to_json() if self.standing else None
        return {"world": self.world, "state": self.state.to_json(), "standing": standing}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The page that was kept."""
        standing = Standing.from_json(kept["standing"]) if kept["standing"] else None
        return cls(kept["world"], SiteState.from_json(kept["state"]), standing)


class Book:
    """The pages of all sites. What changed since `changed_pages` was last asked is remembered."""

    def __init__(self) -> None:
        self.sites: Mapping[str, Site] = {}
        self._site_of: dict[str, str] = {}
        self._pages: dict[str, Page] = {}
        self._now: dict[str, datetime] = {}
        self._changed: set[str] = set()

    def set_sites(self, sites: Mapping[str, Site]) -> bool:
        """Take over a new list of sites. A site that is gone, or in another world now, begins afresh.

        True if there is a gauge whose earlier readings nobody has judged for its site.
        """
        bound = {(site.site_id, site.world, device_id) for site in self.sites.values() for device_id in site.device_ids}
        for site_id, known in self.sites.items():
            if site_id not in sites or sites[site_id].world != known.world:
                self._pages.pop(site_id, None)
                self._changed.discard(site_id)
        self.sites = sites
        self._site_of = {device_id: site.site_id for site in sites.values() for device_id in site.device_ids}
        return any((self.sites[s].site_id, self.sites[s].world, d) not in bound for d, s in self._site_of.items())

    def restore(self, pages: Mapping[str, Page]) -> None:
        """Go on from pages that were kept; a site that is in another world by now begins afresh."""
        for site_id, page in pages.items():
            if site_id in self.sites and self.sites[site_id].world == page.world:
                self._pages[site_id] = page
                if page.state.watermark:
                    self._notice(page.world, page.state.watermark)

    def page(self, site_id: str) -> Page:
        """What is known of a site."""
        return self._pages.get(site_id) or Page(self.sites[site_id].world)

    def put_back(self, site_id: str, page: Page) -> None:
        """Take back a page as it was, because what followed from the last reading could not be said."""
        self._pages[site_id] = page

    def site_of(self, reading: WaterReading) -> Site | None:
        """The site that a reading's gauge is bound to."""
        return self.sites.get(self._site_of.get(reading.device_id, ""))

    def heard_until(self) -> Iterator[tuple[Site, str, datetime | None]]:
        """(site, gauge, newest sample taken in) of every gauge; None of one that has never been heard."""
        for site in self.sites.values():
            heard = self.page(site.site_id).state.heard_until()
            for device_id in site.device_ids:
                yield site, device_id, heard.get(device_id)

    def take(self, reading: WaterReading, received_at: datetime) -> WarningMessage | None:
        """Judge one reading; the message that follows from it, if one does.

        In the world `actual` now is when the reading reached us; in an exercise, the greatest time seen in it.
        """
        site = self.site_of(reading)
        if site is None:
            return None
        now = received_at if site.world == ACTUAL else self._notice(site.world, reading.time)
        if reading.time < now - LATENESS:
            return None
        page = self.page(site.site_id)
        state, change = step(page.state.of_gauges(site.device_ids), reading, site.profile)
        page = replace(page, state=state)
        message = None
        if change:
            standing, message = advance(page.standing, site, change)
            page = replace(page, standing=standing)
        self._pages[site.site_id] = page
        self._changed.add(site.site_id)
        return message

    def changed_pages(self) -> dict[str, Page]:
        """The pages that changed since the last call."""
        changed = {site_id: self._pages[site_id] for site_id in self._changed}
        self._changed = set()
        return changed

    def _notice(self, world: str, time: datetime) -> datetime:
        self._now[world] = max(time, self._now.get(world, time))
        return self._now[world]
