"""The published keys beside the stored ones, and the time of each block's commit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from benchmarks.throughput.fleet import LoadFleet, fraction_us
from benchmarks.throughput.sender import LoadResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_AUDIT = """
WITH published AS MATERIALIZED (
    SELECT name AS device_id, %(first)s + block * interval '1 second' + us * interval '1 microsecond' AS time
    FROM unnest(%(names)s::text[], %(blocks)s::int[]) AS of (name, blocks),
         generate_series(0, blocks - 1) AS block, unnest(%(us)s::int[]) AS us
), found AS MATERIALIZED (
    SELECT device_id, time, count(*) AS copies FROM waterlogging_readings
    WHERE time >= %(first)s AND time < %(first)s + interval '1 day' GROUP BY device_id, time
)
SELECT count(*) FILTER (WHERE found.device_id IS NULL),
       count(*) FILTER (WHERE published.device_id IS NULL),
       coalesce(sum(found.copies - 1), 0)::bigint
FROM published FULL JOIN found USING (device_id, time)
"""
_STORED = "SELECT coalesce(sum(stored), 0)::bigint FROM ingest_counts WHERE kind = 'waterlogging' AND world = 'actual'"
_COMMITS = """
SELECT device_id, date_trunc('second', time),
       extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8
FROM waterlogging_readings WHERE time >= %s AND time < %s + interval '1 day' GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class KeyAudit:
    """Keys that were published and not stored, stored and not published, and stored more than once."""

    lost: int
    unexpected: int
    duplicated: int


def audit(conninfo: str, fleet: LoadFleet, sent: LoadResult) -> KeyAudit:
    """Compare the published keys with the stored ones."""
    given = {
        "first": fleet.first,
        "names": fleet.names,
        "blocks": sent.blocks,
        "us": [fraction_us(place) for place in range(fleet.block)],
    }
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET work_mem = '512MB'")
        row = connection.execute(_AUDIT, given).fetchone()
    assert row  # noqa: S101 - an aggregate has a row
    return KeyAudit(*row)


def commits(conninfo: str, fleet: LoadFleet, sent: LoadResult) -> list[tuple[float, float]]:
    """Return (sent, committed) of every stored block, Unix times. The last reading of a block counts for all."""
    numbers = {name: number for number, name in enumerate(fleet.names)}
    with psycopg.connect(conninfo) as connection:
        rows: Sequence[tuple[str, datetime, float]] = connection.execute(
            _COMMITS, [fleet.first, fleet.first]
        ).fetchall()
    committed = {(numbers[name], second): at for name, second, at in rows if name in numbers}
    keys = [((device, fleet.second(block)), at) for device, block, at in sent.sent_at]
    return [(at, committed[key]) for key, at in keys if key in committed]


def stored_readings(connection: psycopg.Connection[tuple[int]]) -> int:
    """Return how many gauge readings ingest counted as stored. Cheap enough for ten calls per second."""
    row = connection.execute(_STORED).fetchone()
    connection.commit()
    assert row  # noqa: S101 - an aggregate has a row
    return row[0]


def shed_readings(conninfo: str) -> tuple[int, int]:
    """Return how many readings were shed for a quota, and in how many quarantine entries they are counted."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(times), 0)::bigint, count(*) FROM quarantine WHERE reason = 'quota'"
        ).fetchone()
    assert row  # noqa: S101 - an aggregate has a row
    return row[0], row[1]
