"""A reading's way through ingest, in one screen.

A session receives messages into its inbox. The pool dispatches them to partition workers, by device. Each worker's
processor decodes and checks a batch (intake), enforces quotas, and has the writer commit it. Then the messages are
acknowledged to the broker, in the order of arrival, and the devices that want receipts get a reply.
"""

import threading
from datetime import UTC, datetime

from services.ingest import metrics
from services.ingest.partitions.worker import IDLE_S
from services.ingest.settings import IngestSettings
from services.ingest.wiring import Receiver, open_receiver


def run(settings: IngestSettings, stop: threading.Event) -> None:
    """Receive and store readings until asked to stop."""
    with open_receiver(settings, stop) as receiver:
        while not stop.is_set():
            step(receiver, stop, batch_max=settings.ingest_batch_max)
            receiver.turns.turned()


def step(receiver: Receiver, stop: threading.Event, *, batch_max: int) -> None:
    """Take one batch from the source and dispatch it. A message is acknowledged only after its commit."""
    if not receiver.pool.resize(receiver.writer_count.number):
        return  # messages dispatched earlier are still being written
    polled_at = datetime.now(UTC)
    source = receiver.source()
    messages = source.take(batch_max, IDLE_S)
    metrics.set_inbox(source.waiting)
    while not receiver.pool.dispatch(messages, polled_at=polled_at, wait_s=IDLE_S):
        if stop.is_set():
            return
