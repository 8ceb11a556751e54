"""At which sites of a region water rose lately as only a cloudburst lifts it: their neighbours are next.

Pure, and worked out from the sites' states alone: it is the same after a restart. Everything is in event time.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from rencheng.domain.site import Site, SiteType
from rencheng.engine.state import SiteState

STORM_S = 1800.0
"""For how long such a rise speaks for a storm over the region. Source: cross-validation on FloodNet, whose sensors
stand in one city 40 km wide; an hour says less."""

OTHERS_MIN = 10
"""Where fewer other sites are watched, that none of them stirs says nothing. Proposal."""

BY_CHANCE = 0.01
"""What stirs at a smaller share of the sites watched is chance, and counts as none. Source: a year of noise (`make
noise`): pulse chains look like swift water in one half hour of 660 at a site, nothing else does."""

Where = tuple[str, str]
"""A world, and the code of a region."""

RapidRise = tuple[float, str]
"""When water rose so last at a site, and which."""


class Neighbours:
    """The swift rises of all sites, by world and region. Streams count nowhere: they answer to rain far away."""

    def __init__(self) -> None:
        self._where: dict[str, Where] = {}
        self._watched: Counter[Where] = Counter()
        self._swift: dict[Where, list[RapidRise]] = {}
        self._known: dict[str, tuple[Where, RapidRise]] = {}

    def set_sites(self, sites: Iterable[Site]) -> None:
        """Which sites are watched now."""
        streets = [site for site in sites if site.site_type is not SiteType.CHANNEL]
        self._watched = Counter((site.world, site.region) for site in streets)
        where = {site.site_id: (site.world, site.region) for site in streets}
        self._where = {site_id: of for site_id, of in where.items() if self._watched[of] > OTHERS_MIN}
        for site_id in self._known.keys() - where.keys():
            self.forget(site_id)

    def follow(self, site: Site, state: SiteState) -> None:
        """Take over when water rose so last at a site."""
        known = self._known.get(site.site_id)
        if known is None and not state.last_rapid_rise_s:
            return
        where, swift = (site.world, site.region), (state.last_rapid_rise_s, site.site_id)
        if known == (where, swift):
            return
        self.forget(site.site_id)
        if state.last_rapid_rise_s and site.site_type is not SiteType.CHANNEL:
            insort(self._swift.setdefault(where, []), swift)
            self._known[site.site_id] = where, swift

    def forget(self, site_id: str) -> None:
        """A site is gone, or begins afresh."""
        if known := self._known.pop(site_id, None):
            where, swift = known
            self._swift[where].remove(swift)

    def rapid_rises_nearby(self, site_id: str, at: datetime) -> int | None:
        """At how many other sites of its region water rose swiftly of late; None where too few are watched to tell."""
        where = self._where.get(site_id)
        if where is None:
            return None
        swift = self._swift.get(where)
        if not swift:
            return 0
        at_s = at.timestamp()
        lately = bisect_right(swift, at_s, key=_when) - bisect_left(swift, (at_s - STORM_S, ""))
        own = self._known.get(site_id)
        others = lately - (own is not None and at_s - STORM_S <= own[1][0] <= at_s)
        return others if others >= BY_CHANCE * self._watched[where] else 0


def _when(swift: RapidRise) -> float:
    return swift[0]
