"""`make delivery`: 1,000 sites turn red within a minute, 200 subscribers, a third of them failing for half an hour."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.delivery.arrivals import Arrivals, DeliveryOutcome, judge
from benchmarks.delivery.city import Member, register_members, register_sites
from benchmarks.delivery.listeners import StreamListeners, mqtt_listener
from benchmarks.delivery.receiver import Receivers
from benchmarks.throughput.servers import Servers, start_servers
from local_stack.mosquitto import MosquittoServer
from local_stack.ports import choose_port
from rencheng.domain.level import Level
from rencheng.domain.outgoing import RenderedWarning
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.core.database import Engine, open_database
from rencheng.store.response.cipher import ContactCipher, new_key
from rencheng.store.response.ledger_figures import open_dispatches
from rencheng.store.warnings.record import record

OUT = Path(__file__).resolve().parents[2] / "build" / "delivery"
SETTLE_WITHIN_S = 240.0
"""After the faults. An endpoint is tried again after 72 s at the latest (`rencheng/response/delivery/outcome.py`)."""

MESSAGES = ((1, Level.ORANGE), (2, Level.RED))
ACCOUNTS = ("rencheng-response", "rencheng-operator")


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """The size of a run.

    Attributes:
        seconds: time in which the sites turn red.
        failing_s: how long a third of the subscribers fails.
    """

    sites: int = 1000
    subscribers: int = 200
    seconds: float = 60.0
    failing_s: float = 1800.0


def main() -> None:
    """Run once, print the result, and fail if a bar is missed."""
    plan, parser = DeliveryPlan(), argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=plan.sites)
    parser.add_argument("--subscribers", type=int, default=plan.subscribers)
    parser.add_argument("--seconds", type=float, default=plan.seconds, help="time in which the sites turn red")
    parser.add_argument("--minutes", type=float, default=plan.failing_s / 60, help="how long a third fails")
    asked = parser.parse_args()
    outcome = run_delivery(DeliveryPlan(asked.sites, asked.subscribers, asked.seconds, asked.minutes * 60))
    outcome.write(OUT)
    sys.stdout.write("\n".join(outcome.lines()) + "\n")
    sys.exit(0 if outcome.holds else 1)


def run_delivery(plan: DeliveryPlan) -> DeliveryOutcome:
    """Run a storm on servers of its own."""
    key, arrivals = new_key(), Arrivals()
    with start_servers(ACCOUNTS) as servers, servers.broker() as broker, Receivers(arrivals) as receivers:
        engine = open_database(servers.database_url, name="bench")
        with engine.begin() as connection:
            names = register_sites(connection, plan.sites)
            members = register_members(connection, ContactCipher(key), names, plan.subscribers, receivers.port)
        _choose_faults(receivers, members)
        with _services(servers, broker, key) as url, ExitStack() as listeners:
            on_stream = [member for member in members.values() if member.kind == "stream"]
            streams = listeners.enter_context(StreamListeners(url, on_stream, arrivals).running())
            account = ("rencheng-operator", servers.devices["rencheng-operator"])
            listeners.enter_context(mqtt_listener("127.0.0.1", broker.port, account, arrivals))
            receivers.until_s = streams.until_s = time.monotonic() + plan.failing_s
            decided = _storm(engine, plan.sites, plan.seconds)
            _wait(engine, receivers.until_s + SETTLE_WITHIN_S)
            expected = sum(len(member.sites) for member in on_stream) * len(MESSAGES)
            _wait_for_streams(arrivals, on_stream, expected)
        engine.dispose()
    failing = sum(member.fails for member in members.values())
    sys.stdout.write(
        f"{len(members)} subscribers, {failing} of them failing for {plan.failing_s:g} s: {receivers.faults:,} requests"
        f" not answered in order, {streams.cuts:,} streams cut\n"
    )
    return judge(arrivals, members, decided, len(MESSAGES))


def _choose_faults(receivers: Receivers, members: Mapping[str, Member]) -> None:
    """Let the webhooks of a third fail at random; the first of them, which gets all messages, hangs always."""
    first, *others = [member.name for member in members.values() if member.fails and member.kind == "webhook"]
    receivers.hanging, receivers.failing = frozenset({first}), frozenset(others)


@contextmanager
def _services(servers: Servers, broker: MosquittoServer, key: str) -> Iterator[str]:
    """Run response and API. Yield the address of the API."""
    port = choose_port(seed=servers.folder.name + "api", avoid=())
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "RENCHENG_DATABASE_URL": servers.database_url,
        "RENCHENG_MQTT_URL": broker.url,
        "RENCHENG_MQTT_RESPONSE_PASSWORD": servers.devices["rencheng-response"],
        "RENCHENG_CONTACT_KEYS": key,
        "RENCHENG_PUBLIC_URL": url,
        "RENCHENG_API_PORT": str(port),
        "RENCHENG_API_ADDRESS_PER_S": "1000",
        "RENCHENG_RESPONSE_HTTP": "true",
        "RENCHENG_RESPONSE_NETWORKS": "127.0.0.0/8",
    }
    with (
        ServiceProcess("services.response", servers.folder / "response.log", environment) as response,
        ServiceProcess("services.api", servers.folder / "api.log", environment) as api,
    ):
        response.wait_for('"ready"')
        api.wait_for('"ready"')
        while True:  # it is ready a moment before it listens
            try:
                httpx.get(f"{url}/health")
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url


def _storm(engine: Engine, sites: int, seconds: float) -> dict[tuple[str, int], float]:
    """Decide each site's messages at an even rate. Return when each was decided."""
    decided: dict[tuple[str, int], float] = {}
    began_s = time.monotonic()
    steps = [(f"site-{number:04}", sequence, level) for sequence, level in MESSAGES for number in range(sites)]
    for number, (site, sequence, level) in enumerate(steps):
        time.sleep(max(0.0, began_s + seconds * number / len(steps) - time.monotonic()))
        decided[site, sequence] = time.monotonic()
        with engine.begin() as connection:
            record(connection, _warning(site, sequence, level), delivered=True)
    return decided


def _warning(site: str, sequence: int, level: Level) -> RenderedWarning:
    now = datetime.now(UTC)
    kind = MessageType.ALERT if sequence == 1 else MessageType.UPDATE
    grounds = Grounds(WarningRule.OBSERVED, "g", 300.0, 10.0, 270.0, None, 1)
    message = WarningMessage(
        f"{site}-{sequence}", site, sequence, kind, site, level, Certainty.OBSERVED, now, "actual", grounds
    )
    document = {"identifier": message.identifier, "warning_id": site, "sequence": sequence, "level": level.word}
    return RenderedWarning(message, document | {"description": {"zh": "积水" * 100}}, "<alert/>", f"t/{site}")


def _wait(engine: Engine, until_s: float) -> None:
    """Wait until nothing is to be sent any more."""
    while time.monotonic() < until_s:
        with engine.connect() as connection:
            if open_dispatches(connection) == 0:
                return
        time.sleep(1)


def _wait_for_streams(arrivals: Arrivals, members: Sequence[Member], expected: int) -> None:
    """Wait until the streams that were cut have caught up."""
    until_s = time.monotonic() + SETTLE_WITHIN_S
    while sum(len(arrivals.of[member.name]) for member in members) < expected and time.monotonic() < until_s:
        time.sleep(0.5)


if __name__ == "__main__":
    main()
