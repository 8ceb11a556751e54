"""`make away`: the database is down for five minutes while 5,000 readings per second arrive.

It prints ingest's greatest memory and the audit. Exit status 1 if a reading is missing or memory exceeds 250 MB.
"""

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.load.process_tree import MemoryPeaks
from benchmarks.load.waiting import wait_until
from benchmarks.throughput.audit import audit, stored_readings
from benchmarks.throughput.fleet import LoadFleet
from benchmarks.throughput.ingest_run import ingest
from benchmarks.throughput.sender import LoadPlan, ReadingLoad
from benchmarks.throughput.servers import Servers, start_servers
from local_stack.mosquitto import MosquittoServer

RATE = 5000.0
BEFORE_S, AFTER_S = 10.0, 20.0
RSS_MAX_MB = 250.0
SAMPLE_EVERY_S = 0.2
CATCH_UP_S = 900.0


def main() -> None:
    """Measure and print."""
    outage_s = float(os.environ.get("SECONDS") or 300)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = LoadFleet(devices=100, block=10, array=1, first=midnight - timedelta(days=2))
    with start_servers(fleet.names) as servers, servers.broker() as broker, ingest(servers, broker) as process:
        memory, done = MemoryPeaks(process.pid), threading.Event()

        def sample() -> None:
            while not done.wait(SAMPLE_EVERY_S):
                memory.sample()

        sampling = threading.Thread(target=sample)
        sampling.start()
        try:
            problems = _load_through_outage(servers, broker, fleet, outage_s)
        finally:
            done.set()
            sampling.join()
    peak_mb = memory.peaks_mb()[0]
    sys.stdout.write(f"ingest's greatest memory: {peak_mb:.0f} MB\n")
    if peak_mb > RSS_MAX_MB:
        problems.append(f"more than {RSS_MAX_MB:.0f} MB")
    if problems:
        sys.exit("; ".join(problems))


def _load_through_outage(servers: Servers, broker: MosquittoServer, fleet: LoadFleet, outage_s: float) -> list[str]:
    seconds = BEFORE_S + outage_s + AFTER_S
    address = ("127.0.0.1", broker.port)
    load = ReadingLoad(LoadPlan(address, servers.devices, fleet, seconds, RATE, ahead_max=sys.maxsize // 2))
    load.start()
    time.sleep(BEFORE_S)
    servers.database.stop()
    sys.stderr.write(f"the database is down for {outage_s:.0f} s …\n")
    time.sleep(outage_s)
    servers.database.start()
    sent = load.result()
    readings = sum(sent.blocks) * fleet.block
    with psycopg.connect(servers.conninfo) as connection:
        wait_until(lambda: stored_readings(connection) >= readings, within_s=CATCH_UP_S)
    caught_up_s = time.time() - sent.ended_at
    found = audit(servers.conninfo, fleet, sent)
    sys.stdout.write(
        f"{readings:,} readings at {RATE:,.0f}/s, database down for {outage_s:.0f} s: {found.lost} lost,"
        f" {found.duplicated + found.unexpected} duplicated;"
        f" all committed {caught_up_s:.0f} s after the last was sent\n"
    )
    return [] if found.lost == found.duplicated == found.unexpected == 0 else ["readings are missing or duplicated"]


if __name__ == "__main__":
    main()
