"""The walk of a reading, in one screen."""

import threading
import time
from datetime import UTC, datetime

from rencheng.intake import admit
from services.ingest import meter
from services.ingest.settings import IngestSettings
from services.ingest.wiring import Worker, open_worker
from services.ingest.writer import Stopped

IDLE_S = 1.0
"""How often a worker with nothing to do says that it lives."""


def run(settings: IngestSettings, stop: threading.Event) -> None:
    """Take readings in until asked to stop."""
    with open_worker(settings, stop) as worker:
        while not stop.is_set():
            try:
                step(worker, batch_max=settings.ingest_batch_max)
            except Stopped:
                break


def step(worker: Worker, *, batch_max: int) -> None:
    """Inbox → intake → writer → commit → acknowledge. What is acknowledged is durable."""
    looked_at = datetime.now(UTC)
    deliveries = worker.inbox.take(messages_max=batch_max, wait_s=IDLE_S)
    directory = worker.directory.current()  # after the wait: a device registered meanwhile is known
    batch = [admit(delivery.message, directory, worker.limits, worker.gauges) for delivery in deliveries]
    batch = worker.quotas.apply(batch, directory, now=looked_at, now_s=time.monotonic())
    meter.took_in(batch, waiting=len(worker.inbox))
    through = deliveries[-1].message.received_at if deliveries else looked_at
    settlement = worker.writer.write(batch, received_through=through)
    meter.settled(settlement.tally)
    worker.session.acknowledge(delivery.receipt for delivery in deliveries)
    meter.unnamed(worker.answers.note(batch, settlement.refused, directory))
    worker.session.resume_if_drained()
