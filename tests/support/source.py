"""A message source without a broker."""

from collections.abc import Iterable
from datetime import UTC, datetime

from rencheng.checks.clock import ClockLimits
from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import Inbox
from rencheng.messaging.source import AckHandle, InboundMessage
from rencheng.quotas import Quotas
from services.alerts.source.live_readings import LiveReadings


def live_readings() -> LiveReadings:
    """Return the reader of live messages with the usual quotas."""
    return LiveReadings(Quotas(per_minute=6000), ClockLimits())


class MemorySource:
    """A source that tests fill themselves. It notes what was acknowledged."""

    def __init__(self) -> None:
        self._inbox = Inbox()
        self.acked: list[AckHandle] = []

    @property
    def waiting(self) -> int:
        return len(self._inbox)

    def put(self, topic: str, payload: bytes) -> None:
        self.put_message(ReceivedMessage(topic, payload, datetime.now(UTC)))

    def put_message(self, message: ReceivedMessage) -> None:
        self._inbox.put([InboundMessage(message, AckHandle())])

    def take(self, batch_max: int, wait_s: float) -> list[InboundMessage]:
        return self._inbox.take(batch_max, wait_s)

    def ack(self, handles: Iterable[AckHandle]) -> None:
        self.acked.extend(handles)
