"""What each device is still to be told: gathered while its last answer is fresh, then said in one document.

Nothing hangs on an answer. One that is dropped, or not heard, costs the device a repetition, which is harmless.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rencheng.codecs.receipts import ReceiptDocument, RejectedPart, ShedPart
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.receipt import message_id
from rencheng.domain.topic import Channel
from rencheng.intake import IntakeResult
from rencheng.store.quarantine.record import QuarantineRecord

ROUND_S = 1.0
"""A device gets one answer in so long, at most."""

SETTLED_MAX = 1000
"""The most messages that one answer names. A device should have fewer on their way."""

REJECTED_MAX = 10
"""The most refusals that one answer explains; the others it counts."""

DETAIL_MAX = 200
OWED_MAX, EXPLAINED_MAX = 500_000, 20_000
"""The most messages named and refusals explained to all devices together: at most some 60 MB. At 7,500 messages and
1,000 answers a second, 75,000 devices that all want receipts have one each every 75 seconds: so many are owed then."""

_TELEMETRY = f"/{Channel.TELEMETRY}"


@dataclass(slots=True)
class _PendingReply:
    topic: str
    settled: list[str] = field(default_factory=list)
    rejected: list[RejectedPart] = field(default_factory=list)
    rejected_more: int = 0
    shed: int = 0
    retry_after_s: float = 0.0

    def document(self, time: datetime) -> ReceiptDocument:
        return ReceiptDocument(
            time=time,
            settled=self.settled,
            rejected=self.rejected,
            rejected_more=self.rejected_more,
            shed=ShedPart(readings=self.shed, retry_after_s=round(self.retry_after_s, 1)) if self.shed else None,
        )


class PendingReplies:
    """Shared by the walk, which notes, and the postman's thread, which takes out.

    Args:
        round_s: how long answers are gathered for, seconds.
    """

    def __init__(self, *, round_s: float = ROUND_S) -> None:
        self._round_s = round_s
        self._lock = threading.Lock()
        self._gathering: dict[str, _PendingReply] = {}
        self._going_out: deque[_PendingReply] = deque()
        self._began_s = float("-inf")
        self._pending = self._explained = 0

    def add(
        self, batch: Sequence[IntakeResult], refused: Sequence[QuarantineRecord], directory: Mapping[str, Device]
    ) -> int:
        """A batch is committed: owe its senders an answer. How many messages will not be named, for want of room."""
        find = directory.get
        wanted = [
            admitted
            for admitted in batch
            if (device := find(admitted.device_id or "")) is not None
            and device.receipts
            and admitted.message.topic.endswith(_TELEMETRY)  # a keep-alive, which holds no reading, is settled too
        ]
        unnamed = 0
        with self._lock:
            for admitted in wanted:
                if not admitted.rejections or admitted.rejections[0].reason is not RejectionReason.QUOTA:
                    unnamed += not self._settled(admitted)
            for item in refused:
                device = find(item.device_id or "")
                if device is not None and device.retired_at is None:
                    self._rejected(device.device_id, item)
        return unnamed

    def due(self, *, now_s: float, time: datetime, at_most: int) -> list[tuple[str, bytes]]:
        """Answers that go out now: topic and payload.

        Args:
            now_s: a clock that only goes forward, seconds.
            time: the wall clock, UTC.
            at_most: how many.
        """
        with self._lock:
            if not self._going_out and now_s - self._began_s >= self._round_s:
                self._going_out.extend(self._gathering.values())
                self._gathering = {}
                self._began_s = now_s
            taken = [self._going_out.popleft() for _ in range(min(at_most, len(self._going_out)))]
            self._pending -= sum(len(owed.settled) for owed in taken)
            self._explained -= sum(len(owed.rejected) for owed in taken)
        return [(owed.topic, owed.document(time).encode()) for owed in taken]

    def _settled(self, admitted: IntakeResult) -> bool:
        assert admitted.device_id is not None  # noqa: S101 - it was found in the registry
        owed = self._pending_of(admitted.device_id, admitted.message.topic)
        if len(owed.settled) == SETTLED_MAX or self._pending == OWED_MAX:
            return False
        owed.settled.append(message_id(admitted.message.payload))
        self._pending += 1
        return True

    def _rejected(self, device_id: str, item: QuarantineRecord) -> None:
        owed = self._pending_of(device_id, item.topic)
        if item.reason is RejectionReason.QUOTA:
            owed.shed += item.times
            owed.retry_after_s = item.retry_after_s or 0.0
        elif len(owed.rejected) == REJECTED_MAX or self._explained == EXPLAINED_MAX:
            owed.rejected_more += 1
        else:
            message, detail = message_id(item.payload), item.detail[:DETAIL_MAX]
            owed.rejected.append(
                RejectedPart(message=message, position=item.position, reason=item.reason, detail=detail)
            )
            self._explained += 1

    def _pending_of(self, device_id: str, topic: str) -> _PendingReply:
        """A device's account. Its answer goes where it spoke from, also if that is not where it is registered."""
        owed = self._gathering.get(device_id)
        if owed is None:
            owed = self._gathering[device_id] = _PendingReply(f"{topic.rpartition('/')[0]}/{Channel.REPLY}")
        return owed
