"""The one place of this service that knows concrete parts and puts them together."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rencheng.cap.render import render
from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.errors import StoreUnavailable
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.topic import Channel, topic_filter, warning_topic
from rencheng.domain.warning import WarningMessage
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.messages.warning_json import warning_document
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.logs import get_logger
from rencheng.store.core.database import Connection, Engine, open_database, translate_errors
from rencheng.store.core.sessions import Row
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import load_directory, refresh_directory
from rencheng.store.registry.sites import load_sites, load_states
from rencheng.store.warnings.notices import newest_notices
from rencheng.store.warnings.record import RenderedWarning
from rencheng.store.warnings.sent import SentMessage, sent_of_open_warnings
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import compose
from services.alerts.isolation import isolated
from services.alerts.outbox.fast_relay import FastRelay
from services.alerts.outbox.notice_publisher import NoticePublisher
from services.alerts.outbox.outbox import Outbox
from services.alerts.outbox.relay import as_payload, relay_due
from services.alerts.policy_cache import PolicyCache
from services.alerts.settings import AlertSettings
from services.alerts.source.nearby import NearbyFeed
from services.alerts.source.readings import ReadingSource
from services.alerts.suppression.service import Suppressor

log = get_logger("alerts")

PUBLISH_TIMEOUT_S = 5.0
RETRY_DELIVERY_S = 1.0
RETRY_REGISTRY_S = 1.0
NOTICE_EVERY_S = 1.0
BLIND_EVERY_S = 10.0
"""With five thousand sites a look at all of them costs tens of milliseconds, for which no warning should wait often."""

FIRST_LOOK = timedelta(hours=1)
"""How far back stored readings matter of a gauge that has never been heard."""

LONGEST_LOOK = timedelta(days=1)
"""How far back they matter of one that was."""

Registry = tuple[dict[str, Device], dict[str, Site]]


class Parts:
    """The service's parts, and the few words by which the walk uses them."""

    def __init__(self, settings: AlertSettings, engine: Engine) -> None:
        self.policy_cache = PolicyCache(engine)
        self.evaluator = Evaluator(
            street_model(), self.policy_cache.readiness, timedelta(seconds=settings.alerts_wait_s), _evaluation_failed
        )
        self.directory: Mapping[str, Device] = {}
        self.session = Session(
            settings.mqtt_address,
            client_id="rencheng-alerts",
            account=("rencheng-alerts", settings.mqtt_alerts_password.get_secret_value()),
            subscriptions=[topic_filter(Channel.TELEMETRY, Kind.WATERLOGGING)],
            persistent=False,
            batching=settings.mqtt_batching,
            on_change=lambda up, why: self.source.connection_changed(up, why),  # noqa: PLW0108 - it is made below
        )
        self.source = ReadingSource(self.session, engine, ClockLimits())
        self.outbox = Outbox(engine, lambda said: self._retain(said.topic, as_payload(said.document)))
        self.fast_relay = FastRelay(engine, self.session)
        self.suppressor = Suppressor()
        self.nearby = NearbyFeed(settings)
        self.notices = NoticePublisher(engine, self._retain)
        self._engine = engine
        self._registry: RegistryCache[Registry] = RegistryCache(engine, _load_registry, refresh=_refresh_registry)
        self._restored = False
        self._registry_at = 0.0
        self._publisher = _publisher(settings)
        self._undelivered = True  # what an earlier life may have left
        self._delivery_tried_at = 0.0
        self._noticed_at = 0.0
        self._live: list[Site] = []
        self._blind: set[str] = set()
        self._in_rain = False
        self._looked_at = 0.0

    def follow_registry(self) -> None:
        """Take over changed devices and sites; at the first time, together with what was kept of each site."""
        if not self._restored and time.monotonic() < self._registry_at:
            return
        self._registry_at = time.monotonic() + RETRY_REGISTRY_S
        try:
            with isolated("registry"):
                directory, sites = self._registry.current()
                if sites is self.evaluator.sites:
                    return
                pages = {} if self._restored else self._kept_pages()
                told, notices = ([], []) if self._restored else self._kept_words()
                self.directory = directory
                has_unheard = self.evaluator.set_sites(sites)
                self.evaluator.restore(pages)
                self.suppressor.set_sites(sites)
                self.nearby.follow(sites, directory)
                self.suppressor.restore(told, notices)
                self._restored = True
                if has_unheard:
                    self.source.restart_catch_up()
        except StoreUnavailable as away:
            log.warning("database away; blind, for no site is known yet", why=str(away))

    def since(self) -> dict[str, datetime]:
        """From when on stored readings of each gauge matter."""
        now = datetime.now(UTC)
        found: dict[str, datetime] = {}
        for site, device_id, heard in self.evaluator.last_readings():  # a rain gauge may serve many sites
            since = _since(site.world, heard, now)
            found[device_id] = min(since, found.get(device_id, since))
        return found

    def judge(self, reading: WaterReading, received_at: datetime) -> list[RenderedWarning]:
        """What is to be said after a reading, in its outer forms; a rain gauge may serve many sites."""
        for world in {site.world for site in self.evaluator.sites_of(reading)}:
            self.suppressor.observe_time(world, reading.time)
        return self._render_all(self.evaluator.process(reading, received_at))

    def tick(self) -> list[RenderedWarning]:
        """What is to be said of readings that have waited long enough; not before what is stored was asked for."""
        return self._render_all(self.evaluator.tick(datetime.now(UTC))) if self.source.is_listening else []

    def _render_all(self, evaluations: Iterable[Evaluation]) -> list[RenderedWarning]:
        """Render, then commit: a warning that cannot be rendered is found again by the next reading of its site."""
        rendered: list[RenderedWarning] = []
        for evaluation in evaluations:
            try:
                if evaluation.message:
                    rendered.append(self.suppressor.decide(self.dress(evaluation.message)))
                self.evaluator.commit(evaluation)
            except Exception:
                log.exception("warning not rendered; it will be found again", site=evaluation.site_id)
        return rendered

    def dress(self, message: WarningMessage) -> RenderedWarning:
        """A message in its outer forms, with what signals and piles around its site tell."""
        site = self.evaluator.sites[message.site_id]
        message = replace(message, evidence=self.nearby.evidence(site, message.issued_at))
        composed = compose(message, site, self._publisher)
        return RenderedWarning(
            message,
            warning_document(composed),
            render(composed),
            warning_topic(site.region, site.site_id),
        )

    def follow_orders(self) -> None:
        """Take over what operators mute and what the weather service says."""
        if self.policy_cache.refresh():
            self.suppressor.set_mutes(self.policy_cache.mutes)

    def control_storm(self) -> None:
        """Let go what nothing mutes any more; say what is to be said of many sites."""
        self.outbox.release(self.suppressor.tick())
        if time.monotonic() - self._noticed_at < NOTICE_EVERY_S or not self._restored:
            return
        self._noticed_at = time.monotonic()
        if time.monotonic() - self._looked_at >= BLIND_EVERY_S:
            self._look_for_blind()
        found = self.suppressor.notices(self._blind, of=len(self._live), in_rain=self._in_rain)
        self.notices.publish(found, connected=self.session.is_connected)

    def _look_for_blind(self) -> None:
        """Of which live sites nobody can say how deep the water is."""
        self._looked_at, now = time.monotonic(), datetime.now(UTC)
        self._live = [site for site in self.evaluator.sites.values() if site.world == ACTUAL and site.depth_gauge_ids]
        self._blind = {site.site_id for site in self._live}
        if self.source.can_evaluate:
            self._blind = {site_id for site_id in self._blind if self.evaluator.has_no_data(site_id, now)}
        blind = (site for site in self._live if site.site_id in self._blind)
        self._in_rain = any(self.policy_cache.readiness(site, now).level for site in blind)

    def _kept_words(self) -> tuple[list[SentMessage], list[Row]]:
        with translate_errors(), self._engine.connect() as connection:
            return sent_of_open_warnings(connection), newest_notices(connection)

    def deliver(self, *, anew: bool) -> None:
        """Deliver what is due: at once if something is new, now and then if something was left."""
        fresh = self.outbox.take_new()
        if fresh and not self._undelivered:
            anew = not self.fast_relay.send(fresh)
        self._undelivered = not self.fast_relay.settle() or self._undelivered or anew
        waited = time.monotonic() - self._delivery_tried_at
        if self._undelivered and self.session.is_connected and (anew or waited > RETRY_DELIVERY_S):
            self._delivery_tried_at = time.monotonic()
            self.fast_relay.settle(wait_s=PUBLISH_TIMEOUT_S)
            self._undelivered = not relay_due(self._engine, self._retain)

    def _kept_pages(self) -> dict[str, SiteRecord]:
        with translate_errors(), self._engine.connect() as connection:
            kept = load_states(connection)
        pages: dict[str, SiteRecord] = {}
        for site_id, (snapshot, _) in kept.items():
            with isolated("kept page; the site begins afresh", site=site_id):
                pages[site_id] = SiteRecord.from_json(snapshot)
        return pages

    def close(self) -> None:
        """Give the registry's connection up."""
        self._registry.close()
        self.nearby.close()

    def _retain(self, topic: str, payload: bytes) -> bool:
        return self.session.publish(topic, payload, retain=True, timeout_s=PUBLISH_TIMEOUT_S)


@contextmanager
def open_parts(settings: AlertSettings) -> Iterator[Parts]:
    """Everything that the service needs, connected; closed again at the end."""
    engine = open_database(settings.database_url, name="rencheng-alerts")
    parts = Parts(settings, engine)
    try:
        parts.follow_registry()
        with parts.session:
            yield parts
    finally:
        parts.close()
        engine.dispose()


def _evaluation_failed(site_id: str, error: Exception) -> None:
    log.error("evaluation failed; the reading is dropped", site=site_id, exc_info=error)


def _load_registry(connection: Connection) -> Registry:
    return load_directory(connection), load_sites(connection, on_invalid=_say_unfit)


def _refresh_registry(connection: Connection, registry: Registry, changed: Collection[str]) -> Registry:
    """All sites, but of 75,000 devices only those that changed: a whole load would hold warnings up for a second."""
    return refresh_directory(connection, registry[0], changed), load_sites(connection, on_invalid=_say_unfit)


def _say_unfit(site_id: str, error: Exception) -> None:
    log.error("a site cannot be read and is not watched; mend its row", site=site_id, why=repr(error))


def _since(world: str, heard_until: datetime | None, now: datetime) -> datetime:
    """An exercise may tell of any time that ingest takes in; the live world has no use for more than a day.

    What is older than a gauge's last word decides nothing, and in a city that is nearly all that is stored.
    """
    if world != ACTUAL:
        return heard_until or now - ClockLimits().past
    return max(heard_until, now - LONGEST_LOOK) if heard_until else now - FIRST_LOOK


def _publisher(settings: AlertSettings) -> Publisher:
    return Publisher(
        sender=settings.cap_sender,
        sender_name_zh=settings.cap_sender_name_zh,
        sender_name_en=settings.cap_sender_name_en,
        web=settings.public_url,
        contact=settings.cap_contact,
        restriction=settings.cap_restriction,
    )
