"""`make flood`: the effect of a flooding device on the others, with a quota and without. It prints ratios."""

import itertools
import multiprocessing
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.load.connections import PUBACK_BYTES, open_connection
from benchmarks.load.process_tree import cpu_s
from benchmarks.throughput.audit import shed_readings
from benchmarks.throughput.fleet import REGION, LoadFleet, publish_packet
from benchmarks.throughput.ingest_run import IngestRun, ingest, run
from benchmarks.throughput.sender import LoadPlan
from benchmarks.throughput.servers import Servers, start_servers
from local_stack.mosquitto import MosquittoServer
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import register

FLOODING = "flooding"
FLOODING_PER_S = 10_000
GOOD_DEVICES, GOOD_PER_S, SECONDS = 100, 2000, 10.0
QUOTA_PER_MINUTE, NO_QUOTA = 6000, 100_000_000
IN_FLIGHT = 5000
BURST = 50


@dataclass(frozen=True, slots=True)
class FloodRun:
    """One run: the result for the good devices, and what became of the flood."""

    good: IngestRun
    flooded: int
    shed: int
    entries: int
    ingest_cpu_s: float
    database_cpu_s: float


def main() -> None:
    """Run three times and print a table."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(GOOD_DEVICES, 1, 1, midnight - timedelta(days=20))
    rows: list[tuple[str, FloodRun]] = []
    with start_servers(fleet.names) as servers:
        _register_flooding_device(servers)
        for day, (title, per_minute, is_flooding) in enumerate(
            [("alone", QUOTA_PER_MINUTE, False), ("quota", QUOTA_PER_MINUTE, True), ("no quota", NO_QUOTA, True)]
        ):
            servers.quota_per_minute = per_minute
            with servers.broker() as broker:
                plan = LoadPlan(
                    ("127.0.0.1", broker.port),
                    servers.devices,
                    LoadFleet(GOOD_DEVICES, 1, 1, fleet.first + timedelta(days=day)),
                    SECONDS,
                    GOOD_PER_S,
                )
                rows.append((title, _measure(servers, plan, broker, is_flooding=is_flooding)))
    _print(rows)


def _register_flooding_device(servers: Servers) -> None:
    """Register a signal controller, so that its readings are counted apart from the gauges'."""
    servers.devices[FLOODING] = new_password()
    engine = open_database(servers.database_url, name="bench")
    with engine.begin() as connection:
        register(connection, [(Device(FLOODING, Kind.SIGNAL, REGION), None)])
    engine.dispose()


def _measure(servers: Servers, plan: LoadPlan, broker: MosquittoServer, *, is_flooding: bool) -> FloodRun:
    context = multiprocessing.get_context("spawn")
    stop, sent = context.Event(), context.Value("q", 0)
    flooding = context.Process(target=_flood, args=(broker.port, servers.devices[FLOODING], stop, sent))
    before, _ = shed_readings(servers.conninfo)
    with ingest(servers, broker) as process:
        servers_pid = servers.database.pid or 0
        before_s = cpu_s(process.pid), cpu_s(servers_pid)
        if is_flooding:
            flooding.start()
            time.sleep(2.0)
        good = run(servers, plan, process)
        if is_flooding:
            stop.set()
            flooding.join()
        after, entries = shed_readings(servers.conninfo)
        ingest_s, database_s = cpu_s(process.pid) - before_s[0], cpu_s(servers_pid) - before_s[1]
    return FloodRun(good, sent.value, after - before, entries, ingest_s, database_s)


def _flood(port: int, password: str, stop: Any, sent: Any) -> None:  # noqa: ANN401 - multiprocessing's have no useful types
    """Send live readings as one device, up to a rate and a number in flight."""
    topic = f"rencheng/v1/{REGION}/signal/{FLOODING}/telemetry"
    with open_connection(("127.0.0.1", port), FLOODING, password) as connection:
        connection.settimeout(1.0)
        began, acknowledged = time.monotonic(), 0
        for number in itertools.count():
            if stop.is_set():
                break
            while number * BURST - acknowledged >= IN_FLIGHT:
                acknowledged += len(connection.recv(65536)) // PUBACK_BYTES
            time.sleep(max(0.0, began + number * BURST / FLOODING_PER_S - time.monotonic()))
            connection.sendall(b"".join(_packet(topic, number * BURST + place) for place in range(BURST)))
            sent.value = (number + 1) * BURST


def _packet(topic: str, number: int) -> bytes:
    body = f'{{"time":"{datetime.now(UTC).isoformat()}","event_id":{number % 100},"parameter":1}}'
    return publish_packet(topic, body.encode(), packet_id=number % 60_000 + 1)


def _print(rows: list[tuple[str, FloodRun]]) -> None:
    alone = rows[0][1].good
    write = sys.stdout.write
    write(f"{GOOD_DEVICES} good devices, {GOOD_PER_S} readings/s in all; one device floods with {FLOODING_PER_S}/s\n\n")
    heads = ("p50 ms", "p99 ms", "p99 ratio", "lost", "flood", "shed", "entries", "ingest s", "database s")
    write(f"{'':10}" + "".join(f"{head:>11}" for head in heads) + "\n")
    for title, out in rows:
        p50, p99 = out.good.latency_ms(0.5), out.good.latency_ms(0.99)
        whole = (out.good.audit.lost, out.flooded, out.shed, out.entries)
        parts = (f"{p50:.0f}", f"{p99:.0f}", f"{p99 / alone.latency_ms(0.99):.1f}", *map(str, whole))
        seconds = (f"{out.ingest_cpu_s:.1f}", f"{out.database_cpu_s:.1f}")
        write(f"{title:10}" + "".join(f"{part:>11}" for part in (*parts, *seconds)) + "\n")


if __name__ == "__main__":
    main()
