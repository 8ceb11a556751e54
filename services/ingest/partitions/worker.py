"""One slot: a thread with a desk, which settles what it is given, in order."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rencheng.intake import InboundPayload
from rencheng.messaging.inbox import BATCH_BYTES_MAX
from services.ingest import metrics
from services.ingest.partitions.ack_tracker import PendingAck
from services.ingest.processing.writer import Stopped
from services.ingest.result import BatchResult

IDLE_S = 1.0
"""How often a slot with nothing to do says that it lives."""

LINGER_MESSAGES = 1000
GATHER_S, DRY_S = 0.025, 0.003
"""A commit costs a millisecond or two whatever it holds, of a core that the broker needs as well. In a storm it pays to
wait for more, up to GATHER_TO messages and GATHER_S, and only as long as more keep coming: when nothing came for DRY_S
the broker may have sent all that its window allows, and waits for us."""

STORM_MESSAGES, STORM_PER_S = 64, 6000.0
"""A storm is a batch of so many, or so many in a second: a fast database never lets a batch grow, and spends itself on
small ones. A quiet night never waits, nor does a broker with a window of 20, which gets through fewer."""

PACE_S = 0.1


class Processor(Protocol):
    """A desk here, or a hand elsewhere."""

    def process(self, messages: Sequence[InboundPayload], *, received_through: datetime) -> BatchResult:
        """See `Desk.settle`."""
        ...


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What one slot has of a ticket."""

    messages: Sequence[InboundPayload]
    through: datetime
    pending_ack: PendingAck


@dataclass(frozen=True, slots=True)
class WorkerCallbacks:
    """What a slot needs of those around it.

    Attributes:
        open_desk: opens its desk, and has the stack close it.
        dealt_through: all that had been received by then has been dealt.
        settled: told of each share that is committed.
        failed: told of what ends it before its time.
        batch_max: the most messages in one transaction.
    """

    open_processor: Callable[[ExitStack], Processor]
    dispatched_through: Callable[[], datetime]
    completed: Callable[[PendingAck], None]
    failed: Callable[[Exception], None]
    batch_max: int


class RateMeter:
    """How many messages came in a second, of late."""

    def __init__(self, now_s: float) -> None:
        self.per_s = 0.0
        self._count, self._since_s = 0, now_s

    def note(self, messages: int, now_s: float) -> None:
        """So many more came."""
        self._count += messages
        if (past_s := now_s - self._since_s) >= PACE_S:
            self.per_s = self._count / past_s
            self._count, self._since_s = 0, now_s


class PartitionWorker:
    """Works from the start until it is told to end.

    Attributes:
        opened: set when its desk is there.
    """

    def __init__(self, number: int, floor: WorkerCallbacks) -> None:
        self.opened = threading.Event()
        self._callbacks = floor
        self._queue: queue.SimpleQueue[WorkItem | None] = queue.SimpleQueue()
        self._rate = RateMeter(time.monotonic())
        self._thread = threading.Thread(target=self._run, name=f"slot {number}")
        self._thread.start()

    def submit(self, share: WorkItem) -> None:
        """Have it settled, after what was given before."""
        self._queue.put(share)

    def end(self) -> None:
        """Ask it to end, once what it was given is settled."""
        self._queue.put(None)

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                desk = self._callbacks.open_processor(stack)
                self.opened.set()
                while self._work(desk):
                    pass
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - a thread that dies in silence would leave the process deaf
            self._callbacks.failed(error)

    def _work(self, desk: Processor) -> bool:
        """One batch, or a sign of life. False at the end."""
        through = self._callbacks.dispatched_through()  # before the look: all that came by then has been given
        try:
            share = self._queue.get(timeout=IDLE_S)
        except queue.Empty:
            desk.process([], received_through=through)
            return True
        taken: list[WorkItem] = []
        messages = size = 0
        patience_s = time.monotonic() + GATHER_S
        while share is not None:
            taken.append(share)
            messages += len(share.messages)
            size += share.pending_ack.size_bytes
            if messages >= self._callbacks.batch_max or size >= BATCH_BYTES_MAX:
                break
            storms = messages >= STORM_MESSAGES or self._rate.per_s >= STORM_PER_S
            gathers = storms and messages < LINGER_MESSAGES and time.monotonic() < patience_s
            try:
                share = self._queue.get(timeout=DRY_S) if gathers else self._queue.get_nowait()
            except queue.Empty:
                break
        self._rate.note(messages, time.monotonic())
        if taken:
            self._process(desk, taken)
        return share is not None

    def _process(self, desk: Processor, taken: list[WorkItem]) -> None:
        messages = [message for share in taken for message in share.messages]
        began_at = time.monotonic()
        outcome = desk.process(messages, received_through=taken[-1].through)
        metrics.count_batch(messages, outcome, took_s=time.monotonic() - began_at)
        for share in taken:
            self._callbacks.completed(share.pending_ack)
