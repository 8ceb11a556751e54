"""Deliver what is due, in the order in which it was said, until it has come through."""

import json
from collections.abc import Callable, Mapping

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.warnings.record import due_deliveries, mark_attempt, settle_overtaken

log = get_logger("alerts")

BATCH_MAX = 100

Publish = Callable[[str, bytes], bool]
"""Retains a payload on a topic; True when the broker has it."""


def as_payload(document: Mapping[str, object]) -> bytes:
    """A message's JSON form as bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def relay_due(engine: Engine, publish: Publish) -> bool:
    """Deliver until nothing is due. False if something still is.

    Delivery and its mark cannot be one step: after a crash between them a warning is retained once more, with the
    same identifier and content. What a later message of its site has overtaken is not sent: it would stand on the
    topic as if it were the newest.
    """
    try:
        while True:
            with translate_errors(), engine.begin() as connection:
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
