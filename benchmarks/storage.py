"""`make storage`: the cost of rollups for writes, the speed of the rollup job, and the gain for queries. Prints ratios.

It writes the same readings to two databases in turn: one with the full schema, one without the trigger and the time
index that rollups need.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import migrations
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import ensure
from local_stack.progress import progress_for_stdout
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.store.core.database import Engine, open_database
from rencheng.store.history.from_rollups import history_of
from rencheng.store.history.raw import Buckets, TimeRange, water_history
from rencheng.store.readings.merge import ReceivedReading, create_staging_on_connect, write
from rencheng.store.rollups.refresh import roll_up

BATCH, ROUNDS, DEVICES = 2000, 40, 5000
LIVE_S, LATE_DAYS = 60, 20
DAYS = 60
"""Days of one gauge with a reading every ten seconds: half a million readings."""

WITHOUT = """
DROP TRIGGER touched ON waterlogging_readings;
DROP INDEX waterlogging_readings_by_time;
"""


def main() -> None:
    """Measure and print."""
    with _server("") as ours, _server(WITHOUT) as bare:
        for title, age in (("live readings", timedelta(seconds=LIVE_S)), ("late by weeks", timedelta(days=LATE_DAYS))):
            with_s, without_s = _in_turns(ours, bare, age)
            _print(
                f"{title}: {with_s * 1e6:.1f} µs per reading, {without_s * 1e6:.1f} without rollups", with_s / without_s
            )
        began = time.perf_counter()
        figures = roll_up(ours, budget_s=600)
        took_s = time.perf_counter() - began
        rate = 2 * BATCH * ROUNDS / took_s
        _print(f"rolled up {rate:.0f} readings per second, in {figures['refreshes']} refreshes; written", with_s * rate)
        _compare_queries(ours)


def _in_turns(ours: Engine, bare: Engine, age: timedelta) -> tuple[float, float]:
    """Return the median seconds per reading, with and without rollups."""
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    for n in range(ROUNDS):
        batch = _batch(n, age)
        for name, engine in (("ours", ours), ("bare", bare)):
            began = time.perf_counter()
            with engine.begin() as connection:
                write(connection, batch)
            took[name].append((time.perf_counter() - began) / BATCH)
    return statistics.median(took["ours"]), statistics.median(took["bare"])


def _batch(n: int, age: timedelta) -> list[ReceivedReading]:
    now = datetime.now(UTC)
    return [
        ReceivedReading(WaterReading(f"gauge-{(n * BATCH + i) % DEVICES:05}", 0, now - age + timedelta(microseconds=i),
                             depth_mm=i % 100, rain_mm=0.0, battery_v=3.6, rssi_dbm=-80.0), now)
        for i in range(BATCH)
    ]  # fmt: skip


def _compare_queries(engine: Engine) -> None:
    """Query weeks of a gauge by the day, from readings and from rollups."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=25)
    since = until - timedelta(days=DAYS)
    for day in range(DAYS):
        first = since + timedelta(days=day)
        readings = [WaterReading("queried", 0, first + timedelta(seconds=10 * i), depth_mm=i % 50) for i in range(8640)]
        with engine.begin() as connection:
            write(connection, [ReceivedReading(reading, until) for reading in readings])
    roll_up(engine, budget_s=600)
    span, days = TimeRange(since + timedelta(seconds=30), until), Buckets(timedelta(days=1), "Asia/Shanghai")
    with engine.connect() as connection:
        raw_s = _median(lambda: water_history(connection, ["queried"], span=span, buckets=days, limit=9999))
        rolled_s = _median(
            lambda: history_of(connection, Kind.WATERLOGGING, ["queried"], span=span, buckets=days, limit=9999)
        )
    compared = f"{1e3 * raw_s:.1f} ms from readings, {1e3 * rolled_s:.1f} ms with rollups"
    _print(f"{DAYS} days of a gauge by the day: {compared}", raw_s / rolled_s)


def _print(text: str, ratio: float) -> None:
    sys.stdout.write(f"{text}: ratio {ratio:.2f}\n")
    sys.stdout.flush()


def _median(query: Callable[[], object]) -> float:
    took = []
    for _ in range(7):
        began = time.perf_counter()
        query()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@contextmanager
def _server(change: str) -> Iterator[Engine]:
    """Run a database with the schema and a change to it. Everything is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rencheng-bench-"))
    folder.chmod(0o755)  # the server's own account must be able to enter
    server = PostgresServer(
        ensure(progress_for_stdout()),
        folder / "postgres",
        choose_port(seed=folder.name, avoid=()),
        password=new_password(),
    )
    try:
        server.initialise()
        server.start()
        migrations.upgrade(server.url("postgres"))
        if change:
            server.run_sql(change)
        engine = open_database(server.url("postgres"), name="bench")
        create_staging_on_connect(engine)
        yield engine
        engine.dispose()
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
