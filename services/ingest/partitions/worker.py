"""One partition worker: a thread that has its processor write work items in batches, in order."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import BATCH_BYTES_MAX
from services.ingest import metrics
from services.ingest.partitions.ack_tracker import PendingAck
from services.ingest.processing.writer import Stopped
from services.ingest.result import BatchResult

IDLE_S = 1.0
"""How often an idle worker writes an empty batch, which records its progress."""

LINGER_MESSAGES = 1000
LINGER_S, LINGER_IDLE_S = 0.025, 0.003
"""A commit costs 1 to 2 ms of CPU that the broker needs too. Under high load a worker therefore lingers, up to
LINGER_MESSAGES messages and LINGER_S, to build a larger batch. It stops after LINGER_IDLE_S without a message: the
broker's in-flight window may be full and waiting for acknowledgements."""

BUSY_MESSAGES, BUSY_PER_S = 64, 6000.0
"""High load: a batch of this many messages, or this many messages a second. The rate counts because a fast database
never lets a batch grow. A broker with a window of 20 passes on fewer, and so a worker never lingers for it in vain."""

RATE_WINDOW_S = 0.1


class Processor(Protocol):
    """What writes a batch, in this process or in a child process."""

    def process(self, messages: Sequence[ReceivedMessage], *, received_through: datetime) -> BatchResult:
        """See `BatchProcessor.process`."""
        ...


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One partition's part of a dispatch.

    Attributes:
        messages: in the order of arrival.
        size_bytes: the payload of these messages alone.
        through: when the last message of the whole dispatch arrived.
        pending_ack: the acknowledgement of the whole dispatch.
    """

    messages: Sequence[ReceivedMessage]
    size_bytes: int
    through: datetime
    pending_ack: PendingAck


class RateMeter:
    """Messages a second, over the last window of `RATE_WINDOW_S`."""

    def __init__(self, now_s: float) -> None:
        self.per_s = 0.0
        self._count, self._since_s = 0, now_s

    def add(self, messages: int, now_s: float) -> None:
        """Count messages that arrived."""
        self._count += messages
        if (window_s := now_s - self._since_s) >= RATE_WINDOW_S:
            self.per_s = self._count / window_s
            self._count, self._since_s = 0, now_s


class PartitionWorker:
    """A thread that processes the work items of one partition until it is asked to end.

    Args:
        number: of the partition, from 0.
        open_processor: opens the worker's processor, and has the stack close it.
        dispatched_through: returns the time by which all received messages have been dispatched.
        completed: called with the pending acknowledgement of each work item that is committed.
        failed: called with the error that ends the worker early.
        batch_max: the most messages in one transaction.

    Attributes:
        opened: set when the processor is open.
    """

    def __init__(
        self,
        number: int,
        *,
        open_processor: Callable[[ExitStack], Processor],
        dispatched_through: Callable[[], datetime],
        completed: Callable[[PendingAck], None],
        failed: Callable[[Exception], None],
        batch_max: int,
    ) -> None:
        self.opened = threading.Event()
        self._open_processor = open_processor
        self._dispatched_through = dispatched_through
        self._completed = completed
        self._failed = failed
        self._batch_max = batch_max
        self._queue: queue.SimpleQueue[WorkItem | None] = queue.SimpleQueue()
        self._rate = RateMeter(time.monotonic())
        self._thread = threading.Thread(target=self._run, name=f"partition {number}")
        self._thread.start()

    def submit(self, item: WorkItem) -> None:
        """Queue a work item behind those submitted before."""
        self._queue.put(item)

    def end(self) -> None:
        """Ask the worker to end after the items submitted so far."""
        self._queue.put(None)

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                processor = self._open_processor(stack)
                self.opened.set()
                while self._work(processor):
                    pass
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - a thread that ends unnoticed would leave its partition unprocessed
            self._failed(error)

    def _work(self, processor: Processor) -> bool:
        """Process one batch, empty if nothing comes, and return whether to go on."""
        through = self._dispatched_through()  # before reading the queue: all that was received by then is in it
        try:
            first = self._queue.get(timeout=IDLE_S)
        except queue.Empty:
            processor.process([], received_through=through)
            return True
        items, goes_on = self._gather(first)
        if items:
            self._process(processor, items)
        return goes_on

    def _gather(self, item: WorkItem | None) -> tuple[list[WorkItem], bool]:
        """Collect the work items of one batch, and return them and whether the worker goes on after them."""
        items: list[WorkItem] = []
        messages = size_bytes = 0
        linger_until_s = time.monotonic() + LINGER_S
        while item is not None:
            items.append(item)
            messages += len(item.messages)
            size_bytes += item.size_bytes
            if messages >= self._batch_max or size_bytes >= BATCH_BYTES_MAX:
                break
            is_busy = messages >= BUSY_MESSAGES or self._rate.per_s >= BUSY_PER_S
            lingers = is_busy and messages < LINGER_MESSAGES and time.monotonic() < linger_until_s
            try:
                item = self._queue.get(timeout=LINGER_IDLE_S) if lingers else self._queue.get_nowait()
            except queue.Empty:
                break
        self._rate.add(messages, time.monotonic())
        return items, item is not None

    def _process(self, processor: Processor, items: list[WorkItem]) -> None:
        messages = [message for item in items for message in item.messages]
        began_s = time.monotonic()
        result = processor.process(messages, received_through=items[-1].through)
        metrics.count_batch(messages, result, took_s=time.monotonic() - began_s)
        for item in items:
            self._completed(item.pending_ack)
