"""Which messages a subscriber gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.region import code_includes
from rencheng.response.delivery.dispatch import DeliveryMode, DispatchIntent, DispatchSource

EXPIRY = timedelta(minutes=60)
"""A message to people is not sent after this. Proposal."""

UPDATE_EXPIRY = timedelta(minutes=15)
"""The same of an update at an unchanged level. Proposal."""

SYSTEM_EXPIRY = timedelta(hours=24)
"""The same of a message to a system that gets every message. Source: the last retry of Standard Webhooks."""


@dataclass(frozen=True, slots=True)
class SubscribedMethod:
    """A contact method of a subscriber, with the subscriber's filters. An empty filter includes all."""

    method_id: int
    mode: DeliveryMode
    worlds: frozenset[str]
    level_min: Level = Level.BLUE
    regions: tuple[str, ...] = ()
    site_types: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    wants_updates: bool = True
    wants_notices: bool = False

    def covers(self, world: str, region: str, site_type: str, site_id: str) -> bool:
        """Return whether the filters include a site."""
        return (
            world in self.worlds
            and (not self.regions or any(code_includes(code, region) for code in self.regions))
            and (not self.site_types or site_type in self.site_types)
            and (not self.sites or site_id in self.sites)
        )


@dataclass(frozen=True, slots=True)
class DecidedEvent:
    """A message of a warning that is to be delivered.

    Attributes:
        known_level: the level of the message before it; NONE for the first.
        peak_level: the highest level of the warning up to this message.
    """

    event_id: int
    identifier: str
    warning_id: str
    sequence: int
    world: str
    region: str
    site_type: str
    site_id: str
    level: Level
    known_level: Level
    peak_level: Level
    is_end: bool


@dataclass(frozen=True, slots=True)
class DecidedNotice:
    """A notice that is to be delivered.

    Attributes:
        places: (region, site type, site) of each site that it names.
    """

    notice_id: int
    world: str
    topic: str
    level: Level
    places: tuple[tuple[str, str, str], ...]
    region: str | None = None


def wants_event(subscription: SubscribedMethod, event: DecidedEvent) -> bool:
    """Return whether a subscription gets a message.

    From the first message at or above its level on, a subscription gets the whole warning, also its fall and its end.
    """
    if not subscription.covers(event.world, event.region, event.site_type, event.site_id):
        return False
    if event.peak_level < subscription.level_min:
        return False
    is_update = event.level is event.known_level and not event.is_end
    return subscription.wants_updates or not is_update


def wants_notice(subscription: SubscribedMethod, notice: DecidedNotice) -> bool:
    """Return whether a subscription gets a notice: one of its sites lies within the filters."""
    if not subscription.wants_notices or notice.world not in subscription.worlds:
        return False
    if not notice.places:
        return not subscription.sites and (
            notice.region is None
            or not subscription.regions
            or any(code_includes(code, notice.region) for code in subscription.regions)
        )
    return any(subscription.covers(notice.world, *place) for place in notice.places)


def event_intents(event: DecidedEvent, methods: Sequence[SubscribedMethod], now: datetime) -> list[DispatchIntent]:
    """Return a dispatch for each subscription that gets the message."""
    is_update = event.level is event.known_level and not event.is_end
    return [
        DispatchIntent(
            method_id=one.method_id,
            world=event.world,
            source=DispatchSource.EVENT,
            source_id=event.identifier,
            purpose="warning",
            level=event.level,
            line=event.warning_id,
            sequence=event.sequence,
            due_at=now,
            expires_at=now + _expiry(one.mode, is_update=is_update),
            warning_id=event.warning_id,
            event_id=event.event_id,
            is_end=event.is_end,
        )
        for one in methods
        if wants_event(one, event)
    ]


def notice_intents(notice: DecidedNotice, methods: Sequence[SubscribedMethod], now: datetime) -> list[DispatchIntent]:
    """Return a dispatch for each subscription that gets the notice."""
    return [
        DispatchIntent(
            method_id=one.method_id,
            world=notice.world,
            source=DispatchSource.NOTICE,
            source_id=str(notice.notice_id),
            purpose="notice",
            level=notice.level,
            line=f"notice {notice.topic}",
            sequence=notice.notice_id,
            due_at=now,
            expires_at=now + _expiry(one.mode, is_update=False),
        )
        for one in methods
        if wants_notice(one, notice)
    ]


def _expiry(mode: DeliveryMode, *, is_update: bool) -> timedelta:
    if mode is DeliveryMode.EVERY:
        return SYSTEM_EXPIRY
    return UPDATE_EXPIRY if is_update else EXPIRY
