"""`make bench`: the throughput of Rencheng end to end, beside its parts and its peers, in one run."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from benchmarks.throughput import peers
from benchmarks.throughput.fleet import LoadFleet
from benchmarks.throughput.ingest_run import IngestRun, ingest, run
from benchmarks.throughput.report import ThroughputResults, as_json, chart, table
from benchmarks.throughput.sender import LoadPlan, ReadingLoad
from benchmarks.throughput.servers import Servers, start_servers
from local_stack.mosquitto import MosquittoServer
from rencheng.runtime.service_process import ServiceProcess

Measured = TypeVar("Measured")

DEVICES = 100
BLOCK, BLOCK_OF_ARRAYS, ARRAY = 10, 200, 20
FOLDER = Path("build/bench")
STEADY_RATE = 15_000
AHEAD_MAX, AHEAD_MAX_WINDOW_20 = 30_000, 1_000
"""How many readings may be sent before the receiver has taken them, so that the receiver never waits for the load."""

WINDOW_20 = "max_inflight_messages 20"
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Durations:
    """How long each part is measured, seconds."""

    end_to_end: float = 60
    peer: float = 12
    latency: float = 12
    copy: float = 4

    @classmethod
    def quick(cls) -> "Durations":
        """Return short durations, for a first look."""
        return cls(end_to_end=5, peer=2, latency=2, copy=1)


@dataclass
class ThroughputBench:
    """The measurement of all parts.

    Attributes:
        servers: the database and the brokers.
        seconds: how long each part is measured.
        fleet: the devices; every part publishes times of another day.
    """

    servers: Servers
    seconds: Durations
    fleet: LoadFleet
    days: "count[int]" = field(default_factory=count)

    def measure_all(self) -> ThroughputResults:
        """Measure all parts one after another. The machine must do nothing else."""
        results = ThroughputResults(cores=os.cpu_count() or 0)
        peer_rates = results.peers
        peer_rates["receive_only"] = self.step("paho, receive only", lambda: self.receive(buffered=False))
        peer_rates["receive_buffered"] = self.step(
            "paho with a buffer, receive only", lambda: self.receive(buffered=True)
        )
        peer_rates["copy"] = self.step("binary COPY", self.copy)
        peer_rates["common_form"] = self.step("the common form", self.common_form)
        with self.servers.broker() as broker, ingest(self.servers, broker) as process:
            self.run(broker, process, seconds=2.0)  # warm-up: files, query plans, tables
            results.ours["singles"] = self.step(
                "Rencheng, singles", lambda: self.run(broker, process, seconds=self.seconds.end_to_end)
            )
            results.ours["arrays"] = self.step("Rencheng, arrays of 20", lambda: self.arrays(broker, process))
            capacity = results.ours["singles"].per_s
            for name, rate in self.rates(capacity).items():
                results.ours[name] = self.step(
                    f"Rencheng at {rate:,.0f}/s",
                    lambda rate=rate: self.run(broker, process, seconds=self.seconds.latency, rate=rate),  # type: ignore[misc]
                )
        with self.servers.broker() as broker, ingest(self.servers, broker, writers=2) as process:
            self.run(broker, process, seconds=2.0)
            results.ours["arrays_2_writers"] = self.step(
                "Rencheng, arrays of 20, two writers", lambda: self.arrays(broker, process)
            )
        with self.servers.broker(WINDOW_20) as broker, ingest(self.servers, broker) as process:
            results.ours["window_20"] = self.step(
                "Rencheng, a window of 20",
                lambda: self.run(broker, process, seconds=self.seconds.peer, ahead_max=AHEAD_MAX_WINDOW_20),
            )
        return results

    @staticmethod
    def rates(capacity: float) -> dict[str, float]:
        """Return the rates at which the latency is measured, readings per second."""
        shares = {f"at_{share}_percent": capacity * share / 100 for share in (25, 50, 90)}
        return shares | {"at_15k": float(STEADY_RATE)}

    def step(self, title: str, measure: Callable[[], Measured]) -> Measured:
        """Run one measurement, and print its title and duration."""
        began_at = time.perf_counter()
        sys.stderr.write(f"{title} …")
        sys.stderr.flush()
        result = measure()
        sys.stderr.write(f" {time.perf_counter() - began_at:.1f} s\n")
        return result

    def run(
        self,
        broker: MosquittoServer,
        process: ServiceProcess,
        *,
        seconds: float,
        rate: float | None = None,
        block: int = BLOCK,
        array: int = 1,
        ahead_max: int = AHEAD_MAX,
    ) -> IngestRun:
        """Measure Rencheng under one load."""
        fleet = replace(self.fleet_of_next_day(), block=block, array=array)
        return run(self.servers, self.load_plan(broker, fleet, seconds, rate, ahead_max), process)

    def arrays(self, broker: MosquittoServer, process: ServiceProcess) -> IngestRun:
        """Measure Rencheng under uploads of arrays, as many as it accepts."""
        return self.run(
            broker, process, seconds=self.seconds.peer, block=BLOCK_OF_ARRAYS, array=ARRAY, ahead_max=4 * AHEAD_MAX
        )

    def receive(self, *, buffered: bool) -> float:
        """Measure messages per second that a client only receives."""
        with self.servers.broker() as broker:
            return self.peer(broker, peers.receive_plain if not buffered else peers.receive_buffered)

    def common_form(self) -> float:
        """Measure messages per second of the common Python form, to the commit."""
        with self.servers.broker() as broker:
            return self.peer(broker, peers.common_form, self.servers.conninfo)

    def peer(self, broker: MosquittoServer, form: Callable[..., None], *more: object) -> float:
        """Measure a peer under load until it has taken everything."""
        plan = self.load_plan(broker, self.fleet_of_next_day(), self.seconds.peer, None, AHEAD_MAX)
        load, ready = ReadingLoad(plan), get_context("spawn").Event()
        process = peers.start(form, plan.address, self.servers.password, load.taken, ready, *more)
        if not ready.wait(START_S):
            raise TimeoutError("the peer did not subscribe")
        load.start()
        try:
            sent = load.result()
            readings = sum(sent.blocks) * plan.fleet.block
            while load.taken.value < readings:
                time.sleep(0.001)
            return readings / (time.time() - sent.began_at)
        finally:
            process.kill()
            process.join()

    def copy(self) -> float:
        """Measure rows per second of raw COPY."""
        fleet = replace(self.fleet_of_next_day(), block=100)
        return peers.copy_rows_per_s(self.servers.conninfo, fleet, seconds=self.seconds.copy)

    def fleet_of_next_day(self) -> LoadFleet:
        """Return the fleet with times a day after the last run's."""
        return replace(self.fleet, first=self.fleet.first + timedelta(days=next(self.days)))

    def load_plan(
        self, broker: MosquittoServer, fleet: LoadFleet, seconds: float, rate: float | None, ahead: int
    ) -> LoadPlan:
        """Return the plan of a load on a broker."""
        return LoadPlan(("127.0.0.1", broker.port), self.servers.devices, fleet, seconds, rate, ahead)


def main() -> None:
    """Measure, print a table, write the report."""
    seconds = Durations.quick() if os.environ.get("QUICK") else Durations()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(DEVICES, BLOCK, 1, midnight - timedelta(days=20))
    with start_servers(fleet.names) as servers:
        results = ThroughputBench(servers, seconds, fleet).measure_all()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.json").write_text(json.dumps(as_json(results), indent=1) + "\n")
    (FOLDER / "throughput.svg").write_text(chart(results))
    sys.stdout.write(table(results) + "\n")
    sys.stderr.write(f"written to {FOLDER}/report.json, throughput.svg\n")


if __name__ == "__main__":
    main()
