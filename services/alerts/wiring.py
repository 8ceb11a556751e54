"""The one place of this service that knows concrete parts and puts them together."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rencheng.broker.inbox import Inbox
from rencheng.broker.session import Session
from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site
from rencheng.domain.topic import Channel, every, warning_topic
from rencheng.domain.warning import WarningMessage
from rencheng.runtime.logs import get_logger
from rencheng.store.database import Connection, Engine, in_our_words, open_database
from rencheng.store.devices import load_directory
from rencheng.store.sites import load_sites, load_states
from rencheng.store.warnings import Said
from rencheng.store.watch import Watched
from services.alerts.book import Book, Page
from services.alerts.delivery.dispatcher import as_payload, deliver_due
from services.alerts.feed import Feed
from services.alerts.messages.cap import serialise
from services.alerts.messages.document import document
from services.alerts.messages.publisher import Publisher
from services.alerts.outbox import Outbox
from services.alerts.settings import AlertSettings

log = get_logger("alerts")

PUBLISH_TIMEOUT_S = 5.0
RETRY_DELIVERY_S = 1.0

Registry = tuple[dict[str, Device], dict[str, Site]]


class Parts:
    """The service's parts, and the few words by which the walk uses them."""

    def __init__(self, settings: AlertSettings, engine: Engine) -> None:
        inbox = Inbox()
        self.book = Book()
        self.feed = Feed(inbox, engine, ClockLimits())
        self.directory: Mapping[str, Device] = {}
        self.session = Session(
            settings.mqtt_address,
            client_id="rencheng-alerts",
            account=("rencheng-alerts", settings.mqtt_alerts_password.get_secret_value()),
            subscriptions=[every(Channel.TELEMETRY, Kind.WATERLOGGING)],
            inbox=inbox,
            persistent=False,
            on_change=self.feed.connection_changed,
        )
        self.outbox = Outbox(engine, lambda said: self._retain(said.topic, as_payload(said.document)))
        self._engine = engine
        self._registry: Watched[Registry] = Watched(engine, _load_registry)
        self._restored = False
        self._publisher = _publisher(settings)
        self._undelivered = True  # what an earlier life may have left
        self._delivery_tried_at = 0.0

    def follow_registry(self) -> None:
        """Take over changed devices and sites; at the first time, also what was kept of each site."""
        try:
            directory, sites = self._registry.current()
            if sites is not self.book.sites:
                self.directory = directory
                self.book.set_sites(sites)
            if not self._restored:
                with in_our_words(), self._engine.connect() as connection:
                    kept = load_states(connection)
                self.book.restore({site_id: Page.from_json(snapshot) for site_id, (snapshot, _) in kept.items()})
                self._restored = True
        except StoreUnavailable as away:
            log.warning("database away; blind, for no site is known yet", why=str(away))

    def dress(self, message: WarningMessage) -> Said:
        """A message in its outer forms."""
        site = self.book.sites[message.site_id]
        return Said(
            message,
            document(message, site, self._publisher),
            serialise(message, site, self._publisher),
            warning_topic(site.region, site.site_id),
        )

    def deliver(self, *, anew: bool) -> None:
        """Deliver what is due: at once if something is new, now and then if something was left."""
        self._undelivered = self._undelivered or anew
        waited = time.monotonic() - self._delivery_tried_at
        if self._undelivered and self.session.is_connected and (anew or waited > RETRY_DELIVERY_S):
            self._delivery_tried_at = time.monotonic()
            self._undelivered = not deliver_due(self._engine, self._retain)

    def close(self) -> None:
        """Give the registry's connection up."""
        self._registry.close()

    def _retain(self, topic: str, payload: bytes) -> bool:
        return self.session.publish(topic, payload, retain=True, timeout_s=PUBLISH_TIMEOUT_S)


@contextmanager
def open_parts(settings: AlertSettings) -> Iterator[Parts]:
    """Everything that the service needs, connected; closed again at the end."""
    engine = open_database(settings.database_url, name="rencheng-alerts")
    parts = Parts(settings, engine)
    parts.follow_registry()
    with parts.session:
        yield parts
    parts.close()
    engine.dispose()


def _load_registry(connection: Connection) -> Registry:
    return load_directory(connection), load_sites(connection)


def _publisher(settings: AlertSettings) -> Publisher:
    return Publisher(
        sender=settings.cap_sender,
        sender_name_zh=settings.cap_sender_name_zh,
        sender_name_en=settings.cap_sender_name_en,
        web=f"{settings.public_url.rstrip('/')}/v1",
        contact=settings.cap_contact,
        restriction=settings.cap_restriction,
    )
