"""Rencheng end to end: an ingest process of its own, a load, and the audit."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.throughput.audit import KeyAudit, audit, commits, rows_so_far
from benchmarks.throughput.sender import LoadPlan, ReadingLoad
from benchmarks.throughput.servers import Servers
from local_stack.mosquitto import MosquittoServer

WAIT_S = 120.0
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class IngestRun:
    """What came of a load on Rencheng.

    Attributes:
        readings: published.
        per_s: committed a second, from the first publish to the last commit.
        finding: the audit by key.
        latencies_ms: publish to commit, ascending.
        rss_mb: the greatest memory of each of its processes, in MB, largest first.
    """

    readings: int
    per_s: float
    audit: KeyAudit
    latencies_ms: list[float]
    rss_mb: list[float]

    def latency_ms(self, share: float) -> float:
        """A quantile of the latency."""
        return self.latencies_ms[min(int(share * len(self.latencies_ms)), len(self.latencies_ms) - 1)]


@contextmanager
def ingest(servers: Servers, broker: MosquittoServer, *, slots: int = 1) -> Iterator["subprocess.Popen[bytes]"]:
    """Ingest at work, subscribed."""
    log = servers.folder / f"ingest-{broker.port}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.ingest"], env=servers.environment(broker, slots=slots), stderr=sink
        )
    until(lambda: b"connected and subscribed" in log.read_bytes())
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def run(servers: Servers, order: LoadPlan, process: "subprocess.Popen[bytes]") -> IngestRun:
    """Load a running ingest, wait until everything is committed, and audit."""
    load, memory, done = ReadingLoad(order), MemoryPeaks(process.pid), threading.Event()
    with psycopg.connect(servers.conninfo) as connection:
        before = rows_so_far(connection)

        def look() -> None:
            with psycopg.connect(servers.conninfo) as line:
                while not done.wait(LOOK_S):
                    load.taken.value = rows_so_far(line) - before
                    memory.sample()

        looking = threading.Thread(target=look)
        looking.start()
        load.start()
        try:
            sent = load.result()
            readings = sum(sent.blocks) * order.fleet.block
            until(lambda: load.taken.value >= readings, within_s=WAIT_S)
        except TimeoutError:
            sys.stderr.write("not everything was committed in time; the audit tells\n")
        done.set()
        looking.join()
    blocks = commits(servers.conninfo, order.fleet, sent)
    return IngestRun(
        readings,
        readings / (max(committed for _, committed in blocks) - sent.began_at),
        audit(servers.conninfo, order.fleet, sent),
        sorted(1000 * (committed - at) for at, committed in blocks),
        memory.peaks_mb(),
    )


def until(holds: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait for something to come true.

    Raises:
        TimeoutError: it did not in time.
    """
    last_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > last_s:
            raise TimeoutError
        time.sleep(LOOK_S)


class MemoryPeaks:
    """The greatest resident memory of a process and its children, each by itself."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, float] = {}

    def sample(self) -> None:
        """Look at all of them now."""
        for pid in [self._pid, *children(self._pid)]:
            if (now := rss_mb(pid)) is not None:
                self._peaks[pid] = max(now, self._peaks.get(pid, 0.0))

    def peaks_mb(self) -> list[float]:
        """In MB, largest first."""
        return sorted(self._peaks.values(), reverse=True)


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    try:
        return [
            int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
        ]
    except OSError:
        return []


def rss_mb(pid: int) -> float | None:
    """Resident memory, MB; None if there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), None)
