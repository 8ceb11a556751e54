"""A batch into the database: readings, quarantine, states and counts in one transaction, or none of it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.topic import kind_of_topic
from rencheng.intake import IntakeResult, Rejection
from rencheng.runtime.logs import get_logger
from rencheng.store.accounting.counts import ReadingCounts, count, has_progressed, lock_writer, record_progress
from rencheng.store.core.database import Connection, Engine, discard, pipelined, translate_errors
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.readings.copy_new import FastPathBackoff, copy_new
from rencheng.store.readings.merge import ReceivedReading, WriteStatus, write
from rencheng.store.registry.devices import save_states

log = get_logger("ingest")

PAUSE_MIN_S, PAUSE_MAX_S = 0.2, 5.0


class Stopped(Exception):
    """Asked to stop while the database was away. Nothing was acknowledged, so nothing is lost."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch: its readings counted, and each refusal, of intake and of the database."""

    counts: ReadingCounts
    quarantined: Sequence[QuarantineRecord]


class Writer:
    """Writes batches for one worker, and keeps each until the database has it.

    Args:
        engine: the database, with staging tables (`stage_on_connect`).
        worker: under whose name to count.
        stop: set when the process is asked to stop.
        now: the wall clock.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        worker: str,
        stop: threading.Event,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._stop = stop
        self._now = now
        self._started_at = now()
        self._in_doubt: WriteResult | None = None
        self._connection: Connection | None = None
        self._through = self._started_at
        self._fast_path = FastPathBackoff()

    def write(self, batch: Sequence[IntakeResult], *, received_through: datetime) -> WriteResult:
        """Commit a batch, however long the database stays away; returns what became of its readings.

        Raises:
            Stopped: the process is to end; the batch is not committed.
        """
        pause_s = PAUSE_MIN_S
        # it names the batch as well, so two in a row may not bear the same
        self._through = received_through + timedelta(microseconds=received_through == self._through)
        while True:
            try:
                with translate_errors():
                    return self._attempt(batch)
            except StoreUnavailable as away:
                self.close()
                log.warning("database away, batch kept", messages=len(batch), pause_s=pause_s, why=str(away))
            if self._stop.wait(pause_s):
                raise Stopped
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    def _attempt(self, batch: Sequence[IntakeResult]) -> WriteResult:
        mark = {"started_at": self._started_at, "committed_through": self._through}
        connection = self._connection = self._connection or self._engine.connect()
        self._begin(connection)
        if (settled := self._in_doubt) is not None:
            committed = has_progressed(connection, self._worker, **mark)
            self._in_doubt = None
            if committed:  # only its answer was lost; to write it again would count all of it as duplicate
                connection.rollback()
                return settled
        tallies, refused = self._settle(connection, batch)
        settled = WriteResult(sum(tallies.values(), ReadingCounts()), refused)
        self._in_doubt = settled
        with pipelined(connection):
            count(connection, self._worker, self._now(), tallies)
            record_progress(connection, self._worker, **mark, rows=settled.counts.stored > 0)
            connection.commit()
        self._in_doubt = None
        return settled

    def _begin(self, connection: Connection) -> None:
        with pipelined(connection):
            lock_writer(connection, self._worker)

    def close(self) -> None:
        """Give the connection up. It is kept from batch to batch, because to test it costs a round trip each time."""
        if self._connection is not None:
            discard(self._connection)
            self._connection = None

    def _settle(
        self, connection: Connection, batch: Sequence[IntakeResult]
    ) -> tuple[Mapping[tuple[str, str], ReadingCounts], Sequence[QuarantineRecord]]:
        """All but the account: the tallies by world and kind, and what was refused."""
        refused = [_quarantine_record(a, r) for a in batch for r in a.rejections]
        tallies: dict[tuple[str, str], ReadingCounts] = defaultdict(ReadingCounts)
        if self._is_all_new(connection, batch):
            for a in batch:
                if a.readings:
                    tallies[a.world, kind_of_topic(a.message.topic)].stored += len(a.readings)
        else:
            self._write(connection, batch, tallies, refused)
        for item in refused:
            tallies[item.world, kind_of_topic(item.topic)].quarantined += item.times
        add_to_quarantine(connection, refused)
        save_states(connection, [a.state for a in batch if a.state])
        return tallies, refused

    def _is_all_new(self, connection: Connection, batch: Sequence[IntakeResult]) -> bool:
        """Have all readings been stored the short way?"""
        if not any(a.readings for a in batch) or not self._fast_path.should_try():
            return False  # a sign of life says nothing about luck
        if copy_new(connection, ((a.readings, a.message.received_at) for a in batch)):
            self._fast_path.record_success()
            return True
        self._fast_path.record_failure()
        connection.rollback()
        self._begin(connection)
        return False

    def _write(
        self,
        connection: Connection,
        batch: Sequence[IntakeResult],
        tallies: dict[tuple[str, str], ReadingCounts],
        refused: list[QuarantineRecord],
    ) -> None:
        read = [(a, p, r) for a in batch for p, r in zip(a.positions, a.readings, strict=True)]
        fates = write(connection, [ReceivedReading(reading, a.message.received_at) for a, _, reading in read])
        for (admitted, position, _), fate in zip(read, fates, strict=True):
            tally = tallies[admitted.world, kind_of_topic(admitted.message.topic)]
            if fate is WriteStatus.STORED:
                tally.stored += 1
            elif fate is WriteStatus.DUPLICATE:
                tally.duplicate += 1
            else:
                refused.append(_quarantine_record(admitted, Rejection(position, fate.reason, fate.detail)))


def _quarantine_record(admitted: IntakeResult, refusal: Rejection) -> QuarantineRecord:
    return QuarantineRecord(
        topic=admitted.message.topic,
        payload=admitted.message.payload,
        position=refusal.position,
        reason=refusal.reason,
        detail=refusal.detail,
        device_id=admitted.device_id,
        world=admitted.world,
        received_at=admitted.message.received_at,
        times=refusal.readings,
        retry_after_s=refusal.retry_after_s,
    )
