"""Count the sites around one at which water rose lately as only a cloudburst raises it.

Deterministic, in event time, and computed from the sites' states alone, so it is the same after a restart. Training
counts by the same rule (`counted`, `recent`).
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import floor

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

CELL_DEGREES = 0.2
"""Neighbours are the sites of a cell of this size and of the eight around it, whatever their district: all within 18 km
east and west and 22 km north and south, and none beyond twice that. Source: half the width of the city above."""

Cell = tuple[str, int, int]
"""A world, and a cell by its latitude and longitude, counted in cells."""

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
    """The last rapid rise of each site, by world and cell. Streams do not count: they respond to distant rain."""

    def __init__(self) -> None:
        self._cell_of: dict[str, Cell] = {}
        self._cells_near: dict[Cell, tuple[Cell, ...]] = {}
        self._watched: dict[Cell, int] = {}
        self._rises: dict[Cell, list[RapidRise]] = {}
        self._known: dict[str, tuple[Cell, RapidRise]] = {}

    def set_sites(self, sites: Iterable[Site]) -> None:
        """Take over a new list of sites."""
        self._cell_of = {site.site_id: _cell(site) for site in sites if site.site_type is not SiteType.CHANNEL}
        watched = Counter(self._cell_of.values())
        self._cells_near = {cell: _cells_near(cell) for cell in watched}
        self._watched = {cell: sum(watched[near] for near in cells) for cell, cells in self._cells_near.items()}
        for site_id in self._known.keys() - self._cell_of.keys():
            self.forget(site_id)

    def follow(self, site: Site, state: SiteState) -> None:
        """Take over the last rapid rise of a site."""
        known, rise_s = self._known.get(site.site_id), state.last_rapid_rise_s
        if known is None and rise_s is None:
            return
        cell = self._cell_of.get(site.site_id)
        if rise_s is not None and known == (cell, (rise_s, site.site_id)):
            return
        self.forget(site.site_id)
        if rise_s is not None and cell is not None:
            rise = rise_s, site.site_id
            insort(self._rises.setdefault(cell, []), rise)
            self._known[site.site_id] = cell, rise

    def forget(self, site_id: str) -> None:
        """Remove the rapid rise of a site."""
        if known := self._known.pop(site_id, None):
            cell, rise = known
            self._rises[cell].remove(rise)

    def rapid_rises_nearby(self, site_id: str, at: datetime) -> int | None:
        """Return at how many other sites around it there was a recent rapid rise; None with too few sites."""
        cell = self._cell_of.get(site_id)
        if cell is None:
            return None
        own, at_s, others = self._known.get(site_id), at.timestamp(), 0
        for near in self._cells_near[cell] if self._rises else ():
            if rises := self._rises.get(near):
                span = recent(rises, at_s)
                others += span.stop - span.start
        if own is not None and at_s - RECENT_S <= own[1][0] <= at_s:
            others -= 1
        return counted(others, self._watched[cell])


def _cell(site: Site) -> Cell:
    return site.world, floor(site.latitude / CELL_DEGREES), floor(site.longitude / CELL_DEGREES)


def _cells_near(cell: Cell) -> tuple[Cell, ...]:
    world, row, column = cell
    return tuple((world, row + up, column + right) for up in (-1, 0, 1) for right in (-1, 0, 1))


def _time(rise: RapidRise) -> float:
    return rise[0]
