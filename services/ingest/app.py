"""The walk of a reading, in one screen."""

import threading
from datetime import UTC, datetime

from services.ingest import metrics
from services.ingest.partitions.worker import IDLE_S
from services.ingest.settings import IngestSettings
from services.ingest.wiring import Receiver, open_receiver


def run(settings: IngestSettings, stop: threading.Event) -> None:
    """Take readings in until asked to stop."""
    with open_receiver(settings, stop) as worker:
        while not stop.is_set():
            step(worker, stop, batch_max=settings.ingest_batch_max)


def step(worker: Receiver, stop: threading.Event, *, batch_max: int) -> None:
    """Inbox → crew, whose slots go on: intake → writer → commit → acknowledge. What is acknowledged is durable."""
    if not worker.pool.resize(worker.writer_count.number):
        return  # what was dealt is not settled yet
    looked_at = datetime.now(UTC)
    deliveries = worker.inbox.take(messages_max=batch_max, wait_s=IDLE_S)
    metrics.set_inbox(len(worker.inbox))
    while not worker.pool.dispatch(deliveries, looked_at=looked_at, wait_s=IDLE_S):
        if stop.is_set():
            return
    worker.session.resume_if_drained()
