"""The metrics of ingest: received = stored + duplicate + quarantined + in flight."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rencheng.domain.message import ReceivedMessage
from rencheng.runtime.metrics.ingest import (
    BATCH,
    BATCH_AGE,
    BROKER,
    COMMIT_LAG,
    IN_FLIGHT,
    INBOX,
    QUARANTINED,
    RECEIPTS_DROPPED,
    RECEIVED,
    REPLIES,
    SETTLED,
    WRITE_SECONDS,
    WRITERS,
)
from services.ingest.result import BatchResult


def set_writers(number: int) -> None:
    """Set how many writers run."""
    WRITERS.set(number)


def set_inbox(messages: int) -> None:
    """Set how many messages wait in the inbox."""
    INBOX.set(messages)


def count_received(readings: int) -> None:
    """Count the readings of a batch before it is written."""
    RECEIVED.inc(readings)
    IN_FLIGHT.inc(readings)


def count_batch(messages: Sequence[ReceivedMessage], result: BatchResult, *, took_s: float) -> None:
    """Count a committed batch, which took `took_s` seconds from intake to commit."""
    counts = result.counts
    for outcome, readings in (
        ("stored", counts.stored),
        ("duplicate", counts.duplicate),
        ("quarantined", counts.quarantined),
    ):
        SETTLED.labels(outcome).inc(readings)
    IN_FLIGHT.dec(counts.total)
    for reason, readings in result.reasons.items():
        QUARANTINED.labels(reason).inc(readings)
    BATCH.observe(len(messages))
    BATCH_AGE.observe((datetime.now(UTC) - messages[0].received_at).total_seconds())
    WRITE_SECONDS.observe(took_s)
    for lag_s in result.lags_s:
        COMMIT_LAG.observe(lag_s)
    RECEIPTS_DROPPED.inc(result.receipts_dropped)


def set_broker(figure: str, value: float) -> None:
    """Set one of the broker's own figures."""
    BROKER[figure].set(value)


def count_reply(*, sent: bool) -> None:
    """Count a reply that was sent, or dropped because there was no connection."""
    REPLIES.labels("sent" if sent else "dropped").inc()
