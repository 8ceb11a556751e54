"""Publishes replies to devices in a thread of its own, so that no reading waits for a reply."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from rencheng.runtime.logs import get_logger
from rencheng.runtime.periodic import PeriodicThread
from services.ingest import metrics
from services.ingest.replies.pending import PendingReplies

log = get_logger("ingest")

TICK_S = 0.1


class ReplyPublisher(PeriodicThread):
    """Publishes the replies that are due, evenly, at no more than a set rate.

    Args:
        pending: the replies.
        publish: sends a payload to a topic without waiting, and returns whether there was a connection.
        per_s: the most replies in a second, to all devices together.
    """

    def __init__(self, pending: PendingReplies, publish: Callable[[str, bytes], bool], *, per_s: int) -> None:
        self._pending = pending
        self._publish = publish
        self._at_most = max(1, round(per_s * TICK_S))
        super().__init__(self._send_due, TICK_S, name="replies")

    def _send_due(self) -> None:
        due = self._pending.due(now_s=time.monotonic(), time=datetime.now(UTC), at_most=self._at_most)
        for topic, payload in due:
            metrics.count_reply(sent=self._is_sent(topic, payload))

    def _is_sent(self, topic: str, payload: bytes) -> bool:
        try:
            return self._publish(topic, payload)
        except Exception as error:  # noqa: BLE001 - one reply must not end the thread that sends all others
            log.warning("reply not sent", topic=topic, why=repr(error))
            return False
