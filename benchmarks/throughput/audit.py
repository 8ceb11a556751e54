"""What the database has of what was published, by key; and when each block was committed."""

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
    """`lost`: published and not there. `strange`: there and never published. `doubled`: there more than once."""

    lost: int
    unexpected: int
    doubled: int


def audit(conninfo: str, fleet: LoadFleet, sent: LoadResult) -> KeyAudit:
    """Compare the keys that were published with those that are stored."""
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
    """(sent, committed) of every block that is there, Unix times; the last reading of a block counts for all."""
    numbers = {name: number for number, name in enumerate(fleet.names)}
    with psycopg.connect(conninfo) as connection:
        rows: Sequence[tuple[str, datetime, float]] = connection.execute(
            _COMMITS, [fleet.first, fleet.first]
        ).fetchall()
    committed = {(numbers[name], second): at for name, second, at in rows if name in numbers}
    keys = [((device, fleet.second(block)), at) for device, block, at in sent.sent_at]
    return [(at, committed[key]) for key, at in keys if key in committed]


def rows_so_far(connection: psycopg.Connection[tuple[int]]) -> int:
    """How many readings of gauges ingest says that it stored; cheap enough to ask ten times a second."""
    row = connection.execute(_STORED).fetchone()
    connection.commit()
    assert row  # noqa: S101 - an aggregate has a row
    return row[0]


def shed_so_far(conninfo: str) -> tuple[int, int]:
    """Readings that were shed for a quota, and the quarantine entries that count them."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(times), 0)::bigint, count(*) FROM quarantine WHERE reason = 'quota'"
        ).fetchone()
    assert row  # noqa: S101 - an aggregate has a row
    return row[0], row[1]
