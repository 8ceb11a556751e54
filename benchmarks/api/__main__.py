"""`make bench-api`: the API's speed beside the same SQL, in the same run. Prints ratios and p95 with 50 clients.

DEVICES, REPORTING and READINGS set the size of the city; 100 million readings take about 15 GB and an hour to generate.
"""

import asyncio
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import migrations
from benchmarks.api.city import generate, register_gauges
from benchmarks.api.client import ask
from local_stack.ports import choose_port
from local_stack.postgres import PostgresServer
from local_stack.programs import ensure
from local_stack.progress import progress_for_stdout
from rencheng.messaging.mqtt.accounts import new_password
from rencheng.runtime.service_process import ServiceProcess
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import Connection, open_database
from rencheng.store.core.driver import driver_of

DEVICES = int(os.environ.get("DEVICES") or 5_000)
REPORTING = int(os.environ.get("REPORTING") or 500)
READINGS = int(os.environ.get("READINGS") or 5_000_000)
ALONE, CLIENTS, TIMES_AT_ONCE = 200, 50, 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the API and the SQL that answers it.

    Attributes:
        title: of the printed line.
        paths: asked in turn.
        sql: the statement of the first path.
        repeats: how often it is asked alone; at once `TIMES_AT_ONCE` times as often.
    """

    title: str
    paths: Sequence[str]
    sql: str
    repeats: int = ALONE


def questions(end: datetime) -> list[Question]:
    """Return the questions about the generated city."""
    day, week = end - timedelta(days=1), end - timedelta(days=7)
    to = quote(end.isoformat())
    gauges = [f"gauge-{n:06}" for n in range(0, REPORTING, max(1, REPORTING // 50))]
    of_gauge = f"FROM waterlogging_readings WHERE device_id = '{gauges[0]}'"
    return [
        Question(
            "latest of a device",
            [f"/v1/devices/{gauge}/latest" for gauge in gauges],
            f"SELECT DISTINCT ON (channel) * {of_gauge} AND time > '{week}' ORDER BY channel, time DESC",
        ),
        Question(
            "a day raw",
            [f"/v1/devices/{gauge}/readings?from={quote(day.isoformat())}&to={to}&limit=1000" for gauge in gauges],
            f"SELECT * {of_gauge} AND time >= '{day}' ORDER BY time, channel",
        ),
        Question(
            "a week by the hour",
            [f"/v1/devices/{gauge}/history?from={quote(week.isoformat())}&to={to}&bucket=1h" for gauge in gauges],
            f"SELECT time_bucket('1 hour', time) AS b, min(depth_mm), avg(depth_mm), max(depth_mm), count(*) {of_gauge}"
            f" AND time >= '{week}' GROUP BY b ORDER BY b",
        ),
        Question(
            "latest of all devices",
            ["/v1/latest?kind=waterlogging&limit=100000"],
            "SELECT * FROM devices LEFT JOIN LATERAL (SELECT * FROM waterlogging_readings r"
            " WHERE r.device_id = devices.device_id AND time > now() - interval '30 days'"
            " ORDER BY time DESC LIMIT 1) r ON true",
            6,
        ),
        Question(
            "1,000 devices", ["/v1/devices?limit=1000"], "SELECT * FROM devices ORDER BY device_id LIMIT 1000", 40
        ),
    ]


def main() -> None:
    """Generate the city, ask, and print."""
    with _server() as url:
        engine = open_database(url, name="bench")
        began = time.perf_counter()
        register_gauges(engine, DEVICES)
        end = generate(engine, reporting=REPORTING, readings=READINGS)
        with engine.begin() as connection:
            token = api_keys.create(connection, "bench", list(KeyScope))
        _print(f"{READINGS:,} readings of {REPORTING} gauges, {DEVICES} devices: {time.perf_counter() - began:.0f} s")
        with _api(url) as port, engine.connect() as connection:
            for question in questions(end):
                _compare(port, token, question, connection)


def _compare(port: int, token: str, question: Question, connection: Connection) -> None:
    repeated = [question.paths[n % len(question.paths)] for n in range(question.repeats)]
    asyncio.run(ask(port, token, repeated[:20]))
    sql_ms = 1e3 * _sql_s(connection, question.sql)
    alone = asyncio.run(ask(port, token, repeated))
    at_once = asyncio.run(ask(port, token, repeated * TIMES_AT_ONCE, clients=CLIENTS))
    own_ms = alone.quantile_ms(0.5)
    _print(
        f"{question.title}: {own_ms:.2f} ms alone, SQL {sql_ms:.2f} ms: +{own_ms - sql_ms:.2f} ms,"
        f" ratio {own_ms / sql_ms:.1f}, {alone.body_bytes / 1e3:.1f} kB;"
        f" {CLIENTS} clients: {at_once.per_s:.0f}/s, p95 {at_once.quantile_ms(0.95):.0f} ms"
    )


def _sql_s(connection: Connection, sql: str) -> float:
    driver = driver_of(connection)
    took = []
    for _ in range(30):
        began = time.perf_counter()
        driver.execute(sql).fetchall()
        connection.rollback()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@contextmanager
def _server() -> Iterator[str]:
    """Run a database with the schema. Everything is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rencheng-bench-api-"))
    folder.chmod(0o755)  # the server's own account must be able to enter
    port = choose_port(seed=folder.name, avoid=())
    server = PostgresServer(ensure(progress_for_stdout()), folder / "postgres", port, password=new_password())
    try:
        server.initialise()
        server.start()
        migrations.upgrade(server.url("postgres"))
        yield server.url("postgres")
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _api(database_url: str) -> Iterator[int]:
    """Run the API as a process of its own, without limits on its one key."""
    port = choose_port(seed=secrets.token_hex(4), avoid=())
    own: Mapping[str, str] = {
        "RENCHENG_DATABASE_URL": database_url,
        "RENCHENG_API_PORT": str(port),
        "RENCHENG_API_KEY_PER_S": "1000000",
        "RENCHENG_API_KEY_RUNNING": "100",
    }
    log = Path(tempfile.mkdtemp()) / "api.log"
    service = ServiceProcess("services.api", log, os.environ | own)
    service.start(until='"event": "ready"')
    try:
        yield port
    finally:
        service.kill()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
