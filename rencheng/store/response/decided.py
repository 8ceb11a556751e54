"""Turn decided warnings and notices into dispatches, in the order in which they were decided."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, text

from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.response.delivery.dispatch import ContactKind, DeliveryMode, DispatchIntent
from rencheng.response.delivery.subscription import (
    DecidedEvent,
    DecidedNotice,
    SubscribedMethod,
    event_intents,
    notice_intents,
)
from rencheng.store.core.database import database_now
from rencheng.store.response.enqueue import enqueue
from rencheng.store.schema.delivery_tables import contact_methods, subscribers, undispatched
from rencheng.store.schema.suppression_tables import notices
from rencheng.store.schema.tables import sites, warning_events, warnings

BATCH_MAX = 50
"""Decisions that become dispatches in one transaction."""

_ALONE = text("SELECT pg_try_advisory_xact_lock(7766, 4)")  # 1: migration 0002; 2: store/jobs.py; 3: spare_list.py
"""One process at a time, so that the messages of a warning get their dispatches in order."""


def dispatch_decided(connection: Connection) -> int:
    """Write the dispatches of the oldest decisions. Return the number of decisions."""
    if not connection.execute(_ALONE).scalar_one():
        return 0
    waiting = connection.execute(
        select(undispatched.c.source, undispatched.c.source_id)
        .order_by(undispatched.c.source, undispatched.c.source_id)
        .limit(BATCH_MAX)
    ).all()
    if not waiting:
        return 0
    subscriptions, now = load_subscriptions(connection), database_now(connection)
    intents: list[DispatchIntent] = []
    ids = {source: [row.source_id for row in waiting if row.source == source] for source in ("event", "notice")}
    for event in _events(connection, ids["event"]):
        intents += event_intents(event, subscriptions, now)
    for notice in _notices(connection, ids["notice"]):
        intents += notice_intents(notice, subscriptions, now)
    enqueue(connection, intents)
    for source, numbers in ids.items():
        done = undispatched.c.source_id.in_(numbers)
        connection.execute(delete(undispatched).where(undispatched.c.source == source, done))
    return len(waiting)


def load_subscriptions(connection: Connection) -> list[SubscribedMethod]:
    """Return the contact methods of all subscribers that are active, with their filters."""
    query = (
        select(contact_methods.c.method_id, contact_methods.c.mode, contact_methods.c.worlds, subscribers)
        .join(subscribers, subscribers.c.subscriber_id == contact_methods.c.subscriber_id)
        .where(subscribers.c.active, contact_methods.c.ended_at.is_(None))
        .where(contact_methods.c.kind.in_([kind.value for kind in ContactKind]))
        .order_by(contact_methods.c.method_id)
    )
    return [
        SubscribedMethod(
            row.method_id,
            DeliveryMode(row.mode),
            frozenset(row.worlds),
            Level(row.level_min),
            tuple(row.regions),
            frozenset(row.site_types),
            frozenset(row.sites),
            row.wants_updates,
            row.wants_notices,
        )
        for row in connection.execute(query)
    ]


def _events(connection: Connection, event_ids: Sequence[int]) -> list[DecidedEvent]:
    earlier = warning_events.alias("earlier")
    of_warning = earlier.c.warning_id == warning_events.c.warning_id
    peak = select(func.max(earlier.c.level)).where(of_warning, earlier.c.sequence <= warning_events.c.sequence)
    known = select(earlier.c.level).where(of_warning, earlier.c.sequence < warning_events.c.sequence)
    query = (
        select(
            warning_events.c.event_id,
            warning_events.c.identifier,
            warning_events.c.warning_id,
            warning_events.c.sequence,
            warnings.c.world,
            sites.c.region,
            sites.c.site_type,
            sites.c.site_id,
            warning_events.c.level,
            func.coalesce(known.order_by(earlier.c.sequence.desc()).limit(1).scalar_subquery(), 0).label("known"),
            peak.scalar_subquery().label("peak"),
            warning_events.c.message_type,
        )
        .join(warnings, warnings.c.warning_id == warning_events.c.warning_id)
        .join(sites, sites.c.site_id == warnings.c.site_id)
        .where(warning_events.c.event_id.in_(event_ids))
        .order_by(warning_events.c.event_id)
    )
    return [
        DecidedEvent(
            row.event_id,
            row.identifier,
            row.warning_id,
            row.sequence,
            row.world,
            row.region,
            row.site_type,
            row.site_id,
            Level(row.level),
            Level(row.known),
            Level(row.peak),
            row.message_type == MessageType.CANCEL,
        )
        for row in connection.execute(query)
    ]


def _notices(connection: Connection, notice_ids: Sequence[int]) -> list[DecidedNotice]:
    found: list[DecidedNotice] = []
    query = select(notices).where(notices.c.notice_id.in_(notice_ids)).order_by(notices.c.notice_id)
    for row in connection.execute(query).all():
        places = select(sites.c.region, sites.c.site_type, sites.c.site_id).where(sites.c.site_id.in_(row.site_ids))
        region = row.topic.removeprefix("region ") if row.topic.startswith("region ") else None
        named = tuple((place.region, place.site_type, place.site_id) for place in connection.execute(places))
        found.append(
            DecidedNotice(row.notice_id, row.world, f"{row.kind} {row.topic}", Level(row.level), named, region)
        )
    return found
