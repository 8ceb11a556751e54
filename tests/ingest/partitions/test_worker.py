"""One partition worker without servers: what goes into a batch, and how it ends."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import BATCH_BYTES_MAX
from rencheng.messaging.source import AckHandle, InboundMessage
from rencheng.store.accounting.counts import ReadingCounts
from services.ingest.partitions.pool import WriterPool
from services.ingest.partitions.worker import Processor
from services.ingest.result import BatchResult
from tests.support.polling import eventually

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


class HeldProcessor:
    """A processor that waits in its first batch, and notes the size of each."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.is_waiting = threading.Event()
        self.batches: list[int] = []

    def process(self, messages: Sequence[ReceivedMessage], *, received_through: datetime) -> BatchResult:
        del received_through
        if messages:
            self.batches.append(len(messages))
            self.is_waiting.set()
            assert self.go.wait(20)
        return BatchResult(ReadingCounts(stored=len(messages)))


def messages_to(partitions: int, size_bytes: int) -> list[InboundMessage]:
    """Return enough messages for each partition to get some."""
    return [
        InboundMessage(ReceivedMessage(f"device/{number}", b"x" * size_bytes, NOON), AckHandle())
        for number in range(8 * partitions)
    ]


def start(partitions: int) -> tuple[WriterPool, list[HeldProcessor], Callable[[], int]]:
    processors, acked = [HeldProcessor() for _ in range(partitions)], list[AckHandle]()

    def open_processor(number: int, _alone: bool, _stack: ExitStack) -> Processor:
        return processors[number]

    pool = WriterPool(open_processor, acked.extend, threading.Event(), batch_max=10_000)
    pool.resize(partitions)
    return pool, processors, lambda: len(acked)


def test_the_size_of_a_batch_is_that_of_its_own_partition() -> None:
    """With four partitions the limit of a batch acts on the partition's payload, not on that of all four."""
    partitions, rounds = 4, 4
    pool, processors, acked = start(partitions)
    first = messages_to(partitions, 1)
    assert pool.dispatch(first, polled_at=NOON, wait_s=0)
    for processor in processors:
        assert processor.is_waiting.wait(20)
    large = messages_to(partitions, BATCH_BYTES_MAX // (8 * partitions * 2))  # half a batch in all, an eighth for each
    for _ in range(rounds):
        assert pool.dispatch(large, polled_at=NOON, wait_s=0)
    for processor in processors:
        processor.go.set()
    eventually(acked, len(first) + rounds * len(large))
    pool.close()

    assert [len(processor.batches) for processor in processors] == [2] * partitions
    assert sum(sum(processor.batches) for processor in processors) == len(first) + rounds * len(large)


def test_a_worker_that_fails_stops_the_process_and_its_error_comes_out_at_the_close() -> None:
    stop = threading.Event()

    def open_processor(_number: int, _alone: bool, _stack: ExitStack) -> Processor:
        raise OSError("no memory")

    pool = WriterPool(open_processor, lambda _handles: None, stop, batch_max=10)
    pool.resize(1)

    assert stop.wait(20)
    try:
        pool.close()
    except OSError as error:
        assert str(error) == "no memory"  # noqa: PT017 - the pool must be closed whatever it raises
    else:
        raise AssertionError("the error was lost")
