"""Where messages become committed rows: registry → intake → quotas → writer → answers, for one slot."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GaugeLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import RejectionReason, StoreUnavailable
from rencheng.intake import InboundPayload, IntakeResult, admit
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import open_database
from rencheng.store.readings.merge import create_staging_on_connect
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import load_directory, refresh_directory
from services.ingest.processing.quotas import Quotas
from services.ingest.processing.writer import Stopped, Writer
from services.ingest.replies.pending import PendingReplies
from services.ingest.replies.publisher import ReplyPublisher
from services.ingest.result import BatchResult
from services.ingest.settings import IngestSettings

log = get_logger("ingest")

LAGS_MAX = 20
"""Of how many readings of a batch the lag is told."""


class BatchProcessor:
    """The parts of one slot, in the order of the walk."""

    def __init__(
        self,
        directory: RegistryCache[dict[str, Device]],
        limits: ClockLimits,
        gauges: Mapping[str, GaugeLimits],
        quotas: Quotas,
        writer: Writer,
        answers: PendingReplies,
        took_in: Callable[[int], None],
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._gauges = gauges
        self._quotas = quotas
        self._writer = writer
        self._answers = answers
        self._on_received = took_in

    def process(self, messages: Sequence[InboundPayload], *, received_through: datetime) -> BatchResult:
        """Commit messages, however long the database stays away.

        Args:
            messages: in the order of arrival; none is a sign of life.
            received_through: all that this slot had been given by then is in these messages, or committed.

        Raises:
            Stopped: asked to stop first; nothing of them is committed.
        """
        directory = self._directory.current()
        messages = self._quotas.drop_flooding(messages, now_s=time.monotonic())
        batch = [admit(message, directory, self._limits, self._gauges) for message in messages]
        if any(_is_unregistered(admitted) for admitted in batch):
            directory, batch = self._retry_unknown(directory, batch)
        batch = self._quotas.enforce(batch, directory, now=datetime.now(UTC), now_s=time.monotonic())
        self._on_received(sum(admitted.count for admitted in batch))
        settlement = self._writer.write(batch, received_through=received_through)
        reasons: Counter[str] = Counter()
        for item in settlement.quarantined:
            reasons[item.reason] += item.times
        unnamed = self._answers.add(batch, settlement.quarantined, directory)
        return BatchResult(settlement.counts, reasons, unnamed, _lags_s(batch))

    def _retry_unknown(
        self, directory: dict[str, Device], batch: list[IntakeResult]
    ) -> tuple[dict[str, Device], list[IntakeResult]]:
        """The word of a registration may still be on its way, behind the device's first message."""
        newer = self._directory.current(round_trip=True)
        if newer is directory:
            return directory, batch
        return newer, [
            admit(one.message, newer, self._limits, self._gauges) if _is_unregistered(one) else one for one in batch
        ]


@contextmanager
def open_processor(
    settings: IngestSettings, stop: threading.Event, tell: Callable[[str, bytes], bool], took_in: Callable[[int], None]
) -> Iterator[BatchProcessor]:
    """A desk of its own, connected to the database; closed again at the end.

    Args:
        settings: of its slot.
        stop: set when the process is asked to stop.
        tell: sends a device an answer.
        took_in: told how many readings a batch has, before it is written.
    """
    gauges = settings.gauge_limits  # before anything is opened: a file that cannot be read stops us
    engine = open_database(settings.database_url, name=settings.writer_name)
    create_staging_on_connect(engine)
    directory = RegistryCache(engine, load_directory, refresh=refresh_directory)
    _wait_for(directory, stop)
    answers = PendingReplies()
    writer = Writer(engine, worker=settings.writer_name, stop=stop)
    try:
        with ReplyPublisher(answers, tell, per_s=settings.ingest_replies_per_s):
            yield BatchProcessor(
                directory,
                settings.clock_limits,
                gauges,
                Quotas(per_minute=settings.ingest_quota_per_minute),
                writer,
                answers,
                took_in,
            )
    finally:
        writer.close()
        directory.close()
        engine.dispose()


def _wait_for(directory: RegistryCache[dict[str, Device]], stop: threading.Event) -> None:
    """The registry's first copy: without it nobody could be told from a stranger."""
    while not stop.is_set():
        try:
            directory.current()
        except StoreUnavailable as away:
            log.warning("database away, not starting yet", why=str(away))
            stop.wait(1.0)
        else:
            return
    raise Stopped


def _is_unregistered(admitted: IntakeResult) -> bool:
    return bool(admitted.rejections) and admitted.rejections[0].reason is RejectionReason.UNKNOWN_DEVICE


def _lags_s(batch: Sequence[IntakeResult]) -> list[float]:
    now = datetime.now(UTC)
    some = batch[:: len(batch) // LAGS_MAX + 1]
    return [(now - admitted.readings[-1].time).total_seconds() for admitted in some if admitted.readings]
