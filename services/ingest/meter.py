"""What a worker tells about itself: received = stored + duplicate + quarantined + in flight."""

from collections.abc import Sequence

from rencheng.intake import Admitted
from rencheng.runtime.metrics import ANSWERS, BATCH, IN_FLIGHT, INBOX, RECEIVED, SETTLED, UNNAMED
from rencheng.store.counts import Tally


def took_in(batch: Sequence[Admitted], *, waiting: int) -> None:
    """A batch was taken from the inbox."""
    readings = sum(admitted.count for admitted in batch)
    RECEIVED.inc(readings)
    IN_FLIGHT.inc(readings)
    INBOX.set(waiting)
    BATCH.set(len(batch))


def settled(tally: Tally) -> None:
    """A batch was committed."""
    for outcome in ("stored", "duplicate", "quarantined"):
        SETTLED.labels(outcome).inc(getattr(tally, outcome))
    IN_FLIGHT.dec(tally.total)


def unnamed(messages: int) -> None:
    """So many messages were settled that no receipt will name: their devices send them again."""
    UNNAMED.inc(messages)


def answered(*, sent: bool) -> None:
    """An answer went out, or there was no connection for it."""
    ANSWERS.labels("sent" if sent else "dropped").inc()
