"""Rencheng end to end: an ingest process, a load, and the audit."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from benchmarks.load.process_tree import MemoryPeaks
from benchmarks.load.waiting import wait_until
from benchmarks.throughput.audit import KeyAudit, audit, commits, stored_readings
from benchmarks.throughput.sender import LoadPlan, ReadingLoad
from benchmarks.throughput.servers import Servers
from local_stack.mosquitto import MosquittoServer
from rencheng.runtime.service_process import ServiceProcess

COMMIT_TIMEOUT_S = 120.0
SAMPLE_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class IngestRun:
    """The result of one load on Rencheng.

    Attributes:
        readings: published.
        per_s: committed per second, from the first publish to the last commit.
        audit: the audit by key.
        latencies_ms: publish to commit, ascending.
        rss_mb: the greatest memory of each of its processes, in MB, largest first.
    """

    readings: int
    per_s: float
    audit: KeyAudit
    latencies_ms: list[float]
    rss_mb: list[float]

    def latency_ms(self, share: float) -> float:
        """Return a quantile of the latency."""
        return self.latencies_ms[min(int(share * len(self.latencies_ms)), len(self.latencies_ms) - 1)]


@contextmanager
def ingest(servers: Servers, broker: MosquittoServer, *, writers: int = 1) -> Iterator[ServiceProcess]:
    """Run ingest, subscribed, for the time of the context."""
    log = servers.folder / f"ingest-{broker.port}.log"
    with ServiceProcess("services.ingest", log, servers.environment(broker, writers=writers)) as process:
        process.wait_for("connected and subscribed")
        yield process


def run(servers: Servers, plan: LoadPlan, process: ServiceProcess) -> IngestRun:
    """Load a running ingest, wait until everything is committed, and audit.

    Raises:
        TimeoutError: the broker did not take the load.
    """
    load, memory, done = ReadingLoad(plan), MemoryPeaks(process.pid), threading.Event()
    with psycopg.connect(servers.conninfo) as connection:
        before = stored_readings(connection)

    def sample() -> None:
        with psycopg.connect(servers.conninfo) as connection:
            while not done.wait(SAMPLE_EVERY_S):
                load.taken.value = stored_readings(connection) - before
                memory.sample()

    sampling = threading.Thread(target=sample)
    sampling.start()
    load.start()
    try:
        sent = load.result()
        readings = sum(sent.blocks) * plan.fleet.block
        try:
            wait_until(lambda: load.taken.value >= readings, within_s=COMMIT_TIMEOUT_S)
        except TimeoutError:
            sys.stderr.write("not everything was committed in time; the audit shows what is missing\n")
    finally:
        done.set()
        sampling.join()
    blocks = commits(servers.conninfo, plan.fleet, sent)
    return IngestRun(
        readings,
        readings / (max(committed for _, committed in blocks) - sent.began_at),
        audit(servers.conninfo, plan.fleet, sent),
        sorted(1000 * (committed - at) for at, committed in blocks),
        memory.peaks_mb(),
    )
