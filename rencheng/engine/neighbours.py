"""Count the sites of a region at which water rose lately as only a cloudburst raises it.

Deterministic, in event time, and computed from the sites' states alone, so it is the same after a restart. Training
counts by the same rule (`counted`, `recent`).
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from rencheng.domain.site import Site, SiteType
from rencheng.engine.state import SiteState

RECENT_S = 1800.0
"""How long a rapid rise counts. Source: cross-validation on FloodNet, whose sensors stand in one city 40 km wide; an
hour says less."""

OTHERS_MIN = 10
"""With fewer other sites, the absence of rapid rises says nothing. Proposal."""

BY_CHANCE = 0.01
"""Rapid rises at a smaller share of the sites are chance, and count as none. Source: a year of noise (`make noise`):
pulse chains look like a rapid rise in one half hour of 660 at a site, nothing else does."""

Region = tuple[str, str]
"""A world, and the code of a region."""

RapidRise = tuple[float, str]
"""The time of a rapid rise (s of the epoch), and the site."""


def recent(rises: Sequence[RapidRise], at_s: float) -> slice:
    """Return where in rises in order of time those are that count at a moment."""
    return slice(bisect_left(rises, (at_s - RECENT_S, "")), bisect_right(rises, at_s, key=_time))


def counted(others: int, watched: int) -> int | None:
    """Return the number of other sites with a recent rapid rise as it counts; None with too few sites.

    Args:
        others: at how many other sites there was one.
        watched: how many sites there are, the site itself among them.
    """
    if watched <= OTHERS_MIN:
        return None
    return others if others >= BY_CHANCE * watched else 0


class Neighbours:
    """The last rapid rise of each site, by world and region. Streams do not count: they respond to distant rain."""

    def __init__(self) -> None:
        self._region_of: dict[str, Region] = {}
        self._watched: Counter[Region] = Counter()
        self._rises: dict[Region, list[RapidRise]] = {}
        self._known: dict[str, tuple[Region, RapidRise]] = {}

    def set_sites(self, sites: Iterable[Site]) -> None:
        """Take over a new list of sites."""
        streets = [site for site in sites if site.site_type is not SiteType.CHANNEL]
        self._watched = Counter((site.world, site.region) for site in streets)
        self._region_of = {site.site_id: (site.world, site.region) for site in streets}
        for site_id in self._known.keys() - self._region_of.keys():
            self.forget(site_id)

    def follow(self, site: Site, state: SiteState) -> None:
        """Take over the last rapid rise of a site."""
        known, rise_s = self._known.get(site.site_id), state.last_rapid_rise_s
        if known is None and rise_s is None:
            return
        region = site.world, site.region
        if rise_s is not None and known == (region, (rise_s, site.site_id)):
            return
        self.forget(site.site_id)
        if rise_s is not None and site.site_type is not SiteType.CHANNEL:
            rise = rise_s, site.site_id
            insort(self._rises.setdefault(region, []), rise)
            self._known[site.site_id] = region, rise

    def forget(self, site_id: str) -> None:
        """Remove the rapid rise of a site."""
        if known := self._known.pop(site_id, None):
            region, rise = known
            self._rises[region].remove(rise)

    def rapid_rises_nearby(self, site_id: str, at: datetime) -> int | None:
        """Return at how many other sites of its region there was a recent rapid rise; None with too few sites."""
        region = self._region_of.get(site_id)
        if region is None:
            return None
        rises, at_s = self._rises.get(region, []), at.timestamp()
        span = recent(rises, at_s)
        own = self._known.get(site_id)
        others = span.stop - span.start
        if own is not None and at_s - RECENT_S <= own[1][0] <= at_s:
            others -= 1
        return counted(others, self._watched[region])


def _time(rise: RapidRise) -> float:
    return rise[0]
