"""Settings of the database server, and the duration of its commits."""

import statistics
import time
from dataclasses import dataclass

from sqlalchemy import Connection, text

COMMITS = 20
SETTINGS = (
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "max_wal_size",
    "shared_buffers",
    "max_connections",
    "timescaledb.license",
)


@dataclass(frozen=True, slots=True)
class DatabaseCondition:
    """The state of the database server.

    Attributes:
        version: the version of PostgreSQL.
        settings: values by name; sizes in MB, others as the server writes them.
        connections: the number of open client connections.
        commit_ms: the median duration of a small commit, milliseconds.
    """

    version: str
    settings: dict[str, str]
    connections: int
    commit_ms: float


def diagnose(connection: Connection) -> DatabaseCondition:
    """Read the settings and time some commits. Stores nothing."""
    rows = connection.execute(
        text(
            "SELECT name, CASE unit WHEN '8kB' THEN (setting::bigint / 128)::text ELSE setting END"
            " FROM pg_settings WHERE name = ANY(:names)"
        ),
        {"names": list(SETTINGS)},
    )
    settings = {name: setting for name, setting in rows}  # noqa: C416 - rows, not pairs
    version = connection.execute(text("SHOW server_version")).scalar_one()
    connections = connection.execute(
        text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
    ).scalar_one()
    connection.commit()
    times_ms = []
    for _ in range(COMMITS):
        started = time.perf_counter()
        connection.execute(text("SELECT pg_logical_emit_message(true, 'rencheng doctor', '')"))
        connection.commit()
        times_ms.append(1000 * (time.perf_counter() - started))
    return DatabaseCondition(version, settings, connections, statistics.median(times_ms))
