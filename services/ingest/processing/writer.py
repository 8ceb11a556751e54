"""Writes a batch to the database: readings, quarantine, states and counts in one transaction."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rencheng.domain.errors import RejectionReason
from rencheng.domain.topic import kind_of_topic
from rencheng.intake import WHOLE_MESSAGE, IntakeResult, Rejection
from rencheng.refusals import SHARED, RefusalAllowance, entries_max
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.store.accounting.counts import ReadingCounts, count, has_progressed, lock_writer, record_progress
from rencheng.store.core.database import Connection, Engine, discard, pipelined, translate_errors
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.readings.copy_new import FastPathBackoff, copy_new
from rencheng.store.readings.merge import ReceivedReading, WriteStatus, write
from rencheng.store.registry.devices import save_states

log = get_logger("ingest")

RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0


class Stopped(Exception):
    """The process was asked to stop while the database was away. Nothing was acknowledged, so nothing is lost."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A committed batch: its readings counted, and the rejections of intake and of the database."""

    counts: ReadingCounts
    quarantined: Sequence[QuarantineRecord]


class Writer:
    """Writes batches under one name, and keeps each until the database has it.

    Args:
        engine: the database, with staging tables (`stage_on_connect`).
        name: the name under which to count.
        stop: set when the process is asked to stop.
        now: the wall clock.
        refusals: what each device may fill of quarantine; shared with the quotas of the partition.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        name: str,
        stop: threading.Event,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        refusals: RefusalAllowance | None = None,
    ) -> None:
        self._refusals = refusals or RefusalAllowance()
        self._engine = engine
        self._name = name
        self._stop = stop
        self._now = now
        self._started_at = now()
        self._in_doubt: WriteResult | None = None
        """The result of a commit that was sent and not confirmed."""
        self._connection: Connection | None = None
        self._through = self._started_at
        self._fast_path = FastPathBackoff()

    def write(self, batch: Sequence[IntakeResult], *, received_through: datetime) -> WriteResult:
        """Commit a batch. While the database is away, wait and try again.

        Raises:
            Stopped: asked to stop first; the batch is not committed.
        """
        if received_through == self._through:  # the time identifies the batch, so consecutive batches must differ
            received_through += timedelta(microseconds=1)
        self._through = received_through
        pause_s = RETRY_MIN_S
        while True:
            with (
                tolerate_outage(log, "batch kept", messages=len(batch), retry_in_s=pause_s) as attempt,
                translate_errors(),
            ):
                result = self._attempt(batch)
            if attempt.succeeded:
                return result
            self.close()
            if self._stop.wait(pause_s):
                raise Stopped
            pause_s = min(2 * pause_s, RETRY_MAX_S)

    def close(self) -> None:
        """Discard the connection. It is kept between batches, because testing it costs a round trip each time."""
        if self._connection is not None:
            discard(self._connection)
            self._connection = None

    def _attempt(self, batch: Sequence[IntakeResult]) -> WriteResult:
        progress = {"started_at": self._started_at, "committed_through": self._through}
        connection = self._connection = self._connection or self._engine.connect()
        self._begin(connection)
        if (result := self._in_doubt) is not None:
            is_committed = has_progressed(connection, self._name, **progress)
            self._in_doubt = None
            if is_committed:  # writing the batch again would count all of it as duplicate
                connection.rollback()
                return result
        counts, rejected = self._store(connection, batch)
        result = WriteResult(sum(counts.values(), ReadingCounts()), rejected)
        self._in_doubt = result
        with pipelined(connection):
            count(connection, self._name, self._now(), counts)
            record_progress(connection, self._name, **progress, rows=result.counts.stored > 0)
            connection.commit()
        self._in_doubt = None
        return result

    def _begin(self, connection: Connection) -> None:
        with pipelined(connection):
            lock_writer(connection, self._name)

    def _store(
        self, connection: Connection, batch: Sequence[IntakeResult]
    ) -> tuple[Mapping[tuple[str, str], ReadingCounts], Sequence[QuarantineRecord]]:
        """Write all rows but the counts; return the counts by world and kind, and the rejections."""
        rejected = [_quarantine_record(one, rejection) for one in batch for rejection in within_bounds(one)]
        counts: dict[tuple[str, str], ReadingCounts] = defaultdict(ReadingCounts)
        if self._copy(connection, batch):
            for one in batch:
                if one.readings:
                    counts[one.world, kind_of_topic(one.message.topic)].stored += len(one.readings)
        else:
            self._merge(connection, batch, counts, rejected)
        for item in rejected:
            counts[item.world, kind_of_topic(item.topic)].quarantined += item.times
        add_to_quarantine(connection, rejected)
        save_states(connection, [one.state for one in batch if one.state])
        return counts, rejected

    def _copy(self, connection: Connection, batch: Sequence[IntakeResult]) -> bool:
        """Store all readings by the fast path, which fails if one is stored already; return whether it was done."""
        if not any(one.readings for one in batch) or not self._fast_path.should_try():
            return False
        if copy_new(connection, ((one.readings, one.message.received_at) for one in batch)):
            self._fast_path.record_success()
            return True
        self._fast_path.record_failure()
        connection.rollback()
        self._begin(connection)
        return False

    def _merge(
        self,
        connection: Connection,
        batch: Sequence[IntakeResult],
        counts: dict[tuple[str, str], ReadingCounts],
        rejected: list[QuarantineRecord],
    ) -> None:
        """Store readings among those that may be stored already, and add to the counts and rejections."""
        rows = [
            (one, position, reading)
            for one in batch
            for position, reading in zip(one.positions, one.readings, strict=True)
        ]
        results = write(connection, [ReceivedReading(reading, one.message.received_at) for one, _, reading in rows])
        refused: dict[int, tuple[IntakeResult, list[Rejection]]] = {}
        for (one, position, _), result in zip(rows, results, strict=True):
            of_kind = counts[one.world, kind_of_topic(one.message.topic)]
            if result is WriteStatus.STORED:
                of_kind.stored += 1
            elif result is WriteStatus.DUPLICATE:
                of_kind.duplicate += 1
            else:
                rejection = Rejection(position, result.reason, result.detail)
                refused.setdefault(id(one), (one, []))[1].append(rejection)
        for one, rejections in refused.values():
            rejected += self._refused_by_database(replace(one, readings=(), rejections=tuple(rejections)))

    def _refused_by_database(self, result: IntakeResult) -> list[QuarantineRecord]:
        """Return the entries for the readings of a message that the database refused, within the sender's allowance."""
        sender = result.device_id or SHARED
        wait_s = self._refusals.charge(sender, result, time.monotonic())
        if not wait_s:
            return [_quarantine_record(result, rejection) for rejection in within_bounds(result)]
        topic = self._refusals.topic(sender, result.message.topic, self._now())
        detail = f"beyond what quarantine keeps of the device; the first: {result.rejections[0].detail}"
        shed = Rejection(WHOLE_MESSAGE, RejectionReason.QUOTA, detail, readings=result.count, retry_after_s=wait_s)
        return [_quarantine_record(replace(result, message=replace(result.message, topic=topic)), shed)]


def within_bounds(result: IntakeResult) -> Sequence[Rejection]:
    """Return the rejections of a message. Those for whose entries it is too large are one, for the whole message."""
    rejections = result.rejections
    most = entries_max(len(result.message.payload))
    if len(rejections) <= most:
        return rejections
    kept, rest = rejections[: most - 1], rejections[most - 1 :]
    readings = sum(one.readings for one in rest)
    detail = f"{readings} more refused readings of this message; the first: {rest[0].detail}"
    return [*kept, Rejection(WHOLE_MESSAGE, rest[0].reason, detail, readings=readings)]


def _quarantine_record(result: IntakeResult, rejection: Rejection) -> QuarantineRecord:
    return QuarantineRecord(
        topic=result.message.topic,
        payload=result.message.payload,
        position=rejection.position,
        reason=rejection.reason,
        detail=rejection.detail,
        device_id=result.device_id,
        world=result.world,
        received_at=result.message.received_at,
        times=rejection.readings,
        retry_after_s=rejection.retry_after_s,
    )
