"""A gauge floods every 20 seconds. Each flood must be warned of within five seconds."""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.adversary.attack import MARK
from benchmarks.load.connections import PUBACK_BYTES, open_connection
from benchmarks.throughput.fleet import REGION
from benchmarks.warning_latency.traffic import PROBE_DEPTHS_MM, depth_mm, probe_names, probe_packet
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.messaging.mqtt.session import Session

FLOOD_EVERY_S = 20.0
SAMPLE_EVERY_S = 0.5
WARNED_WITHIN_S = 5.0
"""Source: issue 12, bar 2."""

LATEST_S = 30.0
RED_MM = 250.0
OPERATOR = "rencheng-operator"


def flood_gauges(floods: int) -> list[str]:
    """Return the names of the gauges that flood, one each flood."""
    return probe_names()[:floods]


def flood_sites(floods: int) -> list[Site]:
    """Return the sites of these gauges: tunnels."""
    profile = default_profile(SiteType.TUNNEL)
    return [
        Site(f"site-{name}", name, name, SiteType.TUNNEL, REGION, 36.65, 117.02, profile, depth_gauge_ids=(name,))
        for name in flood_gauges(floods)
    ]


@dataclass(slots=True)
class FloodReport:
    """What was published and what was warned of.

    Attributes:
        sent: Unix time of publishing, by (gauge, depth).
        warned: (gauge, depth of the deciding reading, level, Unix time of arrival).
        forged: topics of messages that an attacker delivered to a subscriber.
    """

    sent: dict[tuple[str, float], float] = field(default_factory=dict)
    warned: list[tuple[str, float, str, float]] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)

    @property
    def gauges(self) -> list[str]:
        """The gauges that flooded up to red."""
        return sorted({name for name, depth in self.sent if depth >= RED_MM})

    def delays_s(self) -> dict[str, float | None]:
        """Return the time from publishing the deciding reading to the red warning, by gauge; None if there was none."""
        delays: dict[str, float | None] = dict.fromkeys(self.gauges)
        for name, depth, level, at in self.warned:
            published = self.sent.get((name, depth))
            if level == "red" and published is not None and delays.get(name, 0) is None:
                delays[name] = at - published
        return delays

    @property
    def late(self) -> list[str]:
        """The gauges without a red warning within five seconds."""
        return [name for name, delay in self.delays_s().items() if delay is None or delay > WARNED_WITHIN_S]


class FloodSender:
    """Gauges that flood one after another, and a subscriber that receives warnings and notices.

    Args:
        address: the broker's.
        passwords: the passwords of gauges and operator.
        gauges: the gauges, in order.
    """

    def __init__(self, address: tuple[str, int], passwords: dict[str, str], gauges: Sequence[str]) -> None:
        self.report = FloodReport()
        self._address = address
        self._passwords = passwords
        self._gauges = gauges
        self._stop = threading.Event()

    def run(self, seconds: float) -> FloodReport:
        """Flood until the time is over, and wait for the last warning."""
        topics = ["rencheng/v1/+/warning/#", "rencheng/v1/notice/#", "rencheng/v1/service/#"]
        account = (OPERATOR, self._passwords[OPERATOR])
        with Session(
            self._address, client_id="adversary-watch", account=account, subscriptions=topics, persistent=False
        ) as session:
            listener = threading.Thread(target=self._listen, args=(session,))
            listener.start()
            self._flood_all(seconds)
            until_s = time.monotonic() + LATEST_S
            while time.monotonic() < until_s and any(delay is None for delay in self.report.delays_s().values()):
                time.sleep(SAMPLE_EVERY_S)
            self._stop.set()
            listener.join()
        return self.report

    def _flood_all(self, seconds: float) -> None:
        began_s = time.monotonic()
        for number, name in enumerate(self._gauges):
            time.sleep(max(0.0, began_s + number * FLOOD_EVERY_S - time.monotonic()))
            if time.monotonic() - began_s > seconds - len(PROBE_DEPTHS_MM) * SAMPLE_EVERY_S:
                return
            self._flood(name)
        time.sleep(max(0.0, began_s + seconds - time.monotonic()))

    def _flood(self, name: str) -> None:
        """Publish the flood of one gauge. A sample without PUBACK is published again, as a device does."""
        now = datetime.now(UTC)
        for number in range(len(PROBE_DEPTHS_MM)):
            self.report.sent[name, depth_mm(name, number)] = time.time()
            while not self._publish(name, probe_packet(name, number, now)):
                time.sleep(SAMPLE_EVERY_S)
            time.sleep(SAMPLE_EVERY_S)

    def _publish(self, name: str, packet: bytes) -> bool:
        with suppress(OSError), open_connection(self._address, name, self._passwords[name], within_s=5) as connection:
            connection.settimeout(5)
            connection.sendall(packet)
            return len(connection.recv(PUBACK_BYTES)) == PUBACK_BYTES
        return False

    def _listen(self, session: Session) -> None:
        while not self._stop.is_set():
            for each in session.take(1000, 0.1):
                message = each.message
                if MARK.encode() in message.payload:
                    self.report.forged.append(message.topic)
                elif "/warning/" in message.topic and message.payload:
                    grounds = (document := json.loads(message.payload))["grounds"]
                    at = message.received_at.timestamp()
                    self.report.warned.append((grounds["device_id"], grounds["depth_mm"], document["level"], at))
