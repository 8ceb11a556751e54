#!/usr/bin/env python3
"""Health check of a container: `healthy.py api | ingest | alerts | jobs`. Exit status 0 if the service works.

Docker shows the status and starts dependent containers after it. It does not restart a container because of it.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg

TIMEOUT_S = 3
HEARTBEAT_MAX_S = 15
"""Maximum age of ingest's heartbeat, seconds. It is written at least once a second."""

ESTABLISHED = "01"


def api() -> bool:
    """Return whether the API answers and reaches the database. It does not tell whether readings arrive."""
    try:
        port = os.environ.get("RENCHENG_API_PORT", "8010")
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=TIMEOUT_S) as answer:
            body = answer.read()
    except HTTPError as refusal:
        body = refusal.read()
    return bool(json.loads(body)["database"] == "reachable")


def ingest() -> bool:
    """Return whether ingest's heartbeat in the database is recent."""
    writer = f"rencheng-ingest-{os.environ.get('RENCHENG_INGEST_RECEIVER', '0')}"
    with psycopg.connect(_database_url(), connect_timeout=TIMEOUT_S) as connection:
        query = "SELECT extract(epoch FROM clock_timestamp() - seen_at) FROM ingest_progress WHERE writer = %s"
        row = connection.execute(query, [writer]).fetchone()
    return row is not None and row[0] <= HEARTBEAT_MAX_S


def alerts() -> bool:
    """Return whether the service has a connection to the broker. It can issue warnings without the database."""
    port = int(os.environ["RENCHENG_MQTT_URL"].rsplit(":", 1)[1])
    return port in set(_ports_of_peers(pid=1))


def jobs() -> bool:
    """Return whether a runner is active and no job is overdue."""
    with psycopg.connect(_database_url(), connect_timeout=TIMEOUT_S) as connection:
        query = """
            SELECT EXISTS (
                SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7766 AND objid = 2 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            ) AND NOT EXISTS (
                SELECT FROM jobs
                WHERE clock_timestamp() - coalesce(succeeded_at, started_at) > 3 * every + interval '5 minutes'
            )"""
        row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])


def _database_url() -> str:
    return os.environ["RENCHENG_DATABASE_URL"].replace("postgresql+psycopg:", "postgresql:", 1)


def _ports_of_peers(*, pid: int) -> Iterator[int]:
    """The far ports of a process's established TCP connections."""
    own = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            own.add(str(descriptor.readlink()))
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == ESTABLISHED and f"socket:[{fields[9]}]" in own:
                yield int(fields[2].rpartition(":")[2], 16)


def main() -> None:
    """Ask the one that is named."""
    try:
        is_well = {"api": api, "ingest": ingest, "alerts": alerts, "jobs": jobs}[sys.argv[1]]()
    except (OSError, psycopg.Error, ValueError) as trouble:
        sys.exit(f"not healthy: {trouble}")
    sys.exit(0 if is_well else "not healthy")


if __name__ == "__main__":
    main()
