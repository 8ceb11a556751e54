"""Real broker, database, ingest and alerts; a city's traffic; and a tunnel after another that drowns."""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.throughput.fleet import REGION
from benchmarks.throughput.servers import Servers, servers
from benchmarks.warning_latency.sender import CityLoad, CityLoadPlan, CityLoadResult
from benchmarks.warning_latency.traffic import CITY, Crowd, probe_names
from local_stack.mosquitto import MosquittoServer
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.messaging.mqtt.session import Session
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import register
from rencheng.store.registry.sites import register_site

OUT = Path(__file__).resolve().parents[2] / "build" / "warning_latency"

BAR_P99_MS = 500.0
"""Source: issue 6, bar 6."""

SETTLE_S = 3.0
READY_S = 60.0
ALERTS, EAR = "rencheng-alerts", "rencheng-operator"

ReceivedWarning = tuple[str, float, str, float]
"""(probe, depth of the reading that decided, colour, Unix time of arrival)."""


class WarningLatency(NamedTuple):
    """What was measured, in ms."""

    warnings: int
    p50: float
    p90: float
    p99: float
    worst: float


def main() -> None:
    """Run once and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--share", type=float, default=1.0, help="of the city's 15,000 messages a second")
    asked = parser.parse_args()
    city = tuple(crowd._replace(devices=max(1, round(crowd.devices * asked.share))) for crowd in CITY)
    with servers([*probe_names()]) as there:
        _register(there, city)
        with there.broker() as broker, _service(there, broker, "ingest"), _service(there, broker, "alerts") as log:
            _await(log, '"can_evaluate": true')
            sent, heard = _measure(there, CityLoadPlan(("127.0.0.1", broker.port), there.devices, asked.seconds, city))
    _report(sent, heard)


def _register(there: Servers, city: Sequence[Crowd]) -> None:
    there.devices |= {ALERTS: new_password(), EAR: new_password()}
    engine = open_database(there.database_url, name="bench")
    with engine.begin() as connection:
        for crowd in city:
            register(connection, [(Device(name, crowd.kind, REGION), None) for name in crowd.names])
            there.devices |= {name: new_password() for name in crowd.names}
            for name in crowd.names if crowd.kind is Kind.WATERLOGGING else ():
                register_site(connection, _site(name, SiteType.ROAD))
        for name in probe_names():
            register_site(connection, _site(name, SiteType.TUNNEL))
    engine.dispose()


def _site(gauge: str, site_type: SiteType) -> Site:
    profile = default_profile(site_type)
    return Site(f"site-{gauge}", gauge, gauge, site_type, REGION, 36.65, 117.02, profile, depth_gauge_ids=(gauge,))


@contextmanager
def _service(there: Servers, broker: MosquittoServer, name: str) -> Iterator[Path]:
    log = there.folder / f"{name}.log"
    environment = there.environment(broker) | {"RENCHENG_MQTT_ALERTS_PASSWORD": there.devices[ALERTS]}
    with log.open("wb") as sink:
        process = subprocess.Popen([sys.executable, "-m", f"services.{name}"], env=environment, stderr=sink)
    try:
        _await(log, "connected and subscribed")
        yield log
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(log: Path, words: str) -> None:
    until = time.monotonic() + READY_S
    while words not in log.read_text("utf-8"):
        if time.monotonic() > until:
            raise TimeoutError(f"{log.name} never said {words!r}:\n{log.read_text('utf-8')[-2000:]}")
        time.sleep(0.05)


def _measure(there: Servers, order: CityLoadPlan) -> tuple[CityLoadResult, list[ReceivedWarning]]:
    heard, done = list[ReceivedWarning](), threading.Event()

    def listen() -> None:
        while not done.is_set():
            heard.extend(_heard(delivery.message) for delivery in session.take(1000, 0.1))

    with ExitStack() as stack:
        account = (EAR, there.devices[EAR])
        topics = ["rencheng/v1/+/warning/+"]
        session = stack.enter_context(
            Session(order.address, client_id=EAR, account=account, subscriptions=topics, persistent=False)
        )
        ear = threading.Thread(target=listen)
        ear.start()
        sent = CityLoad(order).run()
        time.sleep(SETTLE_S)
        done.set()
        ear.join()
    return sent, heard


def _heard(message: Any) -> ReceivedWarning:  # noqa: ANN401 - the session's message
    said = json.loads(message.payload)
    grounds = said["grounds"]
    return grounds["device_id"], grounds["depth_mm"], said["level"], message.received_at.timestamp()


def latency(sent: CityLoadResult, heard: Sequence[ReceivedWarning]) -> WarningLatency:
    """From the publish of the reading that decided to the arrival of what was said."""
    pairs = [(arrived, sent.probes.get((probe, depth))) for probe, depth, _, arrived in heard]
    found = sorted(1000 * (arrived - published) for arrived, published in pairs if published is not None)
    if not found:
        raise RuntimeError("no warning was heard")
    at = [found[min(int(share * len(found)), len(found) - 1)] for share in (0.5, 0.9, 0.99, 1.0)]
    return WarningLatency(len(found), *at)


def _report(sent: CityLoadResult, heard: Sequence[ReceivedWarning]) -> None:
    found = latency(sent, heard)
    rate = sent.messages / sent.took_s
    warned = len({probe for probe, _, _, _ in heard})
    sys.stdout.write(
        f"{rate:,.0f} messages a second for {sent.took_s:.0f} s (at most {sent.behind_s * 1000:.0f} ms behind plan); "
        f"{found.warnings} warnings of {warned} of {len(probe_names())} tunnels\n"
        f"publish to warning: p50 {found.p50:.0f} ms, p90 {found.p90:.0f} ms, p99 {found.p99:.0f} ms, worst "
        f"{found.worst:.0f} ms; the bar is p99 {BAR_P99_MS:.0f} ms\n"
    )
    OUT.mkdir(parents=True, exist_ok=True)
    report = {"messages_a_second": rate, "behind_s": sent.behind_s, "tunnels_warned": warned, **found._asdict()}
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
