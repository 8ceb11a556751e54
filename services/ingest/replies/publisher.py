"""Carries answers to devices, in a thread of its own, so that no reading waits for an answer."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rencheng.runtime.logs import get_logger
from services.ingest import metrics
from services.ingest.replies.pending import PendingReplies

log = get_logger("ingest")

TICK_S = 0.1


class ReplyPublisher:
    """Takes out what is due, evenly, at no more than a set rate.

    Args:
        answers: what is owed.
        tell: sends a payload to a topic, without waiting; false if it could not.
        per_s: the most answers in a second, to all devices together.
    """

    def __init__(self, answers: PendingReplies, tell: Callable[[str, bytes], bool], *, per_s: int) -> None:
        self._pending = answers
        self._publish = tell
        self._at_most = max(1, round(per_s * TICK_S))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop. What is still owed is not said."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            due = self._pending.due(now_s=time.monotonic(), time=datetime.now(UTC), at_most=self._at_most)
            for topic, payload in due:
                metrics.count_replies(sent=self._said(topic, payload))

    def _said(self, topic: str, payload: bytes) -> bool:
        try:
            return self._publish(topic, payload)
        except Exception as error:  # noqa: BLE001 - one answer must not end the thread: no device would hear any more
            log.warning("an answer could not be told", topic=topic, why=repr(error))
            return False
