"""Which messages are delivered now. Deterministic, no I/O, no clock: messages and times in, decisions out.

The rules for a site's newest message, in order:

1. A rise above the level that dispatch knows, and the first proof of a level that was only possible, are delivered at
   once, unless the site is muted up to that level.
2. An end is delivered if the warning was (`never_notified` if not).
3. Everything else is an update: the newest one is delivered once in ten minutes (`throttled` until then).

A site is muted up to a level by a silence or a maintenance window. A blue site is muted by a red one of its region
(`inhibited`); it is part of the region's summary. When what muted a site is gone, its newest message is delivered, so
that nothing is lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.mute import Mute
from rencheng.domain.site import Site
from rencheng.domain.suppression import SuppressionReason

UPDATE_EVERY = timedelta(minutes=10)
"""How often a site is updated while its level does not rise. Proposal: thirty sites make three updates a minute."""

INHIBITED_UP_TO = Level.BLUE
"""The highest level that a red site of the region inhibits: places to watch, beside places with danger to life."""

NOT_MUTED = (Level.NONE, "")


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message by its identifier, and the level of its site after it; NONE at the end.

    `is_possible`: its certainty is Possible, because the water is not proven yet.
    """

    identifier: str
    site_id: str
    world: str
    level: Level
    is_possible: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A message, and why it is suppressed: a `SuppressionReason` or the name of a mute; None if it is delivered."""

    message: MessageRef
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class SiteDelivery:
    """What has been delivered of a site.

    Attributes:
        newest: the last message about the site; None before the first.
        sent: the level that dispatch knows; NONE if it knows of no warning.
        sent_possible: dispatch knows that level as possible only.
        sent_at: the time of the last delivery; None before the first.
        was_sent: whether `newest` was delivered.
    """

    newest: MessageRef | None = None
    sent: Level = Level.NONE
    sent_possible: bool = False
    sent_at: datetime | None = None
    was_sent: bool = True

    @property
    def level(self) -> Level:
        """Return the level in force."""
        return self.newest.level if self.newest else Level.NONE

    @property
    def is_possible(self) -> bool:
        """Return whether the level in force is possible only."""
        return self.newest is not None and self.newest.is_possible

    def as_sent(self, at: datetime | None) -> "SiteDelivery":
        """Return what is known once the newest message was delivered, at this time."""
        return replace(self, sent=self.level, sent_possible=self.is_possible, sent_at=at, was_sent=True)


@dataclass(frozen=True, slots=True)
class _MutesInForce:
    """The mutes in force at a time.

    Attributes:
        wide: those of regions and catchments.
        by_site: those of one site each.
    """

    wide: list[Mute]
    by_site: dict[str, list[Mute]]


class SuppressionPolicy:
    """The deliveries of all sites, and what is delivered next. Times are those of each world."""

    def __init__(self, update_every: timedelta = UPDATE_EVERY) -> None:
        self.sites: Mapping[str, Site] = {}
        self.mutes: Sequence[Mute] = ()
        self._deliveries: dict[str, SiteDelivery] = {}
        self._waiting: set[str] = set()
        self._red: dict[tuple[str, str], set[str]] = defaultdict(set)  # by world and region
        self._in_force_of: tuple[Sequence[Mute], datetime] | None = None
        self._in_force = _MutesInForce([], {})
        self._update_every = update_every

    def set_sites(self, sites: Mapping[str, Site]) -> None:
        """Take over a new list of sites. Forget the deliveries of those that are gone or in another world."""
        for site_id, known in self.sites.items():
            new = sites.get(site_id)
            if new is None or new.world != known.world:
                self._index(site_id, SiteDelivery())
            elif new.region != known.region:
                self._red[known.world, known.region].discard(site_id)
        self.sites = sites
        self.restore(self._deliveries)

    def restore(self, deliveries: Mapping[str, SiteDelivery]) -> None:
        """Go on from recorded deliveries."""
        for site_id, delivery in deliveries.items():
            self._index(site_id, delivery)

    def delivery_of(self, site_id: str) -> SiteDelivery:
        """Return what has been delivered of a site."""
        return self._deliveries.get(site_id) or SiteDelivery()

    def decide(self, message: MessageRef, at: datetime) -> list[Decision]:
        """Decide about a message. Its decision comes first, then the messages that it releases.

        The end of the last red warning of a region releases the region's blue ones.
        """
        was_red = self._is_red(message.site_id)
        delivery = replace(self.delivery_of(message.site_id), newest=message, was_sent=False)
        why = self._suppressed_by(message.site_id, delivery, at)
        if why is None or why == SuppressionReason.NEVER_NOTIFIED:
            delivery = delivery.as_sent(delivery.sent_at if why else at)
        self._index(message.site_id, delivery)
        if not was_red or self._is_red(message.site_id):
            return [Decision(message, why)]
        region = self.sites[message.site_id].region
        return [Decision(message, why), *self._release(message.world, at, lambda site: site.region == region)]

    def tick(self, world: str, at: datetime) -> list[Decision]:
        """Return the suppressed messages of a world that are delivered now."""
        return self._release(world, at, lambda _site: True)

    def suppressed(self, world: str) -> list[tuple[Site, SiteDelivery]]:
        """Return the sites of a world whose newest message was not delivered, in order of their names."""
        return self._of_world(sorted(self._waiting), world)

    def standing(self, world: str) -> list[tuple[Site, SiteDelivery]]:
        """Return the sites of a world with a warning in force."""
        return [(site, delivery) for site, delivery in self._of_world(self._deliveries, world) if delivery.level]

    def mute_of(self, site: Site, at: datetime) -> tuple[Level, str]:
        """Return up to which level a site is muted, and by what; (NONE, "") if it is not."""
        mutes = self._mutes_at(at)
        candidates = (*mutes.wide, *mutes.by_site.get(site.site_id, ()))
        found = [(mute.up_to, mute.name) for mute in candidates if mute.scope.includes(site)]
        if self._red.get((site.world, site.region)):
            found.append((INHIBITED_UP_TO, SuppressionReason.INHIBITED.value))
        return max(found, key=lambda each: each[0], default=NOT_MUTED)

    def _release(self, world: str, at: datetime, is_meant: Callable[[Site], bool]) -> list[Decision]:
        released: list[Decision] = []
        for site, delivery in self.suppressed(world):
            if not is_meant(site) or delivery.newest is None:
                continue
            if self._suppressed_by(site.site_id, delivery, at) is None:
                self._index(site.site_id, delivery.as_sent(at))
                released.append(Decision(delivery.newest))
        return released

    def _suppressed_by(self, site_id: str, delivery: SiteDelivery, at: datetime) -> str | None:
        """Return why a site's newest message is not delivered now; None if it is."""
        if delivery.level is Level.NONE:
            return SuppressionReason.NEVER_NOTIFIED.value if delivery.sent is Level.NONE else None
        site = self.sites.get(site_id)
        if site is None:
            return None
        up_to, why = self.mute_of(site, at)
        is_proof = delivery.level == delivery.sent and delivery.sent_possible and not delivery.is_possible
        if delivery.level > delivery.sent or is_proof:
            return why if delivery.level <= up_to else None
        if delivery.sent <= up_to:
            return why
        is_due = delivery.sent_at is None or at - delivery.sent_at >= self._update_every
        return None if is_due else SuppressionReason.THROTTLED.value

    def _index(self, site_id: str, delivery: SiteDelivery) -> None:
        self._deliveries[site_id] = delivery
        site = self.sites.get(site_id)
        _put(self._waiting, site_id, belongs=not delivery.was_sent)
        if site is not None:  # a red warning that was not delivered inhibits no other
            is_red = delivery.level is delivery.sent is Level.RED
            _put(self._red[site.world, site.region], site_id, belongs=is_red)

    def _is_red(self, site_id: str) -> bool:
        """Return whether dispatch knows of a red site in the region of this one."""
        site = self.sites.get(site_id)
        return site is not None and bool(self._red.get((site.world, site.region)))

    def _mutes_at(self, at: datetime) -> _MutesInForce:
        """Return the mutes in force at a time; the last answer is cached, because every site of a tick asks."""
        if self._in_force_of is None or self._in_force_of[0] is not self.mutes or self._in_force_of[1] != at:
            wide: list[Mute] = []
            by_site: dict[str, list[Mute]] = defaultdict(list)
            for mute in self.mutes:
                if mute.is_active(at):
                    (by_site[mute.scope.site_id] if mute.scope.site_id else wide).append(mute)
            self._in_force_of, self._in_force = (self.mutes, at), _MutesInForce(wide, by_site)
        return self._in_force

    def _of_world(self, site_ids: Iterable[str], world: str) -> list[tuple[Site, SiteDelivery]]:
        known = ((self.sites.get(site_id), self._deliveries[site_id]) for site_id in site_ids)
        return [(site, delivery) for site, delivery in known if site is not None and site.world == world]


def _put(index: set[str], site_id: str, *, belongs: bool) -> None:
    if belongs:
        index.add(site_id)
    else:
        index.discard(site_id)
