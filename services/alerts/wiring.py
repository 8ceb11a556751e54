"""Open the alert service: connect its stages, and close them again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from rencheng.checks.clock import ClockLimits
from rencheng.domain.heartbeat import Part
from rencheng.domain.kind import Kind
from rencheng.domain.topic import Channel, topic_filter
from rencheng.heartbeats import HeartbeatWriter
from rencheng.messaging.inbox import SheddingInbox
from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.messaging.mqtt.session import Session
from rencheng.quotas import Quotas
from rencheng.runtime.metrics.server import serve_metrics
from rencheng.store.core.database import open_database
from services.alerts import metrics
from services.alerts.evaluation import NoDataCheck, ReadingEvaluator, new_evaluator
from services.alerts.outbox.notices import NoticeOutbox
from services.alerts.outbox.outbox import Outbox
from services.alerts.outbox.relay import Relay
from services.alerts.outbox.sink import MqttSink
from services.alerts.policy_cache import PolicyCache
from services.alerts.progress import AlertProgress
from services.alerts.registry import SiteRegistry
from services.alerts.rendering import Renderer, publisher_of
from services.alerts.service_status import ServiceStatus
from services.alerts.settings import AlertSettings
from services.alerts.source.catch_up import CatchUp
from services.alerts.source.live_readings import LiveReadings
from services.alerts.source.nearby import NearbyFeed
from services.alerts.source.readings import ReadingSource
from services.alerts.source.subscription_state import SubscriptionState
from services.alerts.suppression.service import Suppressor
from services.alerts.world_clocks import WorldClocks


@dataclass(frozen=True, slots=True)
class AlertService:
    """The stages of a warning's way, in order, and what they look up."""

    source: ReadingSource
    registry: SiteRegistry
    policies: PolicyCache
    nearby: NearbyFeed
    no_data: NoDataCheck
    evaluator: ReadingEvaluator
    renderer: Renderer
    suppressor: Suppressor
    outbox: Outbox
    notices: NoticeOutbox
    relay: Relay
    progress: AlertProgress


@contextmanager
def open_service(settings: AlertSettings) -> Iterator[AlertService]:
    """Connect all stages; close them at the end."""
    engine = open_database(settings.database_url, name="rencheng-alerts")
    clocks, subscription, nearby = WorldClocks(), SubscriptionState(), NearbyFeed(settings)
    policies = PolicyCache(engine, sites=lambda: tuple(evaluator.sites.values()))
    evaluator = new_evaluator(policies, timedelta(seconds=settings.alerts_wait_s), nearby.of)
    session = _session(settings, subscription)
    live_readings = LiveReadings(Quotas(per_minute=settings.ingest_quota_per_minute), ClockLimits())
    source = ReadingSource(session, subscription, CatchUp(engine), live_readings)
    publisher = publisher_of(settings)
    suppressor = Suppressor(clocks, publisher)
    registry = SiteRegistry(engine, evaluator, suppressor, nearby, source, limits=settings.gauge_limits)
    outbox, notices = Outbox(engine), NoticeOutbox(engine)
    relay = Relay(engine, MqttSink(session), outbox, notices)
    progress = AlertProgress(session, subscription, registry, relay)
    service = AlertService(
        source=source,
        registry=registry,
        policies=policies,
        nearby=nearby,
        no_data=NoDataCheck(evaluator, source, policies),
        evaluator=ReadingEvaluator(evaluator, clocks),
        renderer=Renderer(evaluator, nearby, publisher),
        suppressor=suppressor,
        outbox=outbox,
        notices=notices,
        relay=relay,
        progress=progress,
    )
    try:
        with serve_metrics(settings.alerts_metrics_port, settings.metrics_host):
            registry.refresh()
            policies.start()
            heartbeat = HeartbeatWriter(settings.database_url, Part.ALERTS, figures=progress.figures)
            with heartbeat, session, ServiceStatus(settings, progress):
                yield service
    finally:
        policies.close()
        registry.close()
        nearby.close()
        engine.dispose()


def _session(settings: AlertSettings, subscription: SubscriptionState) -> Session:
    return Session(
        settings.mqtt_address,
        client_id=client_id("rencheng-alerts", settings.account[1]),
        account=settings.account,
        subscriptions=[topic_filter(Channel.TELEMETRY, Kind.WATERLOGGING)],
        inbox=SheddingInbox(on_shed=metrics.count_shed_messages),
        persistent=False,
        tls=settings.mqtt_tls,
        batching=settings.mqtt_batching,
        on_change=subscription.changed,
    )
