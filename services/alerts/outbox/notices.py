"""Notices on their way out: recorded in the database, and offered to the relay until they are delivered."""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence

from rencheng.domain.notice import Notice
from rencheng.domain.outgoing import OutgoingMessage
from rencheng.messages.notice_json import notice_document, notice_topic
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Backoff
from rencheng.store.core.database import Engine
from rencheng.store.warnings.notices import add_notices
from services.alerts.outages import RETRY_S, database_optional

log = get_logger("alerts")

UNRECORDED_MAX = 1000
"""Notices that wait to be recorded while the database is away; of a longer outage the last ones are kept."""


class NoticeOutbox:
    """Holds the newest notice of each topic until it is delivered, and every notice until it is recorded.

    Args:
        engine: the database.
        clock: the time of the retries, and from when on a notice is due.
    """

    def __init__(self, engine: Engine, clock: Clock = SYSTEM_CLOCK) -> None:
        self._engine = engine
        self._clock = clock
        self._unsent: dict[str, OutgoingMessage] = {}  # by MQTT topic
        self._unrecorded: deque[Notice] = deque(maxlen=UNRECORDED_MAX)
        self._numbers = itertools.count(1)
        self._backoff = Backoff(RETRY_S, RETRY_S, clock)

    def add(self, notices: Iterable[Notice]) -> None:
        """Take in notices. A newer one replaces one of its topic that was not sent."""
        for notice in notices:
            log.info(
                "notice", kind=notice.kind, topic=notice.topic, in_force=notice.in_force, sites=len(notice.site_ids)
            )
            topic, identifier = notice_topic(notice), f"notice-{next(self._numbers)}"
            self._unsent[topic] = OutgoingMessage(identifier, topic, dict(notice_document(notice)), self._clock.now())
            self._unrecorded.append(notice)

    def unsent(self) -> list[OutgoingMessage]:
        """Return the notices that are not delivered, in order."""
        return list(self._unsent.values())

    def confirm(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
        """Note that messages were delivered. Return those that are no notices."""
        others: list[OutgoingMessage] = []
        for message in messages:
            if message.site_id:
                others.append(message)
            elif self._unsent.get(message.topic) is message:
                del self._unsent[message.topic]
        return others

    def record(self) -> None:
        """Write the notices that are not recorded yet."""
        if not self._unrecorded or not self._backoff.may_try():
            return
        self._backoff.record_failure()  # until it has succeeded
        with (
            database_optional("notices are delivered unrecorded", waiting=len(self._unrecorded)) as attempt,
            self._engine.begin() as connection,
        ):
            add_notices(connection, list(self._unrecorded))
        if not attempt.succeeded:
            return
        self._backoff.record_success()
        self._unrecorded.clear()
