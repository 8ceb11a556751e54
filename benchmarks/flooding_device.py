"""`make flood`: what a device that floods costs the others, with its quota and without. It prints ratios."""

import itertools
import multiprocessing
import os
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.throughput.audit import shed_so_far
from benchmarks.throughput.fleet import REGION, LoadFleet, connect_packet, publish_packet
from benchmarks.throughput.ingest_run import IngestRun, children, ingest, run
from benchmarks.throughput.sender import LoadPlan
from benchmarks.throughput.servers import Servers, servers
from local_stack.mosquitto import MosquittoServer
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import register

MAD = "mad"
MAD_PER_S = 10_000
CALM_DEVICES, CALM_PER_S, SECONDS = 100, 2000, 10.0
DEFAULT_PER_MINUTE, NO_QUOTA = 6000, 100_000_000
IN_FLIGHT = 5000
BURST = 50


@dataclass(frozen=True, slots=True)
class FloodRun:
    """One run: what the calm devices had of it, and what became of the flood."""

    calm: IngestRun
    flooded: int
    shed: int
    entries: int
    ingest_cpu_s: float
    database_cpu_s: float


def main() -> None:
    """Run three times and tell."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(CALM_DEVICES, 1, 1, midnight - timedelta(days=20))
    rows: list[tuple[str, FloodRun]] = []
    with servers(fleet.names) as ours:
        _add_mad(ours)
        for day, (title, per_minute, is_mad) in enumerate(
            [("alone", DEFAULT_PER_MINUTE, False), ("quota", DEFAULT_PER_MINUTE, True), ("no quota", NO_QUOTA, True)]
        ):
            ours.quota_per_minute = per_minute
            with ours.broker() as broker:
                order = LoadPlan(
                    ("127.0.0.1", broker.port),
                    ours.devices,
                    LoadFleet(CALM_DEVICES, 1, 1, fleet.first + timedelta(days=day)),
                    SECONDS,
                    CALM_PER_S,
                )
                rows.append((title, _measure(ours, order, broker, is_mad=is_mad)))
    _tell(rows)


def _add_mad(ours: Servers) -> None:
    """A signal controller, so that the account tells its readings from the calm gauges'."""
    ours.devices[MAD] = new_password()
    engine = open_database(ours.database_url, name="bench")
    with engine.begin() as connection:
        register(connection, [(Device(MAD, Kind.SIGNAL, REGION), None)])
    engine.dispose()


def _measure(ours: Servers, order: LoadPlan, broker: MosquittoServer, *, is_mad: bool) -> FloodRun:
    context = multiprocessing.get_context("spawn")
    stop, sent = context.Event(), context.Value("q", 0)
    mad = context.Process(target=_flood, args=(broker.port, ours.devices[MAD], stop, sent))
    before, _ = shed_so_far(ours.conninfo)
    with ingest(ours, broker) as process:
        servers_pid = ours.database.pid or 0
        before_s = _cpu_s(process.pid), _cpu_s(servers_pid)
        if is_mad:
            mad.start()
            time.sleep(2.0)
        calm = run(ours, order, process)
        if is_mad:
            stop.set()
            mad.join()
        after, entries = shed_so_far(ours.conninfo)
        ingest_s, database_s = _cpu_s(process.pid) - before_s[0], _cpu_s(servers_pid) - before_s[1]
    return FloodRun(calm, sent.value, after - before, entries, ingest_s, database_s)


def _cpu_s(pid: int) -> float:
    """Processor time of a process and its children, seconds: on a shared machine it says more than a clock."""
    ticks = 0
    for one in [pid, *children(pid)]:
        with suppress(OSError):  # it ended a moment ago
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _flood(port: int, password: str, stop: Any, sent: Any) -> None:  # noqa: ANN401 - multiprocessing's have no useful types
    """A device gone mad: live readings, as many as it can have on their way, up to a rate."""
    topic = f"rencheng/v1/{REGION}/signal/{MAD}/telemetry"
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(connect_packet(MAD, password))
        line.recv(4)
        line.settimeout(1.0)
        began, acknowledged = time.monotonic(), 0
        for number in itertools.count():
            if stop.is_set():
                break
            while number * BURST - acknowledged >= IN_FLIGHT:
                acknowledged += len(line.recv(65536)) // 4
            time.sleep(max(0.0, began + number * BURST / MAD_PER_S - time.monotonic()))
            line.sendall(b"".join(_packet(topic, number * BURST + place) for place in range(BURST)))
            sent.value = (number + 1) * BURST


def _packet(topic: str, number: int) -> bytes:
    body = f'{{"time":"{datetime.now(UTC).isoformat()}","event_id":{number % 100},"parameter":1}}'
    return publish_packet(topic, body.encode(), packet_id=number % 60_000 + 1)


def _tell(rows: list[tuple[str, FloodRun]]) -> None:
    alone = rows[0][1].calm
    say = sys.stdout.write
    say(f"{CALM_DEVICES} calm devices, {CALM_PER_S} readings a second in all; one floods with {MAD_PER_S}\n\n")
    heads = ("p50 ms", "p99 ms", "p99 ratio", "lost", "flood", "shed", "entries", "ingest s", "database s")
    say(f"{'':10}" + "".join(f"{head:>11}" for head in heads) + "\n")
    for title, out in rows:
        p50, p99 = out.calm.latency_ms(0.5), out.calm.latency_ms(0.99)
        whole = (out.calm.audit.lost, out.flooded, out.shed, out.entries)
        parts = (f"{p50:.0f}", f"{p99:.0f}", f"{p99 / alone.latency_ms(0.99):.1f}", *map(str, whole))
        seconds = (f"{out.ingest_cpu_s:.1f}", f"{out.database_cpu_s:.1f}")
        say(f"{title:10}" + "".join(f"{part:>11}" for part in (*parts, *seconds)) + "\n")


if __name__ == "__main__":
    main()
