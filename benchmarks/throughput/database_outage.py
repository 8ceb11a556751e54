"""`make away`: the database is away for five minutes under 5,000 readings a second.

How large does ingest grow, and is everything there afterwards? Ends with status 1 if not, or beyond 250 MB.
"""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.throughput.audit import audit, rows_so_far
from benchmarks.throughput.fleet import LoadFleet
from benchmarks.throughput.ingest_run import MemoryPeaks, ingest, until
from benchmarks.throughput.sender import LoadPlan, ReadingLoad
from benchmarks.throughput.servers import Servers, servers
from local_stack.mosquitto import MosquittoServer

RATE = 5000.0
BEFORE_S, AFTER_S = 10.0, 20.0
RSS_MAX_MB = 250.0
LOOK_S = 0.2
CATCH_UP_S = 900.0


def main() -> None:
    """Measure, print, judge."""
    away_s = float(os.environ.get("SECONDS") or 300)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(devices=100, block=10, array=1, first=midnight - timedelta(days=2))
    with servers(fleet.names) as these, these.broker() as broker, ingest(these, broker) as process:
        memory, done = MemoryPeaks(process.pid), threading.Event()

        def look() -> None:
            while not done.wait(LOOK_S):
                memory.sample()

        looking = threading.Thread(target=look)
        looking.start()
        try:
            problems = _away(these, broker, fleet, away_s)
        finally:
            done.set()
            looking.join()
    peak_mb = memory.peaks_mb()[0]
    sys.stdout.write(f"ingest's greatest memory: {peak_mb:.0f} MB\n")
    if peak_mb > RSS_MAX_MB:
        problems.append(f"more than {RSS_MAX_MB:.0f} MB")
    if problems:
        sys.exit("; ".join(problems))


def _away(these: Servers, broker: MosquittoServer, fleet: LoadFleet, away_s: float) -> list[str]:
    order = LoadPlan(
        ("127.0.0.1", broker.port), these.devices, fleet, BEFORE_S + away_s + AFTER_S, RATE, ahead_max=sys.maxsize // 2
    )
    load = ReadingLoad(order)
    load.start()
    time.sleep(BEFORE_S)
    these.database.stop()
    sys.stderr.write(f"the database is away for {away_s:.0f} s …\n")
    time.sleep(away_s)
    these.database.start()
    sent = load.result()
    readings = sum(sent.blocks) * fleet.block
    with psycopg.connect(these.conninfo) as connection:
        until(lambda: rows_so_far(connection) >= readings, within_s=CATCH_UP_S)
    caught_up_s = time.time() - sent.ended_at
    finding = audit(these.conninfo, fleet, sent)
    sys.stdout.write(
        f"{readings:,} readings at {RATE:,.0f} a second, database away for {away_s:.0f} s: {finding.lost} lost,"
        f" {finding.doubled + finding.unexpected} doubled; all committed {caught_up_s:.0f} s after the last was sent\n"
    )
    return [] if finding.lost == finding.doubled == finding.unexpected == 0 else ["not everything is there once"]


if __name__ == "__main__":
    main()
