"""Turns messages into committed rows, for one partition: registry → intake → quotas → writer → pending replies."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GaugeLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.topic import Channel
from rencheng.intake import IntakeResult, admit
from rencheng.quotas import Quotas
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import load_directory, refresh_directory
from services.ingest.processing.writer import Stopped, Writer
from services.ingest.replies.pending import PendingReplies
from services.ingest.replies.publisher import ReplyPublisher
from services.ingest.result import BatchResult
from services.ingest.settings import IngestSettings

log = get_logger("ingest")

LAGS_MAX = 20
"""The most readings of a batch whose lag is measured."""

RETRY_S = 1.0

_STATE = f"/{Channel.STATE}"


class BatchProcessor:
    """The parts that process the batches of one partition, in the order of the walk.

    Args:
        directory: the registry.
        clock: how far sample times may lie from the wall clock.
        gauges: the limits of each kind of gauge.
        quotas: what each device may send.
        writer: commits batches.
        replies: collects what devices are sent in return.
        on_received: called with the number of readings of a batch before it is written.
    """

    def __init__(
        self,
        directory: RegistryCache[dict[str, Device]],
        clock: ClockLimits,
        gauges: Mapping[str, GaugeLimits],
        quotas: Quotas,
        writer: Writer,
        replies: PendingReplies,
        on_received: Callable[[int], None],
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._gauges = gauges
        self._quotas = quotas
        self._writer = writer
        self._replies = replies
        self._on_received = on_received

    def process(self, messages: Sequence[ReceivedMessage], *, received_through: datetime) -> BatchResult:
        """Commit messages. While the database is away, wait and try again.

        The broker sends retained messages again at each connect. Of these only states are read, because a state with
        QoS 0 reaches an absent receiver in no other way.

        Args:
            messages: in the order of arrival; an empty batch records progress.
            received_through: all messages of this partition received by then are in this batch or committed.

        Raises:
            Stopped: asked to stop first; none of the messages is committed.
        """
        directory = self._directory.current()
        messages = [one for one in messages if not one.is_replay or one.topic.endswith(_STATE)]
        messages = self._quotas.drop_flooding(messages, now_s=time.monotonic())
        batch = [admit(message, directory, self._clock, self._gauges) for message in messages]
        if any(_is_unknown(one) for one in batch):
            directory, batch = self._retry_unknown(directory, batch)
        batch = [one for one in batch if not _is_counted_elsewhere(one)]
        batch = self._quotas.enforce(batch, directory, now=datetime.now(UTC), now_s=time.monotonic())
        self._on_received(sum(one.count for one in batch))
        result = self._writer.write(batch, received_through=received_through)
        reasons: Counter[str] = Counter()
        for item in result.quarantined:
            reasons[item.reason] += item.times
        receipts_dropped = self._replies.add(batch, result.quarantined, directory)
        return BatchResult(result.counts, reasons, receipts_dropped, _lags_s(batch))

    def _retry_unknown(
        self, directory: dict[str, Device], batch: list[IntakeResult]
    ) -> tuple[dict[str, Device], list[IntakeResult]]:
        """Refresh the registry once, because a device's first message can overtake the NOTIFY of its registration."""
        newer = self._directory.current(round_trip=True)
        if newer is directory:
            return directory, batch
        return newer, [
            admit(one.message, newer, self._clock, self._gauges) if _is_unknown(one) else one for one in batch
        ]


@contextmanager
def open_processor(
    settings: IngestSettings,
    stop: threading.Event,
    publish: Callable[[str, bytes], bool],
    on_received: Callable[[int], None],
) -> Iterator[BatchProcessor]:
    """Open a processor that is connected to the database, and close it at the end.

    Args:
        settings: of its writer.
        stop: set when the process is asked to stop.
        publish: sends a reply to a device.
        on_received: called with the number of readings of a batch before it is written.
    """
    gauges = settings.gauge_limits  # first, so that an unreadable file stops the start
    engine = open_database(settings.database_url, name=settings.writer_name)
    create_staging_on_connect(engine)
    directory = RegistryCache(engine, load_directory, refresh=refresh_directory)
    _load(directory, stop)
    replies = PendingReplies()
    quotas = Quotas(per_minute=settings.ingest_quota_per_minute)
    writer = Writer(engine, name=settings.writer_name, stop=stop, refusals=quotas.refusals)
    try:
        with ReplyPublisher(replies, publish, per_s=settings.ingest_replies_per_s):
            yield BatchProcessor(directory, settings.clock_limits, gauges, quotas, writer, replies, on_received)
    finally:
        writer.close()
        directory.close()
        engine.dispose()


def _load(directory: RegistryCache[dict[str, Device]], stop: threading.Event) -> None:
    """Load the registry, because without it every device would be unknown.

    Raises:
        Stopped: asked to stop first.
    """
    while not stop.is_set():
        with tolerate_outage(log, "not starting yet") as attempt:
            directory.current()
        if attempt.succeeded:
            return
        stop.wait(RETRY_S)
    raise Stopped


def _is_counted_elsewhere(result: IntakeResult) -> bool:
    """Return whether a rejected message is a replay."""
    return bool(result.rejections) and result.message.is_replay


def _is_unknown(result: IntakeResult) -> bool:
    return bool(result.rejections) and result.rejections[0].reason is RejectionReason.UNKNOWN_DEVICE


def _lags_s(batch: Sequence[IntakeResult]) -> list[float]:
    now = datetime.now(UTC)
    some = batch[:: len(batch) // LAGS_MAX + 1]
    return [(now - one.readings[-1].time).total_seconds() for one in some if one.readings]
