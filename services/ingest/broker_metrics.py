"""The broker's own figures among the metrics, received in a clean session.

The session that receives readings is persistent, and would collect a figure a second while ingest is away.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.messaging.mqtt.session import Session
from rencheng.messaging.mqtt.sys_topics import TOPICS, metric_value
from services.ingest import metrics
from services.ingest.settings import IngestSettings

POLL_S = 1.0
BATCH_MAX = 100


@contextmanager
def watch_broker(settings: IngestSettings) -> Iterator[None]:
    """Keep the broker's figures among the metrics until the end."""
    session = Session(
        settings.mqtt_address,
        client_id=client_id(f"{settings.writer_name}-watch", settings.account[1]),
        account=settings.account,
        subscriptions=list(TOPICS),
        persistent=False,
        tls=settings.mqtt_tls,
        batching=settings.mqtt_batching,
    )
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            for one in session.take(BATCH_MAX, POLL_S):
                if (figure := metric_value(one.message)) is not None:
                    metrics.set_broker(*figure)

    thread = threading.Thread(target=run, name="broker metrics", daemon=True)
    with session:
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
