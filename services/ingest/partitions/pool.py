"""The partition workers, each with the messages of its own devices."""

import threading
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.source import AckHandle, InboundMessage
from rencheng.runtime.logs import get_logger
from services.ingest import metrics
from services.ingest.partitions.ack_tracker import AckTracker, PendingAck
from services.ingest.partitions.worker import PartitionWorker, Processor, WorkItem
from services.ingest.processing.writer import Stopped

log = get_logger("ingest")

DRAIN_S = 5.0

OpenProcessor = Callable[[int, bool, ExitStack], Processor]
"""Opens the processor of a partition, the only one or one of several, and has the stack close it."""


class WriterPool:
    """Dispatches messages to partition workers by device, so that a device's readings stay in order.

    Args:
        open_processor: opens the processor of a partition.
        ack: acknowledges messages to the broker.
        stop: set when the process is asked to stop, and by a worker that fails.
        batch_max: the most messages in one transaction.
    """

    def __init__(
        self,
        open_processor: OpenProcessor,
        ack: Callable[[Sequence[AckHandle]], None],
        stop: threading.Event,
        *,
        batch_max: int,
    ) -> None:
        self._open_processor = open_processor
        self._stop = stop
        self._batch_max = batch_max
        self._failure: Exception | None = None
        self._acks = AckTracker(ack)
        self._workers: list[PartitionWorker] = []
        self._through = datetime.now(UTC)

    def __len__(self) -> int:
        """Return how many workers run."""
        return len(self._workers)

    @property
    def bytes_under_way(self) -> int:
        """Return the payload that is dispatched and not acknowledged."""
        return self._acks.bytes_under_way

    @property
    def oldest_received_at(self) -> datetime | None:
        """Return when the oldest message that is not acknowledged was received; None without one."""
        return self._acks.oldest_received_at

    def dispatch(self, messages: Sequence[InboundMessage], *, polled_at: datetime, wait_s: float) -> bool:
        """Submit to each worker the messages of its partition, and return whether there was space for them.

        If not, the caller tries again with the same messages.

        Args:
            messages: in the order of arrival, without a gap up to `polled_at`.
            polled_at: when the source was asked for them.
            wait_s: how long to wait for space, seconds.
        """
        if not messages:
            self._through = polled_at
            return True
        partitions = self._partition(messages)
        sizes = [sum(len(one.payload) for one in part) for _, part in partitions]
        received_at = messages[0].message.received_at
        pending = PendingAck([one.handle for one in messages], sum(sizes), len(partitions), received_at)
        if not self._acks.track(pending, wait_s=wait_s):
            return False
        through = messages[-1].message.received_at
        for (worker, part), size_bytes in zip(partitions, sizes, strict=True):
            worker.submit(WorkItem(part, size_bytes, through, pending))
        self._through = through
        return True

    def resize(self, size: int) -> bool:
        """Change the number of workers, and return whether it could be done yet.

        All that was dispatched is committed first. Otherwise a reading could overtake an older one of its device.
        """
        if size == len(self._workers):
            return True
        if not self._acks.wait_until_empty(wait_s=DRAIN_S):
            return False
        before = len(self._workers)
        self.close()
        self._workers = [self._start(number, alone=size == 1) for number in range(size)]
        metrics.set_writers(size)
        log.info("writers", before=before, now=size)
        return True

    def wait_until_open(self) -> None:
        """Wait until the processor of each worker is open.

        Raises:
            Stopped: asked to stop first.
        """
        while not all(worker.opened.wait(0.1) for worker in self._workers):
            if self._stop.is_set():
                raise Stopped

    def drain(self) -> None:
        """Wait a little for commits. A message that is committed but not acknowledged comes again, as a duplicate."""
        self._acks.wait_until_empty(wait_s=DRAIN_S)

    def close(self) -> None:
        """End all workers, each after the items it has.

        Raises:
            Exception: the error of a worker that failed.
        """
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.join()
        self._workers = []
        if self._failure is not None:
            raise self._failure

    def _start(self, number: int, *, alone: bool) -> PartitionWorker:
        return PartitionWorker(
            number,
            open_processor=partial(self._open_processor, number, alone),
            dispatched_through=lambda: self._through,
            completed=self._acks.complete,
            failed=self._fail,
            batch_max=self._batch_max,
        )

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._stop.set()

    def _partition(self, messages: Sequence[InboundMessage]) -> list[tuple[PartitionWorker, list[ReceivedMessage]]]:
        workers = self._workers
        if len(workers) == 1:
            return [(workers[0], [one.message for one in messages])]
        parts: list[list[ReceivedMessage]] = [[] for _ in workers]
        for one in messages:
            parts[zlib.crc32(one.message.topic.encode()) % len(workers)].append(one.message)
        return [(worker, part) for worker, part in zip(workers, parts, strict=True) if part]
