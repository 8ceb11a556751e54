"""The engine's second ear: the signals and piles that are bound to sites, on a connection of their own.

It hears these alone, for a city's signals say a hundred times as much as its gauges, and it must never delay water: it
has its own inbox, of which a bounded part is read between two looks at the gauges.
"""

from collections.abc import Mapping
from datetime import datetime

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.evidence import Evidence
from rencheng.domain.site import Site
from rencheng.domain.topic import Channel, Topic
from rencheng.engine.nearby.evidence import NearbyEvidence
from rencheng.intake import admit
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.logs import get_logger
from services.alerts.isolation import isolated
from services.alerts.settings import AlertSettings

log = get_logger("alerts")

MESSAGES_MAX = 1000
"""So many of these between two looks at the gauges: they take five milliseconds."""


class NearbyFeed:
    """What stands around the sites, heard live. What it missed while away it learns anew."""

    def __init__(self, settings: AlertSettings) -> None:
        self._address = settings.mqtt_address
        self._batching = settings.mqtt_batching
        self._account = ("rencheng-alerts", settings.mqtt_alerts_password.get_secret_value())
        self._surroundings = NearbyEvidence()
        self._limits = ClockLimits()
        self._session: Session | None = None
        self._topics: list[str] = []

    def follow(self, sites: Mapping[str, Site], directory: Mapping[str, Device]) -> None:
        """Take over changed sites and devices; listen to what is bound now."""
        self._surroundings.set_sites(sites)
        bound = sorted(self._surroundings.signals | self._surroundings.piles)
        devices = [device for name in bound if (device := directory.get(name))]
        topics = [str(Topic(each.region, each.kind, each.device_id, Channel.TELEMETRY)) for each in devices]
        piles = [each for each in devices if each.device_id in self._surroundings.piles]
        topics += [str(Topic(each.region, each.kind, each.device_id, Channel.STATE)) for each in piles]
        if topics == self._topics:
            return
        self.close()
        self._topics = topics
        if topics:
            self._session = self._listening(topics)
            self._session.open()

    def update(self, directory: Mapping[str, Device]) -> None:
        """Take in what was heard."""
        if self._session is None:
            return
        for delivery in self._session.take(MESSAGES_MAX, 0):
            with isolated("message from around", topic=delivery.message.topic):
                admitted = admit(delivery.message, directory, self._limits)
                if admitted.state:
                    self._surroundings.take_state(admitted.state)
                for reading in admitted.readings:
                    self._surroundings.take(reading)

    def evidence(self, site: Site, at: datetime) -> tuple[Evidence, ...]:
        """What is told of a site at a time: first what supports its gauges, then what makes one doubt them."""
        told = self._surroundings.of(site.site_id, at)
        return (*told.corroborates, *told.contradicts)

    def close(self) -> None:
        """Stop listening."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _listening(self, topics: list[str]) -> Session:
        return Session(
            self._address,
            client_id="rencheng-alerts-around",
            account=self._account,
            subscriptions=topics,
            persistent=False,
            batching=self._batching,
            on_change=lambda up, why: log.info("broker, around the sites", connected=up, why=why),
        )
