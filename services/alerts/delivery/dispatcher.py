"""Deliver what is due, in the order in which it was said, until it has come through."""

import json
from collections.abc import Callable, Mapping, Sequence

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.database import Engine, commit_soon, in_our_words
from rencheng.store.warnings import Said, due_deliveries, mark_attempt, mark_delivered, settle_overtaken
from services.alerts.containment import contained

log = get_logger("alerts")

BATCH_MAX = 100

Publish = Callable[[str, bytes], bool]
"""Retains a payload on a topic; True when the broker has it."""

PublishAll = Callable[[Sequence[tuple[str, bytes]]], int]
"""Retains payloads on topics, in order; how many of the first the broker has."""


def as_payload(document: Mapping[str, object]) -> bytes:
    """A message's JSON form as bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def deliver_fresh(engine: Engine, publish_all: PublishAll, fresh: Sequence[Said]) -> bool:
    """Deliver what was committed just now, if nothing older is due. False if something of it still is.

    The same as `deliver_due`, but that the database is not asked for what is at hand, nor the broker's word waited for
    after each: on a busy machine each question costs a warning tens of milliseconds.
    """
    count = 0
    with contained("delivery; tried again from the database"):
        count = publish_all([(said.topic, as_payload(said.document)) for said in fresh])
    sent = [said.message.identifier for said in fresh[:count]]
    try:
        with in_our_words(), engine.begin() as connection:
            commit_soon(connection)  # what is not marked is delivered once more, under the same identifier
            mark_delivered(connection, sent)
    except StoreUnavailable as away:
        log.warning("database away, what was delivered will be delivered again", messages=len(sent), why=str(away))
        return False
    return len(sent) == len(fresh)


def deliver_due(engine: Engine, publish: Publish) -> bool:
    """Deliver until nothing is due. False if something still is.

    Delivery and its mark cannot be one step: after a crash between them a warning is retained once more, with the
    same identifier and content. What a later message of its site has overtaken is not sent: it would stand on the
    topic as if it were the newest.
    """
    try:
        while True:
            with in_our_words(), engine.begin() as connection:
                if overtaken := settle_overtaken(connection):
                    log.warning("overtaken by later messages, not sent", messages=overtaken)
                due = due_deliveries(connection, limit=BATCH_MAX)
                unfit = 0
                for event_id, topic, document in due:
                    try:
                        delivered = publish(topic, as_payload(document))
                    except ValueError:  # this one will never be sent so, and must not hold up the others
                        log.exception("a warning cannot be put on MQTT", topic=topic)
                        mark_attempt(connection, event_id, delivered=False)
                        unfit += 1
                        continue
                    mark_attempt(connection, event_id, delivered=delivered)
                    if not delivered:
                        log.warning("broker did not take a warning, trying again", topic=topic)
                        return False
            if unfit or len(due) < BATCH_MAX:
                return not unfit
    except StoreUnavailable as away:
        log.warning("database away, deliveries wait", why=str(away))
        return False
