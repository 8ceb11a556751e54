"""Evidence near the sites: signals and chargers that are bound to sites, on a broker session of their own.

Signals report a hundred times as often as gauges. They have their own session and inbox, of which only a bounded part
is read in one turn, so that they never delay depth readings.
"""

from collections.abc import Mapping
from datetime import datetime

from rencheng.checks.clock import ClockLimits
from rencheng.domain.device import Device
from rencheng.domain.evidence import Evidence
from rencheng.domain.site import Site
from rencheng.domain.topic import Channel, Topic
from rencheng.engine.nearby.evidence import Corroboration, NearbyEvidence
from rencheng.intake import admit
from rencheng.messaging.inbox import SheddingInbox
from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.logs import get_logger
from services.alerts import metrics
from services.alerts.isolation import isolated
from services.alerts.settings import AlertSettings

log = get_logger("alerts")

MESSAGES_MAX = 1000
"""Messages that are read in one turn; they take five milliseconds."""


class NearbyFeed:
    """The nearby devices of all sites, received live. Messages that are missed are not read again."""

    def __init__(self, settings: AlertSettings) -> None:
        self._address, self._tls = settings.mqtt_address, settings.mqtt_tls
        self._account = settings.account
        self._evidence = NearbyEvidence()
        self._batching = settings.mqtt_batching
        self._limits = ClockLimits()
        self._session: Session | None = None
        self._topics: list[str] = []

    def follow(self, sites: Mapping[str, Site], directory: Mapping[str, Device]) -> None:
        """Take over changed sites and devices, and subscribe to the devices that are bound now."""
        self._evidence.set_sites(sites)
        bound = sorted(self._evidence.signals | self._evidence.chargers)
        devices = [device for name in bound if (device := directory.get(name))]
        topics = [str(Topic(each.region, each.kind, each.device_id, Channel.TELEMETRY)) for each in devices]
        chargers = [each for each in devices if each.device_id in self._evidence.chargers]
        topics += [str(Topic(each.region, each.kind, each.device_id, Channel.STATE)) for each in chargers]
        if topics == self._topics:
            return
        self.close()
        self._topics = topics
        if topics:
            self._session = self._new_session(topics)
            self._session.open()

    def update(self, directory: Mapping[str, Device]) -> None:
        """Take in the messages that arrived."""
        if self._session is None:
            return
        for inbound in self._session.take(MESSAGES_MAX, 0):
            with isolated("message of a nearby device", topic=inbound.message.topic):
                result = admit(inbound.message, directory, self._limits)
                if result.state:
                    self._evidence.take_state(result.state)
                for reading in result.readings:
                    self._evidence.take(reading)

    def of(self, site_id: str, at: datetime) -> Corroboration:
        """Return what the devices of a site show at a time."""
        return self._evidence.of(site_id, at)

    def evidence(self, site: Site, at: datetime) -> tuple[Evidence, ...]:
        """Return the evidence near a site at a time: what corroborates its gauges, then what contradicts them."""
        found = self._evidence.of(site.site_id, at)
        return (*found.corroborates, *found.contradicts)

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _new_session(self, topics: list[str]) -> Session:
        return Session(
            self._address,
            client_id=client_id("rencheng-alerts-nearby", self._account[1]),
            account=self._account,
            subscriptions=topics,
            tls=self._tls,
            batching=self._batching,
            inbox=SheddingInbox(on_shed=metrics.count_shed_messages),
            persistent=False,
            on_change=lambda up, why: log.info("broker, nearby devices", connected=up, why=why),
        )
