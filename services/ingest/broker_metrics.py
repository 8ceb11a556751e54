"""What the broker holds and drops, for the metrics: heard in a clean session of its own.

The session that readings come by is persistent, and would gather a figure a second while we are away.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.session import Session
from rencheng.messaging.mqtt.sys_topics import TOPICS, metric_value
from services.ingest import metrics
from services.ingest.settings import IngestSettings

WAIT_S = 1.0


@contextmanager
def watch_broker(settings: IngestSettings) -> Iterator[None]:
    """Keep the broker's figures among the metrics until the end."""
    inbox, done = Inbox(messages_max=100), threading.Event()

    def run() -> None:
        while not done.is_set():
            for delivery in inbox.take(messages_max=100, wait_s=WAIT_S):
                if (figure := metric_value(delivery.message)) is not None:
                    metrics.set_broker(*figure)
            session.resume_if_drained()

    session = Session(
        settings.mqtt_address,
        client_id=f"{settings.writer_name}-watch",
        account=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
        subscriptions=list(TOPICS),
        inbox=inbox,
        persistent=False,
    )
    thread = threading.Thread(target=run, name="broker watch", daemon=True)
    with session:
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
