"""Replies that devices are to get: collected for a second, then sent in one document.

A reply may be lost. The device then sends its messages again, which is harmless.
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
"""A device gets at most one reply in this time."""

SETTLED_MAX = 1000
"""The most messages that one reply names. A device should have fewer under way."""

REJECTED_MAX = 10
"""The most rejections that one reply explains. The others are counted."""

DETAIL_MAX = 200
PENDING_MAX, EXPLAINED_MAX = 500_000, 20_000
"""The most messages named and rejections explained in all pending replies: about 60 MB at most. At 7,500 messages and
1,000 replies a second, 75,000 devices with receipts get one each every 75 s, and about 500,000 messages wait."""

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
    """The replies of one writer. Its processor adds to them; the thread of the reply publisher takes them out.

    Args:
        round_s: how long replies are collected, seconds.
    """

    def __init__(self, *, round_s: float = ROUND_S) -> None:
        self._round_s = round_s
        self._lock = threading.Lock()
        self._collecting: dict[str, _PendingReply] = {}
        self._due: deque[_PendingReply] = deque()
        self._round_began_s: float | None = None
        self._pending = self._explained = 0

    def add(
        self, batch: Sequence[IntakeResult], rejected: Sequence[QuarantineRecord], directory: Mapping[str, Device]
    ) -> int:
        """Add the replies to a committed batch, and return how many messages no receipt will name, for lack of space.

        Args:
            batch: the messages.
            rejected: what intake and the database rejected of them.
            directory: the registry, which says who wants receipts.
        """
        find = directory.get
        wanted = [
            one
            for one in batch
            if (device := find(one.device_id or "")) is not None
            and device.receipts
            and one.message.topic.endswith(_TELEMETRY)  # includes keep-alives, which hold no reading
        ]
        dropped = 0
        with self._lock:
            for one in wanted:
                if not one.rejections or one.rejections[0].reason is not RejectionReason.QUOTA:
                    dropped += not self._add_settled(one)
            for item in rejected:
                device = find(item.device_id or "")
                if device is not None and device.retired_at is None:
                    self._add_rejected(device.device_id, item)
        return dropped

    def due(self, *, now_s: float, time: datetime, at_most: int) -> list[tuple[str, bytes]]:
        """Take out replies that are due, each as topic and payload.

        Args:
            now_s: a monotonic clock, seconds.
            time: the wall clock, UTC.
            at_most: how many.
        """
        with self._lock:
            if not self._due and (self._round_began_s is None or now_s - self._round_began_s >= self._round_s):
                self._due.extend(self._collecting.values())
                self._collecting = {}
                self._round_began_s = now_s
            taken = [self._due.popleft() for _ in range(min(at_most, len(self._due)))]
            self._pending -= sum(len(reply.settled) for reply in taken)
            self._explained -= sum(len(reply.rejected) for reply in taken)
        return [(reply.topic, reply.document(time).encode()) for reply in taken]

    def _add_settled(self, result: IntakeResult) -> bool:
        assert result.device_id is not None  # noqa: S101 - it was found in the registry
        reply = self._reply_to(result.device_id, result.message.topic)
        if len(reply.settled) == SETTLED_MAX or self._pending == PENDING_MAX:
            return False
        reply.settled.append(message_id(result.message.payload))
        self._pending += 1
        return True

    def _add_rejected(self, device_id: str, item: QuarantineRecord) -> None:
        reply = self._reply_to(device_id, item.topic)
        if item.reason is RejectionReason.QUOTA:
            reply.shed += item.times
            reply.retry_after_s = item.retry_after_s or 0.0
        elif len(reply.rejected) == REJECTED_MAX or self._explained == EXPLAINED_MAX:
            reply.rejected_more += 1
        else:
            message, detail = message_id(item.payload), item.detail[:DETAIL_MAX]
            reply.rejected.append(
                RejectedPart(message=message, position=item.position, reason=item.reason, detail=detail)
            )
            self._explained += 1

    def _reply_to(self, device_id: str, topic: str) -> _PendingReply:
        """Return a device's pending reply. It goes to the topic that the device used, even if another is registered."""
        reply = self._collecting.get(device_id)
        if reply is None:
            reply = self._collecting[device_id] = _PendingReply(f"{topic.rpartition('/')[0]}/{Channel.REPLY}")
        return reply
