"""What of the engine's messages is delivered now. Pure: messages and times in, verdicts out.

The order of the rules, for a site's newest message:

1. What rises above what dispatch was told speaks at once, unless it is muted up to that very level.
2. An end is told if its warning was.
3. Everything else is an update: once in a while is enough, and then the newest.

Muted is a site under a silence or maintenance up to some level, and a blue one in a region that has red ones: those go
into the region's summary. When what muted a warning is gone, its newest message is told, so that nothing is lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rencheng.domain.level import Level
from rencheng.domain.site import Site

if TYPE_CHECKING:
    from rencheng.domain.mute import Mute

UPDATE_EVERY = timedelta(minutes=10)
"""How often a site may be heard of when nothing rises. Proposal: thirty sites give three a minute to read."""

INHIBITED_UP_TO = Level.BLUE
"""What a red region mutes: a place to watch, beside places where people may drown."""

INHIBITED = "inhibited"
THROTTLED = "throttled"
NEVER_NOTIFIED = "never_notified"
"""The end of a warning that nobody was told of."""


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Of a message, what matters here: its name, and the level that stands at its site after it; NONE at the end."""

    identifier: str
    site_id: str
    world: str
    level: Level


@dataclass(frozen=True, slots=True)
class Decision:
    """A message, and why it waits; None if it is to be delivered now."""

    message: MessageRef
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class SiteDelivery:
    """What stands at a site, and what dispatch has been told of it.

    Attributes:
        newest: the last message about the site; None before the first.
        told: the level that dispatch knows of; NONE if it knows of no warning.
        told_at: when it was told last; None if never.
        is_told: whether `newest` was delivered.
    """

    newest: MessageRef | None = None
    sent: Level = Level.NONE
    sent_at: datetime | None = None
    was_sent: bool = True

    @property
    def level(self) -> Level:
        """The level that stands."""
        return self.newest.level if self.newest else Level.NONE


class SuppressionPolicy:
    """The lines of all sites. Time is each world's own."""

    def __init__(self, update_every: timedelta = UPDATE_EVERY) -> None:
        self.sites: Mapping[str, Site] = {}
        self.mutes: Sequence[Mute] = ()
        self._deliveries: dict[str, SiteDelivery] = {}
        self._waiting: set[str] = set()
        self._red: dict[tuple[str, str], set[str]] = defaultdict(set)  # by world and region
        self._holding: tuple[object, datetime | None, list[Mute], dict[str, list[Mute]]] = ((), None, [], {})
        self._update_every = update_every

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites; the lines of those that are gone, or in another world, go too."""
        for site_id, known in self.sites.items():
            new = sites.get(site_id)
            if new is None or new.world != known.world:
                self._index(site_id, SiteDelivery())
            elif new.region != known.region:
                self._red[known.world, known.region].discard(site_id)
        self.sites = sites
        for site_id, line in self._deliveries.items():
            self._index(site_id, line)

    def restore(self, lines: Mapping[str, SiteDelivery]) -> None:
        """Go on from what was recorded."""
        for site_id, line in lines.items():
            self._index(site_id, line)

    def delivery_of(self, site_id: str) -> SiteDelivery:
        """What stands at a site."""
        return self._deliveries.get(site_id) or SiteDelivery()

    def decide(self, word: MessageRef, at: datetime) -> list[Decision]:
        """Judge one message; its verdict comes first, then what it frees: of the region that is red no more."""
        was_red = self._is_red(word.site_id)
        line = replace(self.delivery_of(word.site_id), newest=word, was_sent=False)
        held = self._suppressed_by(word.site_id, line, at)
        if held is None or held == NEVER_NOTIFIED:
            line = replace(line, sent=line.level, sent_at=line.sent_at if held else at, was_sent=True)
        self._index(word.site_id, line)
        if not was_red or self._is_red(word.site_id):
            return [Decision(word, held)]
        region = self.sites[word.site_id].region
        return [Decision(word, held), *self._released(word.world, at, lambda site: site.region == region)]

    def tick(self, world: str, at: datetime) -> list[Decision]:
        """What was held in a world and may be told by now."""
        return self._released(world, at, lambda _site: True)

    def _released(self, world: str, at: datetime, may: Callable[[Site], bool]) -> list[Decision]:
        freed = []
        for site, line in self.suppressed(world):
            if may(site) and line.newest is not None and self._suppressed_by(site.site_id, line, at) is None:
                self._index(site.site_id, replace(line, sent=line.level, sent_at=at, was_sent=True))
                freed.append(Decision(line.newest))
        return freed

    def suppressed(self, world: str) -> list[tuple[Site, SiteDelivery]]:
        """The sites of a world whose warning dispatch does not know as it stands, in order of their names."""
        return self._of_world(sorted(self._waiting), world)

    def standing(self, world: str) -> list[tuple[Site, SiteDelivery]]:
        """The sites of a world at which a warning is in force."""
        return [(site, line) for site, line in self._of_world(self._deliveries, world) if line.level]

    def mute_of(self, site: Site, at: datetime) -> tuple[Level, str]:
        """Up to which level a site is muted, and by what; (NONE, "") if it is not."""
        wide, narrow = self._holding_at(at)
        near = narrow.get(site.site_id, ())
        found = [(mute.up_to, mute.name) for mute in (*wide, *near) if mute.scope.includes(site)]
        if self._red.get((site.world, site.region)):
            found.append((INHIBITED_UP_TO, INHIBITED))
        return max(found, key=lambda each: each[0], default=(Level.NONE, ""))

    def _suppressed_by(self, site_id: str, line: SiteDelivery, at: datetime) -> str | None:
        """Why a site's newest message is not told now; None if it is."""
        if line.level is Level.NONE:
            return NEVER_NOTIFIED if line.sent is Level.NONE else None
        site = self.sites.get(site_id)
        if site is None:
            return None
        up_to, why = self.mute_of(site, at)
        if line.level > line.sent:
            return why if line.level <= up_to else None
        if line.sent <= up_to:
            return why
        is_due = line.sent_at is None or at - line.sent_at >= self._update_every
        return None if is_due else THROTTLED

    def _index(self, site_id: str, line: SiteDelivery) -> None:
        self._deliveries[site_id] = line
        site = self.sites.get(site_id)
        # one that a silence keeps quiet mutes nobody else
        is_red = line.level is line.sent is Level.RED
        red = self._red[site.world, site.region] if site else set()
        for index, belongs in ((self._waiting, not line.was_sent), (red, is_red)):
            index.add(site_id) if belongs else index.discard(site_id)

    def _is_red(self, site_id: str) -> bool:
        """Has dispatch been told of a red site in the region of this one?"""
        site = self.sites.get(site_id)
        return site is not None and bool(self._red.get((site.world, site.region)))

    def _holding_at(self, at: datetime) -> tuple[list["Mute"], dict[str, list["Mute"]]]:
        """The mutes that hold at a time: those of regions and catchments, and by site those of one site."""
        mutes, since, wide, narrow = self._holding
        if mutes is not self.mutes or since != at:
            wide, narrow = [], defaultdict(list)
            for mute in self.mutes:
                if mute.is_active(at):
                    (narrow[mute.scope.site_id] if mute.scope.site_id else wide).append(mute)
            self._holding = (self.mutes, at, wide, narrow)
        return wide, narrow

    def _of_world(self, site_ids: Iterable[str], world: str) -> list[tuple[Site, SiteDelivery]]:
        known = ((self.sites.get(site_id), self._deliveries[site_id]) for site_id in site_ids)
        return [(site, line) for site, line in known if site is not None and site.world == world]
