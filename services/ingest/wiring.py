"""The one place of this service that knows concrete parts and puts them together."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from prometheus_client import start_http_server

from rencheng.codecs.registry import BROKEN
from rencheng.domain.topic import Channel, topic_filter
from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.lifecycle import tune_garbage_collection
from rencheng.runtime.logs import get_logger
from services.ingest import metrics
from services.ingest.broker_metrics import watch_broker
from services.ingest.partitions.pool import WriterPool
from services.ingest.partitions.remote import RemoteProcessor
from services.ingest.partitions.worker import Processor
from services.ingest.partitions.writer_count import WriterCountWatch, open_writer_count
from services.ingest.processing.processor import open_processor
from services.ingest.settings import IngestSettings

log = get_logger("ingest")

SHARE = "$share/rencheng-ingest/"
"""Before a topic filter: receivers share the subscription, and each message goes to one of them."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """The parts of one receiving process, in the order of the walk."""

    writer_count: WriterCountWatch
    inbox: Inbox
    pool: WriterPool
    session: Session


@contextmanager
def open_receiver(settings: IngestSettings, stop: threading.Event) -> Iterator[Receiver]:
    """Everything that a receiving process needs, connected; closed again at the end."""
    _ = settings.gauge_limits  # before anything is opened: a file that cannot be read stops us
    for codec, why in BROKEN.items():
        log.warning("a codec cannot be used: its devices' messages go to quarantine", codec=codec, why=why)
    inbox = Inbox()
    own, shared = _filters()
    session = Session(
        settings.mqtt_address,
        client_id=settings.writer_name,
        account=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
        subscriptions=shared if settings.ingest_shared else own,
        given_up=own if settings.ingest_shared else shared,
        inbox=inbox,
        persistent=True,
        on_change=lambda up, why: log.info("broker", worker=settings.writer_name, connected=up, why=why),
    )

    def tell(topic: str, payload: bytes) -> bool:
        sent = session.publish_qos0(topic, payload)
        metrics.count_replies(sent=sent)  # what the other process counts, nobody sees
        return sent

    def open_slot(number: int, alone: bool, stack: ExitStack) -> Processor:
        of_slot = settings.of_writer(number)
        if alone:  # in this process: a second one would only cost memory
            return stack.enter_context(open_processor(of_slot, stop, session.publish_qos0, metrics.count_received))
        hand = RemoteProcessor(of_slot, stop, tell, metrics.count_received)
        stack.callback(hand.close)
        return hand

    crew = WriterPool(open_slot, session.acknowledge, stop, batch_max=settings.ingest_batch_max)
    with open_writer_count(settings, stop) as wanted, _metrics(settings):
        crew.resize(wanted.number)
        try:
            crew.wait_until_open()
            with session:
                tune_garbage_collection()
                yield Receiver(wanted, inbox, crew, session)
                crew.drain()
        finally:
            crew.close()


@contextmanager
def _metrics(settings: IngestSettings) -> Iterator[None]:
    """Offered to Prometheus, if a port is set."""
    if settings.ingest_metrics_port is None:
        yield
        return
    server, thread = start_http_server(settings.ingest_metrics_port, addr="127.0.0.1")
    try:
        with watch_broker(settings):
            yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _filters() -> tuple[list[str], list[str]]:
    """What a receiver alone subscribes to, and what one of several does."""
    own = [topic_filter(Channel.TELEMETRY), topic_filter(Channel.STATE)]
    return own, [SHARE + topic for topic in own]
