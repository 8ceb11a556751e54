"""The run: start the load, cause one fault after another, stop the load, audit."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.chaos.fault_schedule import FaultPlan, FaultStep, ProcessFault, fault_schedule
from benchmarks.chaos.ingest_processes import IngestProcesses
from benchmarks.chaos.servers import ChaosServers, start_servers
from device_sims.fleet.ledger import read_ledger
from device_sims.fleet.schedule import ExpectedResult
from local_stack.errors import StackError
from local_stack.mosquitto import MosquittoServer
from local_stack.postgres import PostgresServer
from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import StoreUnavailable
from rencheng.store.accounting.counts import ReadingCounts, stored_rows, totals
from rencheng.store.accounting.loss_audit import LossReport, PublishedReading, audit_keys
from rencheng.store.core.database import Engine, open_database, translate_errors
from rencheng.store.readings.gauge_readings import committed_through

PROGRESS_ROWS = 300
"""Rows that must be committed after each fault before the next one."""

PROGRESS_S = 90.0
START_S = 300.0
SETTLE_S = 180.0
QUIET_S, RECENT = 4.0, timedelta(seconds=5)

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChaosReport:
    """The result: the load, the faults, the audit by key, and the counts of ingest."""

    seed: int
    seconds: float
    published: int
    expected: dict[str, int]
    unconfirmed: int
    faults: dict[str, int]
    receivers_killed: int
    writers_killed: int
    longest_standstill_s: float
    audit: LossReport
    counts: ReadingCounts
    rows: int
    ended_in_order: bool

    @property
    def adds_up(self) -> bool:
        """Whether the counts match the stored rows, and every published message was settled at least once."""
        return self.counts.stored == self.rows and self.counts.total >= self.published - self.unconfirmed

    @property
    def holds(self) -> bool:
        """Whether nothing is lost, duplicated or unexpected."""
        found = self.audit
        return self.adds_up and not (found.lost or found.unexpected or found.duplicated or found.not_quarantined)


def run_chaos(seed: int, plan: FaultPlan, *, per_s: float, report: Report) -> ChaosReport:
    """Run everything on servers of its own.

    Raises:
        TimeoutError: ingest committed nothing for too long after a fault.
    """
    with (
        start_servers(seed, per_s) as servers,
        IngestProcesses(servers.environment, servers.folder / "ingest.log", plan.writers) as ingest,
        _engine(servers) as engine,
    ):
        began_s = time.monotonic()
        with servers.load() as fleet:
            standstill_s, done = _cause_faults(servers, ingest, engine, seed, plan, report)
            fleet.send_signal(signal.SIGTERM)
            fleet.wait(SETTLE_S)
        took_s = time.monotonic() - began_s
        report("load stopped; waiting until everything is settled")
        expected, confirmed = Counter[str](), Counter[bool]()
        for entry in read_ledger(servers.ledger):  # millions of entries, so they are read twice and never kept
            expected[str(entry.expect)] += 1
            confirmed[entry.confirmed] += 1
        _settle(engine)
        ended = ingest.stop() == 0
        with engine.connect() as connection:
            audit, counts = audit_keys(connection, _published(servers)), totals(connection, ACTUAL)
            rows = stored_rows(connection, ACTUAL)
    return ChaosReport(
        seed=seed,
        seconds=took_s,
        published=expected.total(),
        expected=dict(expected),
        unconfirmed=confirmed[False],
        faults=dict(done),
        receivers_killed=ingest.receivers_killed,
        writers_killed=ingest.writers_killed,
        longest_standstill_s=standstill_s,
        audit=audit,
        counts=counts,
        rows=rows,
        ended_in_order=ended,
    )


def as_document(proof: ChaosReport) -> dict[str, object]:
    """Return the report for `report.json`."""
    return asdict(proof) | {"adds_up": proof.adds_up, "holds": proof.holds}


@contextmanager
def _engine(servers: ChaosServers) -> Iterator[Engine]:
    engine = open_database(servers.database_url, name="chaos")
    try:
        yield engine
    finally:
        engine.dispose()


def _cause_faults(
    servers: ChaosServers, ingest: IngestProcesses, engine: Engine, seed: int, plan: FaultPlan, report: Report
) -> tuple[float, Counter[str]]:
    """Cause the faults. Return the longest time until rows were committed again, and the number of each fault."""
    done: Counter[str] = Counter()
    longest_s, began_s = _await_progress(engine), time.monotonic()
    steps = fault_schedule(seed, plan)
    for number, step in enumerate(steps, 1):
        time.sleep(max(0.0, began_s + step.at_s - time.monotonic()))
        cause_fault(step, servers, ingest, engine, plan.writers)
        done[str(step.fault)] += 1
        standstill_s = _await_progress(engine)
        longest_s = max(longest_s, standstill_s)
        report(f"{number}/{len(steps)} {step.fault}: rows again after {standstill_s:.1f} s")
    time.sleep(max(0.0, began_s + plan.seconds - time.monotonic()))
    return longest_s, done


def cause_fault(step: FaultStep, servers: ChaosServers, ingest: IngestProcesses, engine: Engine, number: int) -> None:
    """Cause one fault. `number` is the full number of writers."""
    match step.fault:
        case ProcessFault.INGEST_KILLED:
            ingest.kill_one(step.draw)
        case ProcessFault.DATABASE_FAST | ProcessFault.DATABASE_IMMEDIATE:
            servers.database.stop("fast" if step.fault is ProcessFault.DATABASE_FAST else "immediate")
            start_again(servers.database)
        case ProcessFault.BROKER_RESTARTED:
            servers.broker.stop()
            start_again(servers.broker)
        case ProcessFault.BROKER_KILLED:
            servers.broker.kill()
            start_again(servers.broker)
        case ProcessFault.HALF_THE_WRITERS:
            ingest.set_writers(max(1, number // 2), engine)
        case ProcessFault.ALL_THE_WRITERS:
            ingest.set_writers(number, engine)


def start_again(server: MosquittoServer | PostgresServer) -> None:
    """Start a server and wait while it recovers. On a busy machine a large backlog takes minutes."""
    until_s = time.monotonic() + START_S
    while True:
        try:
            return server.start()
        except StackError:
            if not server.is_running or time.monotonic() > until_s:
                raise


def _await_progress(engine: Engine) -> float:
    """Wait until rows are committed. Return the seconds that it took."""
    began_s = time.monotonic()
    before: int | None = None
    while time.monotonic() < began_s + PROGRESS_S:
        with suppress(StoreUnavailable):
            now = _stored(engine)
            before = now if before is None else before
            if now >= before + PROGRESS_ROWS:
                return time.monotonic() - began_s
        time.sleep(0.1)
    raise TimeoutError(f"no {PROGRESS_ROWS} rows within {PROGRESS_S:.0f} s after a fault")


def _settle(engine: Engine) -> None:
    """Wait until ingest runs and has settled nothing new for a while.

    The number of settled messages cannot report that all are settled, because messages that came again after a kill are
    counted too. The audit shows what is missing.
    """
    until_s, quiet_s, last = time.monotonic() + SETTLE_S, 0.0, -1
    while time.monotonic() < until_s and quiet_s < QUIET_S:
        with translate_errors(), engine.connect() as connection:
            total, through = totals(connection, ACTUAL).total, committed_through(connection)
        is_running = through is not None and datetime.now(UTC) - through < RECENT
        quiet_s = quiet_s + 0.5 if total == last and is_running else 0.0
        last = total
        time.sleep(0.5)


def _stored(engine: Engine) -> int:
    with translate_errors(), engine.connect() as connection:
        return totals(connection, ACTUAL).stored


def _published(servers: ChaosServers) -> Iterator[PublishedReading]:
    for entry in read_ledger(servers.ledger):
        quarantined = entry.expect is ExpectedResult.QUARANTINED
        yield PublishedReading(
            entry.kind, entry.device_id, entry.key, quarantined=quarantined, acknowledged=entry.confirmed
        )
