"""`make fuzz`: fuzzed messages beside good traffic; the account must show every one, and the good keep their rate."""

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
from benchmarks.throughput.servers import Servers, servers
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
    """What came of it.

    Attributes:
        fuzzed, fuzzed_per_s: messages that the broker took, and how fast.
        readings, account: as how many readings all that was sent must be accounted for, and as how many it is.
        stored, rows: stored by the account, and rows that are there.
        quarantined, buried: quarantined by the account, and by the entries of quarantine.
        alone_per_s, beside_per_s: good readings committed a second, without the fuzzers and with them.
        worst_per_s: the same in the worst 20 seconds beside them.
        lost: good readings that are not there.
        complaints: tracebacks in ingest's log, and times that it died.
    """

    seed: int
    fuzzed: int
    fuzzed_per_s: float
    readings: int
    account: int
    stored: int
    rows: int
    quarantined: int
    quarantine_entries: int
    alone_per_s: float
    beside_per_s: float
    worst_per_s: float
    lost: int
    complaints: int

    @property
    def kept(self) -> float:
        """The share of its rate that the good traffic kept."""
        return self.beside_per_s / self.alone_per_s

    @property
    def holds(self) -> bool:
        """Is every message accounted for, and did the good keep their rate?"""
        adds_up = (self.readings, self.stored, self.quarantined) == (self.account, self.rows, self.quarantine_entries)
        return adds_up and self.kept >= KEPT_MIN and self.lost == self.complaints == 0


def main() -> None:
    """Fuzz, print, write; ends with 1 if something does not hold."""
    messages, seed = int(os.environ.get("MESSAGES", "1000000")), int(os.environ.get("SEED", "1"))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(GOOD_DEVICES, 1, 1, midnight - timedelta(days=25))
    with servers(fleet.names) as these:
        _register(these)
        with these.broker() as broker:
            report = _measure(these, broker, fleet, messages, seed)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.json").write_text(json.dumps(asdict(report) | {"holds": report.holds}, indent=1) + "\n")
    for name, value in asdict(report).items():
        sys.stdout.write(f"{name:24}{value:>16,.0f}\n" if isinstance(value, float) else f"{name:24}{value:>16,}\n")
    sys.stdout.write(f"good traffic kept {report.kept:.0%} of its rate\n")
    sys.exit(0 if report.holds else "something does not hold")


def _register(these: Servers) -> None:
    odd = devices(datetime.now(UTC))
    engine = open_database(these.database_url, name="fuzz")
    with engine.begin() as connection:
        add_world(connection, WORLD, "Fuzzing")
        register(connection, [(device, None) for device in odd])
    engine.dispose()
    these.devices |= {device.device_id: new_password() for device in odd} | {UNREGISTERED: new_password()}


def _measure(these: Servers, broker: MosquittoServer, fleet: LoadFleet, messages: int, seed: int) -> FuzzReport:
    passwords = {name: word for name, word in these.devices.items() if name.startswith("fuzz-")}
    runs: list[IngestRun] = []

    with ingest(these, broker) as process, psycopg.connect(these.conninfo, autocommit=True) as line:

        def good(seconds: float) -> IngestRun:
            own = replace(fleet, first=fleet.first + timedelta(hours=len(runs)))
            order = LoadPlan(("127.0.0.1", broker.port), these.devices, own, seconds, GOOD_PER_S, AHEAD_MAX)
            runs.append(run(these, order, process))
            return runs[-1]

        fuzz = FuzzLoad(FuzzLoadPlan(broker.port, passwords, seed, messages, FUZZED_PER_S))
        fuzz.wait_until_made()
        good(2.0)  # everything warm
        alone = good(WINDOW_S)
        fuzz.start()
        beside = list(_beside(fuzz, good))
        sent = fuzz.result()
        readings = sent.readings + sum(one.readings for one in runs)
        stored, quarantined, account = _settled(line, readings)
        rows, buried = line.execute(_ROWS).fetchone() or (0, 0)
        log = (these.folder / f"ingest-{broker.port}.log").read_text()
        return FuzzReport(
            seed=seed,
            fuzzed=sent.messages,
            fuzzed_per_s=sent.messages / sent.seconds,
            readings=readings,
            account=account,
            stored=stored,
            rows=rows,
            quarantined=quarantined,
            quarantine_entries=buried,
            alone_per_s=alone.per_s,
            beside_per_s=sum(one.readings for one in beside) / sum(one.readings / one.per_s for one in beside),
            worst_per_s=min(one.per_s for one in beside),
            lost=sum(one.audit.lost for one in runs),
            complaints=log.count("Traceback") + (process.poll() is not None),
        )


def _beside(fuzz: FuzzLoad, good: Callable[[float], IngestRun]) -> Iterator[IngestRun]:
    """Good traffic, window after window, as long as the fuzzers send; a window that outlasts them does not count."""
    first = True
    while first or not fuzz.is_done():
        window = good(WINDOW_S)
        if first or not fuzz.is_done():
            yield window
        first = False


def _settled(line: psycopg.Connection[tuple[int, int, int]], readings: int) -> tuple[int, int, int]:
    """Stored, quarantined and all of the account, once it shows so many readings, or no more come."""
    until = time.monotonic() + SETTLE_S
    while (row := line.execute(_ACCOUNT).fetchone() or (0, 0, 0))[2] != readings and time.monotonic() < until:
        time.sleep(0.5)
    return row


if __name__ == "__main__":
    main()
