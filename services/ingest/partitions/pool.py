"""The slots at work, each given the messages of its own devices."""

import threading
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from rencheng.intake import InboundPayload
from rencheng.messaging.inbox import AckHandle, InboundMessage
from rencheng.runtime.logs import get_logger
from services.ingest import metrics
from services.ingest.partitions.ack_tracker import AckTracker, PendingAck
from services.ingest.partitions.worker import PartitionWorker, Processor, WorkerCallbacks, WorkItem
from services.ingest.processing.writer import Stopped

log = get_logger("ingest")

DRAIN_S = 5.0

OpenProcessor = Callable[[int, bool, ExitStack], Processor]
"""Opens the desk of a slot, alone or one of several, and has the stack close it."""


class WriterPool:
    """Deals messages to slots, by device, so that a device's readings stay in order.

    Args:
        open_desk: opens the desk of a slot.
        acknowledge: tells the broker that messages are settled.
        stop: set when the process is asked to stop, and by a slot that failed.
        batch_max: the most messages in one transaction.
    """

    def __init__(
        self,
        open_desk: OpenProcessor,
        acknowledge: Callable[[Sequence[AckHandle]], None],
        stop: threading.Event,
        *,
        batch_max: int,
    ) -> None:
        self._open_processor = open_desk
        self._stop = stop
        self._batch_max = batch_max
        self._failure: Exception | None = None
        self._acks = AckTracker(acknowledge)
        self._workers: list[PartitionWorker] = []
        self._through = datetime.now(UTC)

    def __len__(self) -> int:
        """How many slots are at work."""
        return len(self._workers)

    def dispatch(self, deliveries: Sequence[InboundMessage], *, looked_at: datetime, wait_s: float) -> bool:
        """Give each slot its share. False if there was no room for so long: try again with the same.

        Args:
            deliveries: in the order of arrival; none of what came before `looked_at` is missing.
            looked_at: when they were asked for.
            wait_s: how long to wait for room, seconds.
        """
        if not deliveries:
            self._through = looked_at
            return True
        shares = self._partition(deliveries)
        size = sum(len(one.message.payload) for one in deliveries)
        ticket = PendingAck([one.ack for one in deliveries], size, len(shares))
        if not self._acks.track(ticket, wait_s=wait_s):
            return False
        through = deliveries[-1].message.received_at
        for slot, messages in shares:
            slot.submit(WorkItem(messages, through, ticket))
        self._through = through
        return True

    def resize(self, size: int) -> bool:
        """Work with so many slots from now on. False if what was dealt is not settled yet: try again.

        Everything dealt is settled first, so that no slot is stranded with what another is to do, and no reading of a
        device overtakes an older one.
        """
        if size == len(self._workers):
            return True
        if not self._acks.wait_until_empty(wait_s=DRAIN_S):
            return False
        was = len(self._workers)
        self.close()
        self._workers = [PartitionWorker(number, self._callbacks(number, alone=size == 1)) for number in range(size)]
        metrics.set_writers(size)
        log.info("slots", were=was, are=size)
        return True

    def wait_until_open(self) -> None:
        """Until every slot has its desk.

        Raises:
            Stopped: asked to stop first.
        """
        while not all(slot.opened.wait(0.1) for slot in self._workers):
            if self._stop.is_set():
                raise Stopped

    def drain(self) -> None:
        """Wait a little for what was dealt: what is committed and not acknowledged comes again, as duplicates."""
        self._acks.wait_until_empty(wait_s=DRAIN_S)

    def close(self) -> None:
        """End all slots, once each has settled what it is at.

        Raises:
            Exception: what a slot failed with, if one did.
        """
        for slot in self._workers:
            slot.end()
        for slot in self._workers:
            slot.join()
        self._workers = []
        if self._failure is not None:
            raise self._failure

    def _callbacks(self, number: int, *, alone: bool) -> WorkerCallbacks:
        open_desk = partial(self._open_processor, number, alone)
        return WorkerCallbacks(open_desk, lambda: self._through, self._acks.complete, self._failed, self._batch_max)

    def _failed(self, error: Exception) -> None:
        self._failure = error
        self._stop.set()

    def _partition(self, deliveries: Sequence[InboundMessage]) -> list[tuple[PartitionWorker, list[InboundPayload]]]:
        slots = self._workers
        if len(slots) == 1:
            return [(slots[0], [one.message for one in deliveries])]
        shares: list[list[InboundPayload]] = [[] for _ in slots]
        for delivery in deliveries:
            shares[zlib.crc32(delivery.message.topic.encode()) % len(slots)].append(delivery.message)
        return [(slot, share) for slot, share in zip(slots, shares, strict=True) if share]
