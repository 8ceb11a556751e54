"""Puts the concrete parts of ingest together. No other module of the service names all of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rencheng.codecs.registry import BROKEN
from rencheng.domain.heartbeat import Part
from rencheng.domain.topic import Channel, topic_filter
from rencheng.heartbeats import HeartbeatWriter, TurnClock
from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.messaging.mqtt.session import Session
from rencheng.messaging.mqtt.takeover import SENTINEL, Takeover
from rencheng.messaging.source import MessageSource
from rencheng.runtime.lifecycle import tune_garbage_collection
from rencheng.runtime.logs import get_logger
from rencheng.runtime.metrics.server import serve_metrics
from services.ingest import metrics
from services.ingest.broker_metrics import watch_broker
from services.ingest.partitions.pool import WriterPool
from services.ingest.partitions.remote import RemoteProcessor
from services.ingest.partitions.worker import Processor
from services.ingest.partitions.writer_count import WriterCountWatch, watch_writer_count
from services.ingest.processing.processor import open_processor
from services.ingest.progress import ReceiverProgress
from services.ingest.settings import IngestSettings

log = get_logger("ingest")

SHARED_PREFIX = "$share/rencheng-ingest/"
"""Before a topic filter: receivers share the subscription, and each message goes to one of them."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """The parts of one receiving process, in the order in which a message meets them."""

    writer_count: WriterCountWatch
    source: Callable[[], MessageSource]
    pool: WriterPool
    turns: TurnClock


@contextmanager
def open_receiver(settings: IngestSettings, stop: threading.Event) -> Iterator[Receiver]:
    """Open the parts of a receiving process, connected, and close them at the end."""
    _ = settings.gauge_limits  # first, so that an unreadable file stops the start
    for codec, why in BROKEN.items():
        log.warning("codec unusable, its devices' messages go to quarantine", codec=codec, why=why)
    session = make_session(settings)
    takeover = Takeover(
        session,
        settings.old_client_ids,
        lambda old_id, keep: _old_session(settings, old_id, keep),
        lambda number: log.info("messages of the earlier session taken", messages=number),
    )

    def publish(topic: str, payload: bytes) -> bool:
        sent = session.publish_qos0(topic, payload)
        metrics.count_reply(sent=sent)  # here, because the metrics of a child process are not offered
        return sent

    def open_one(number: int, alone: bool, stack: ExitStack) -> Processor:
        own = settings.for_writer(number)
        if alone:  # in this process, because a second process would only cost memory
            return stack.enter_context(open_processor(own, stop, session.publish_qos0, metrics.count_received))
        remote = RemoteProcessor(own, stop, publish, metrics.count_received)
        stack.callback(remote.close)
        return remote

    pool = WriterPool(open_one, session.ack, stop, batch_max=settings.ingest_batch_max)
    with watch_writer_count(settings, stop) as writer_count, _metrics(settings):
        pool.resize(writer_count.number)
        try:
            pool.wait_until_open()
            turns = TurnClock()
            progress = ReceiverProgress(session, pool, turns)
            receiver = str(settings.ingest_receiver)
            with session, HeartbeatWriter(settings.database_url, Part.INGEST, receiver, progress.figures):
                takeover.look(stop)
                tune_garbage_collection()
                yield Receiver(writer_count, takeover.source, pool, turns)
                pool.drain()
        finally:
            takeover.close()
            pool.close()


def make_session(settings: IngestSettings) -> Session:
    """Return the session that receives readings, not connected yet."""
    own, shared = _filters()
    user, password = settings.account
    return Session(
        settings.mqtt_address,
        client_id=client_id(settings.writer_name, password),
        account=(user, password),
        subscriptions=shared if settings.ingest_shared else own,
        unsubscribe=own if settings.ingest_shared else shared,
        persistent=True,
        on_change=lambda up, why: log.info("broker", receiver=settings.writer_name, connected=up, why=why),
        tls=settings.mqtt_tls,
        batching=settings.mqtt_batching,
    )


def _old_session(settings: IngestSettings, old_id: str, persistent: bool) -> Session:
    """Return a session with an earlier client id."""
    return Session(
        settings.mqtt_address,
        client_id=old_id,
        account=settings.account,
        subscriptions=[SENTINEL] if persistent else [],
        unsubscribe=[topic for filters in _filters() for topic in filters] if persistent else [],
        persistent=persistent,
        tls=settings.mqtt_tls,
        batching=settings.mqtt_batching,
    )


def _filters() -> tuple[list[str], list[str]]:
    """Return the topic filters of a receiver, plain and shared."""
    own = [topic_filter(Channel.TELEMETRY), topic_filter(Channel.STATE)]
    return own, [SHARED_PREFIX + topic for topic in own]


@contextmanager
def _metrics(settings: IngestSettings) -> Iterator[None]:
    """Serve the metrics, with those of the broker, if a port is set."""
    with serve_metrics(settings.ingest_metrics_port, settings.metrics_host):
        if settings.ingest_metrics_port is None:
            yield
            return
        with watch_broker(settings):
            yield
