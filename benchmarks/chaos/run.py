"""The proof: load on, fault after fault with progress between them, load off, and the audit."""

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
"""So many rows have to be committed after each fault before the next one comes."""

PROGRESS_S = 90.0
START_S = 300.0
SETTLE_S = 180.0
QUIET_S, LIVES = 4.0, timedelta(seconds=5)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChaosReport:
    """What came of it: the load, the faults, the audit by key, and whether the account adds up."""

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
    account: ReadingCounts
    rows: int
    ended_in_order: bool

    @property
    def adds_up(self) -> bool:
        """Whether the account counts the rows that are there, and every published message was settled at least once."""
        return self.account.stored == self.rows and self.account.total >= self.published - self.unconfirmed

    @property
    def holds(self) -> bool:
        """Nothing lost, nothing doubled, nothing out of nowhere."""
        found = self.audit
        return self.adds_up and not (found.lost or found.unexpected or found.duplicated or found.not_quarantined)


def run_chaos(seed: int, dose: FaultPlan, *, per_s: float, tell: Tell) -> ChaosReport:
    """Run it all on servers of its own.

    Raises:
        TimeoutError: ingest stood still after a fault for longer than it may.
    """
    with (
        start_servers(seed, per_s) as city,
        IngestProcesses(city.environment, city.folder / "ingest.log", dose.writers) as workers,
        _opened(city) as engine,
    ):
        began_s = time.monotonic()
        with city.load() as fleet:
            standstill_s, done = _play(city, workers, engine, seed, dose, tell)
            fleet.send_signal(signal.SIGTERM)
            fleet.wait(SETTLE_S)
        took_s = time.monotonic() - began_s
        tell("load off; waiting until all is settled")
        expected, confirmed = Counter[str](), Counter[bool]()
        for entry in read_ledger(city.ledger):  # millions, so they are read twice and never held
            expected[str(entry.expect)] += 1
            confirmed[entry.confirmed] += 1
        _settle(engine)
        ended = workers.stop() == 0
        with engine.connect() as connection:
            finding, account = audit_keys(connection, _published(city)), totals(connection, ACTUAL)
            rows = stored_rows(connection, ACTUAL)
    return ChaosReport(
        seed=seed,
        seconds=took_s,
        published=expected.total(),
        expected=dict(expected),
        unconfirmed=confirmed[False],
        faults=dict(done),
        receivers_killed=workers.receivers_killed,
        writers_killed=workers.writers_killed,
        longest_standstill_s=standstill_s,
        audit=finding,
        account=account,
        rows=rows,
        ended_in_order=ended,
    )


def as_document(proof: ChaosReport) -> dict[str, object]:
    """For `report.json`."""
    return asdict(proof) | {"adds_up": proof.adds_up, "holds": proof.holds}


@contextmanager
def _opened(city: ChaosServers) -> Iterator[Engine]:
    engine = open_database(city.database_url, name="chaos")
    try:
        yield engine
    finally:
        engine.dispose()


def _play(
    city: ChaosServers, workers: IngestProcesses, engine: Engine, seed: int, dose: FaultPlan, tell: Tell
) -> tuple[float, Counter[str]]:
    """Fault after fault; the longest time until rows were committed again, and how many of each there were."""
    done: Counter[str] = Counter()
    longest_s, began_s = _await_progress(engine), time.monotonic()
    steps = fault_schedule(seed, dose)
    for number, step in enumerate(steps, 1):
        time.sleep(max(0.0, began_s + step.at_s - time.monotonic()))
        happens(step, city, workers, engine, dose.writers)
        done[str(step.fault)] += 1
        standstill_s = _await_progress(engine)
        longest_s = max(longest_s, standstill_s)
        tell(f"{number}/{len(steps)} {step.fault}: rows again after {standstill_s:.1f} s")
    time.sleep(max(0.0, began_s + dose.seconds - time.monotonic()))
    return longest_s, done


def happens(step: FaultStep, city: ChaosServers, workers: IngestProcesses, engine: Engine, number: int) -> None:
    """Do it; `number` is of all the workers."""
    match step.fault:
        case ProcessFault.INGEST_KILLED:
            workers.kill_one(step.draw)
        case ProcessFault.DATABASE_FAST | ProcessFault.DATABASE_IMMEDIATE:
            city.database.stop("fast" if step.fault is ProcessFault.DATABASE_FAST else "immediate")
            start_again(city.database)
        case ProcessFault.BROKER_RESTARTED:
            city.broker.stop()
            start_again(city.broker)
        case ProcessFault.BROKER_KILLED:
            city.broker.kill()
            start_again(city.broker)
        case ProcessFault.HALF_THE_WRITERS:
            workers.set_writers(max(1, number // 2), engine)
        case ProcessFault.ALL_THE_WRITERS:
            workers.set_writers(number, engine)


def start_again(server: MosquittoServer | PostgresServer) -> None:
    """Start it, and wait for as long as it reads what it had kept: on a busy machine a large backlog takes minutes."""
    until_s = time.monotonic() + START_S
    while True:
        try:
            return server.start()
        except StackError:
            if not server.is_running or time.monotonic() > until_s:
                raise


def _await_progress(engine: Engine) -> float:
    """Wait until rows are committed; after how many seconds they were."""
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
    """Wait until ingest lives and has settled nothing new for a while: the audit tells whether that is everything.

    How much is settled says nothing: what came again after a kill is counted too, and may hide what the broker still
    holds for a receiver that is only starting.
    """
    until_s, quiet_s, last = time.monotonic() + SETTLE_S, 0.0, -1
    while time.monotonic() < until_s and quiet_s < QUIET_S:
        with translate_errors(), engine.connect() as connection:
            total, through = totals(connection, ACTUAL).total, committed_through(connection)
        lives = through is not None and datetime.now(UTC) - through < LIVES
        quiet_s = quiet_s + 0.5 if total == last and lives else 0.0
        last = total
        time.sleep(0.5)


def _stored(engine: Engine) -> int:
    with translate_errors(), engine.connect() as connection:
        return totals(connection, ACTUAL).stored


def _published(city: ChaosServers) -> Iterator[PublishedReading]:
    for entry in read_ledger(city.ledger):
        refused = entry.expect is ExpectedResult.QUARANTINED
        yield PublishedReading(
            entry.kind, entry.device_id, entry.key, quarantined=refused, acknowledged=entry.confirmed
        )
