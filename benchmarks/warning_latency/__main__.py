"""`make latency`: from a gauge's publish to the warning, on real services under a city's traffic."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.throughput.fleet import REGION
from benchmarks.throughput.servers import Servers, start_servers
from benchmarks.warning_latency.sender import CityLoadPlan, CityLoadResult, send_city_load
from benchmarks.warning_latency.traffic import CITY, DeviceGroup, probe_names
from local_stack.mosquitto import MosquittoServer
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.messaging.mqtt.session import Session
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import register
from rencheng.store.registry.sites import register_site

OUT = Path(__file__).resolve().parents[2] / "build" / "warning_latency"

BAR_P99_MS = 500.0
"""Source: issue 6, bar 6."""

SETTLE_S = 3.0
READY_S = 60.0
ALERTS, SUBSCRIBER = "rencheng-alerts", "rencheng-operator"

ReceivedWarning = tuple[str, float, str, float]
"""(probe, depth of the deciding reading, level, Unix time of arrival)."""


class WarningLatency(NamedTuple):
    """The measured latencies, ms."""

    warnings: int
    p50: float
    p90: float
    p99: float
    worst: float


def main() -> None:
    """Run once and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--share", type=float, default=1.0, help="share of the city's 15,000 messages per second")
    asked = parser.parse_args()
    city = tuple(group._replace(devices=max(1, round(group.devices * asked.share))) for group in CITY)
    with start_servers([*probe_names()]) as servers:
        _register(servers, city)
        with (
            servers.broker() as broker,
            _service(servers, broker, "ingest"),
            _service(servers, broker, "alerts") as alerts,
        ):
            alerts.wait_for('"can_evaluate": true', within_s=READY_S)
            sent, received = _measure(
                servers, CityLoadPlan(("127.0.0.1", broker.port), servers.devices, asked.seconds, city)
            )
    _report(sent, received)


def _register(servers: Servers, city: Sequence[DeviceGroup]) -> None:
    servers.devices |= {ALERTS: new_password(), SUBSCRIBER: new_password()}
    engine = open_database(servers.database_url, name="bench")
    with engine.begin() as connection:
        for group in city:
            register(connection, [(Device(name, group.kind, REGION), None) for name in group.names])
            servers.devices |= {name: new_password() for name in group.names}
            for name in group.names if group.kind is Kind.WATERLOGGING else ():
                register_site(connection, _site(name, SiteType.ROAD))
        for name in probe_names():
            register_site(connection, _site(name, SiteType.TUNNEL))
    engine.dispose()


def _site(gauge: str, site_type: SiteType) -> Site:
    profile = default_profile(site_type)
    return Site(f"site-{gauge}", gauge, gauge, site_type, REGION, 36.65, 117.02, profile, depth_gauge_ids=(gauge,))


@contextmanager
def _service(servers: Servers, broker: MosquittoServer, name: str) -> Iterator[ServiceProcess]:
    environment = servers.environment(broker) | {"RENCHENG_MQTT_ALERTS_PASSWORD": servers.devices[ALERTS]}
    with ServiceProcess(f"services.{name}", servers.folder / f"{name}.log", environment) as service:
        service.wait_for("connected and subscribed", within_s=READY_S)
        yield service


def _measure(servers: Servers, plan: CityLoadPlan) -> tuple[CityLoadResult, list[ReceivedWarning]]:
    received, done = list[ReceivedWarning](), threading.Event()

    def listen(session: Session) -> None:
        while not done.is_set():
            received.extend(_parse(each.message) for each in session.take(1000, 0.1))

    account = (SUBSCRIBER, servers.devices[SUBSCRIBER])
    topics = ["rencheng/v1/+/warning/+"]
    with Session(
        plan.address, client_id=SUBSCRIBER, account=account, subscriptions=topics, persistent=False
    ) as session:
        listener = threading.Thread(target=listen, args=(session,))
        listener.start()
        sent = send_city_load(plan)
        time.sleep(SETTLE_S)
        done.set()
        listener.join()
    return sent, received


def _parse(message: Any) -> ReceivedWarning:  # noqa: ANN401 - the session's message
    document = json.loads(message.payload)
    grounds = document["grounds"]
    return grounds["device_id"], grounds["depth_mm"], document["level"], message.received_at.timestamp()


def latency(sent: CityLoadResult, received: Sequence[ReceivedWarning]) -> WarningLatency:
    """Compute the latency from the publish of the deciding reading to the arrival of the warning."""
    pairs = [(arrived, sent.probes.get((probe, depth))) for probe, depth, _, arrived in received]
    found = sorted(1000 * (arrived - published) for arrived, published in pairs if published is not None)
    if not found:
        raise RuntimeError("no warning arrived")
    at = [found[min(int(share * len(found)), len(found) - 1)] for share in (0.5, 0.9, 0.99, 1.0)]
    return WarningLatency(len(found), *at)


def _report(sent: CityLoadResult, received: Sequence[ReceivedWarning]) -> None:
    found = latency(sent, received)
    rate = sent.messages / sent.took_s
    warned = len({probe for probe, _, _, _ in received})
    sys.stdout.write(
        f"{rate:,.0f} messages/s for {sent.took_s:.0f} s (at most {sent.behind_s * 1000:.0f} ms behind plan); "
        f"{found.warnings} warnings of {warned} of {len(probe_names())} probe tunnels\n"
        f"publish to warning: p50 {found.p50:.0f} ms, p90 {found.p90:.0f} ms, p99 {found.p99:.0f} ms, worst "
        f"{found.worst:.0f} ms; the bar is p99 {BAR_P99_MS:.0f} ms\n"
    )
    OUT.mkdir(parents=True, exist_ok=True)
    report = {"messages_per_s": rate, "behind_s": sent.behind_s, "tunnels_warned": warned, **found._asdict()}
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
