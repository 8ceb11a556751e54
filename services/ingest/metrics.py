"""What a worker tells about itself: received = stored + duplicate + quarantined + in flight."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rencheng.intake import InboundPayload
from rencheng.runtime.metrics import (
    ANSWERS,
    BATCH,
    BATCH_AGE,
    BROKER,
    COMMIT_LAG,
    IN_FLIGHT,
    INBOX,
    QUARANTINED,
    RECEIVED,
    SETTLED,
    SLOTS,
    UNNAMED,
    WRITE_SECONDS,
)
from services.ingest.result import BatchResult


def set_writers(number: int) -> None:
    """So many slots are at work."""
    SLOTS.set(number)


def set_inbox(messages: int) -> None:
    """So many messages wait to be looked at."""
    INBOX.set(messages)


def count_received(readings: int) -> None:
    """A batch with so many readings was taken in."""
    RECEIVED.inc(readings)
    IN_FLIGHT.inc(readings)


def count_batch(messages: Sequence[InboundPayload], outcome: BatchResult, *, took_s: float) -> None:
    """A batch was committed, so long after it was taken up."""
    tally = outcome.counts
    for word in ("stored", "duplicate", "quarantined"):
        SETTLED.labels(word).inc(getattr(tally, word))
    IN_FLIGHT.dec(tally.total)
    for reason, times in outcome.reasons.items():
        QUARANTINED.labels(reason).inc(times)
    BATCH.observe(len(messages))
    BATCH_AGE.observe((datetime.now(UTC) - messages[0].received_at).total_seconds())
    WRITE_SECONDS.observe(took_s)
    for lag_s in outcome.lags_s:
        COMMIT_LAG.observe(lag_s)
    count_receipts_dropped(outcome.receipts_dropped)


def set_broker(figure: str, value: float) -> None:
    """The broker told a figure of its own."""
    BROKER[figure].set(value)


def count_receipts_dropped(messages: int) -> None:
    """So many messages were settled that no receipt will name: their devices send them again."""
    UNNAMED.inc(messages)


def count_replies(*, sent: bool) -> None:
    """An answer went out, or there was no connection for it."""
    ANSWERS.labels("sent" if sent else "dropped").inc()
