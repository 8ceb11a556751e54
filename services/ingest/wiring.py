"""The one place of this service that knows concrete parts and puts them together."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import start_http_server

from rencheng.broker.inbox import Inbox
from rencheng.broker.session import Session
from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GaugeLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.topic import Channel, every
from rencheng.runtime.logs import get_logger
from rencheng.store.database import open_database
from rencheng.store.devices import load_directory, refresh_directory
from rencheng.store.readings import stage_on_connect
from rencheng.store.watch import Watched
from services.ingest.answers import Answers
from services.ingest.postman import Postman
from services.ingest.quotas import Quotas
from services.ingest.settings import IngestSettings
from services.ingest.writer import Stopped, Writer

log = get_logger("ingest")

SHARE = "$share/rencheng-ingest/"
"""Before a topic filter: workers share the subscription, and each message goes to one of them."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The parts of one worker, in the order of the walk."""

    inbox: Inbox
    directory: Watched[dict[str, Device]]
    limits: ClockLimits
    gauges: Mapping[str, GaugeLimits]
    quotas: Quotas
    writer: Writer
    session: Session
    answers: Answers


@contextmanager
def open_worker(settings: IngestSettings, stop: threading.Event) -> Iterator[Worker]:
    """Everything that a worker needs, connected; closed again at the end."""
    gauges = settings.gauge_limits  # before anything is opened: a file that cannot be read stops us
    if settings.ingest_metrics_port is not None:
        start_http_server(settings.ingest_metrics_port, addr="127.0.0.1")
    engine = open_database(settings.database_url, name=settings.worker)
    stage_on_connect(engine)
    directory = Watched(engine, load_directory, refresh=refresh_directory)
    _wait_for(directory, stop)
    inbox = Inbox()
    own, shared = _filters()
    session = Session(
        settings.mqtt_address,
        client_id=settings.worker,
        account=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
        subscriptions=shared if settings.ingest_shared else own,
        given_up=own if settings.ingest_shared else shared,
        inbox=inbox,
        persistent=True,
        on_change=lambda up, why: log.info("broker", worker=settings.worker, connected=up, why=why),
    )
    quotas = Quotas(per_minute=settings.ingest_quota_per_minute)
    writer = Writer(engine, worker=settings.worker, stop=stop)
    answers = Answers()
    with session, Postman(answers, session.tell, per_s=settings.ingest_answers_per_s):
        yield Worker(inbox, directory, settings.clock_limits, gauges, quotas, writer, session, answers)
    directory.close()
    engine.dispose()


def _filters() -> tuple[list[str], list[str]]:
    """What a worker alone subscribes to, and what one of several does."""
    own = [every(Channel.TELEMETRY), every(Channel.STATE)]
    return own, [SHARE + topic for topic in own]


def _wait_for(directory: Watched[dict[str, Device]], stop: threading.Event) -> Mapping[str, Device]:
    """The registry's first copy: without it nobody could be told from a stranger."""
    while not stop.is_set():
        try:
            return directory.current()
        except StoreUnavailable as away:
            log.warning("database away, not starting yet", why=str(away))
            stop.wait(1.0)
    raise Stopped
