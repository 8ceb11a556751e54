"""`make fuzz`: fuzzed messages beside good traffic. Every message must be counted; good traffic keeps its rate."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.fuzz.messages import UNREGISTERED, WORLD, devices
from benchmarks.fuzz.sender import FuzzLoad, FuzzLoadPlan
from benchmarks.throughput.fleet import LoadFleet
from benchmarks.throughput.ingest_run import IngestRun, ingest, run
from benchmarks.throughput.sender import LoadPlan
from benchmarks.throughput.servers import Servers, start_servers
from local_stack.mosquitto import MosquittoServer
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.core.database import open_database
from rencheng.store.registry.devices import add_world, register

FOLDER = Path("build/fuzz")
GOOD_DEVICES, GOOD_PER_S, WINDOW_S = 100, 3000.0, 20.0
FUZZED_PER_S = 3000.0
KEPT_MIN = 0.8
SETTLE_S = 60.0
AHEAD_MAX = 30_000

_ACCOUNT = """SELECT coalesce(sum(stored), 0)::bigint, coalesce(sum(quarantined), 0)::bigint,
 coalesce(sum(stored + duplicate + quarantined), 0)::bigint FROM ingest_counts"""
_ROWS = """SELECT (SELECT count(*) FROM waterlogging_readings) + (SELECT count(*) FROM signal_events)
 + (SELECT count(*) FROM meter_values), (SELECT coalesce(sum(times), 0)::bigint FROM quarantine)"""


@dataclass(frozen=True, slots=True)
class FuzzReport:
    """The result of a run.

    Attributes:
        fuzzed, fuzzed_per_s: fuzzed messages that the broker took, and their rate.
        readings, counted: how many readings must be counted for everything sent, and how many are.
        stored, rows: readings counted as stored, and rows.
        quarantined, quarantine_entries: readings counted as quarantined, and those in the entries of quarantine.
        alone_per_s, beside_per_s: good readings committed per second, without the fuzzers and with them.
        worst_per_s: the same in the worst 20 seconds.
        lost: good readings that are not stored.
        errors: tracebacks in ingest's log, and unexpected ends.
    """

    seed: int
    fuzzed: int
    fuzzed_per_s: float
    readings: int
    counted: int
    stored: int
    rows: int
    quarantined: int
    quarantine_entries: int
    alone_per_s: float
    beside_per_s: float
    worst_per_s: float
    lost: int
    errors: int

    @property
    def kept(self) -> float:
        """The share of its rate that good traffic kept."""
        return self.beside_per_s / self.alone_per_s

    @property
    def holds(self) -> bool:
        """Whether every message is counted and good traffic kept its rate."""
        adds_up = (self.readings, self.stored, self.quarantined) == (self.counted, self.rows, self.quarantine_entries)
        return adds_up and self.kept >= KEPT_MIN and self.lost == self.errors == 0


def main() -> None:
    """Fuzz, print, write the report. Exit status 1 if a requirement fails."""
    messages, seed = int(os.environ.get("MESSAGES", "1000000")), int(os.environ.get("SEED", "1"))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(GOOD_DEVICES, 1, 1, midnight - timedelta(days=25))
    with start_servers(fleet.names) as servers:
        _register(servers)
        with servers.broker() as broker:
            report = _measure(servers, broker, fleet, messages, seed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.json").write_text(json.dumps(asdict(report) | {"holds": report.holds}, indent=1) + "\n")
    for name, value in asdict(report).items():
        sys.stdout.write(f"{name:24}{value:>16,.0f}\n" if isinstance(value, float) else f"{name:24}{value:>16,}\n")
    sys.stdout.write(f"good traffic kept {report.kept:.0%} of its rate\n")
    sys.exit(0 if report.holds else "a requirement fails")


def _register(servers: Servers) -> None:
    odd = devices(datetime.now(UTC))
    engine = open_database(servers.database_url, name="fuzz")
    with engine.begin() as connection:
        add_world(connection, WORLD, "Fuzzing")
        register(connection, [(device, None) for device in odd])
    engine.dispose()
    servers.devices |= {device.device_id: new_password() for device in odd} | {UNREGISTERED: new_password()}


def _measure(servers: Servers, broker: MosquittoServer, fleet: LoadFleet, messages: int, seed: int) -> FuzzReport:
    passwords = {name: word for name, word in servers.devices.items() if name.startswith("fuzz-")}
    runs: list[IngestRun] = []

    with ingest(servers, broker) as process, psycopg.connect(servers.conninfo, autocommit=True) as connection:

        def good(seconds: float) -> IngestRun:
            own = replace(fleet, first=fleet.first + timedelta(hours=len(runs)))
            plan = LoadPlan(("127.0.0.1", broker.port), servers.devices, own, seconds, GOOD_PER_S, AHEAD_MAX)
            runs.append(run(servers, plan, process))
            return runs[-1]

        fuzz = FuzzLoad(FuzzLoadPlan(broker.port, passwords, seed, messages, FUZZED_PER_S))
        fuzz.wait_until_ready()
        good(2.0)  # warm-up
        alone = good(WINDOW_S)
        fuzz.start()
        beside = list(_beside(fuzz, good))
        sent = fuzz.result()
        readings = sent.readings + sum(one.readings for one in runs)
        stored, quarantined, counted = _counts(connection, readings)
        rows, in_quarantine = connection.execute(_ROWS).fetchone() or (0, 0)
        log = (servers.folder / f"ingest-{broker.port}.log").read_text()
        return FuzzReport(
            seed=seed,
            fuzzed=sent.messages,
            fuzzed_per_s=sent.messages / sent.seconds,
            readings=readings,
            counted=counted,
            stored=stored,
            rows=rows,
            quarantined=quarantined,
            quarantine_entries=in_quarantine,
            alone_per_s=alone.per_s,
            beside_per_s=sum(one.readings for one in beside) / sum(one.readings / one.per_s for one in beside),
            worst_per_s=min(one.per_s for one in beside),
            lost=sum(one.audit.lost for one in runs),
            errors=log.count("Traceback") + (not process.is_running),
        )


def _beside(fuzz: FuzzLoad, good: Callable[[float], IngestRun]) -> Iterator[IngestRun]:
    """Send good traffic in windows while the fuzzers send. A window that ends after them does not count."""
    first = True
    while first or not fuzz.is_done():
        window = good(WINDOW_S)
        if first or not fuzz.is_done():
            yield window
        first = False


def _counts(connection: psycopg.Connection[tuple[int, int, int]], readings: int) -> tuple[int, int, int]:
    """Return stored, quarantined and all counted readings, once all are counted or the time is over."""
    until = time.monotonic() + SETTLE_S
    while (row := connection.execute(_ACCOUNT).fetchone() or (0, 0, 0))[2] != readings and time.monotonic() < until:
        time.sleep(0.5)
    return row


if __name__ == "__main__":
    main()
