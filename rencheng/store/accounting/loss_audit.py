"""Were the messages that somebody published settled as they should be? By key, not by count alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    import psycopg

_PUBLISHED = (
    "CREATE TEMPORARY TABLE published (kind text, device_id text, key text, quarantined boolean, certain boolean)"
)
_COPY = "COPY published FROM STDIN"

# what a key looks like there: `time;the rest`, the time in the form of Python's isoformat with microseconds
_STORED = """
CREATE TEMPORARY TABLE found AS
WITH whose AS (SELECT DISTINCT device_id FROM published), readings AS (
    SELECT device_id, time, channel::text AS rest FROM waterlogging_readings JOIN whose USING (device_id)
    UNION ALL
    SELECT device_id, time, event_id || ';' || parameter FROM signal_events JOIN whose USING (device_id)
    UNION ALL
    SELECT device_id, time, connector_id || ';' || transaction_id || ';' || measurand
    FROM meter_values JOIN whose USING (device_id)
)
SELECT device_id, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00;"') || rest AS key,
       count(*) AS copies
FROM readings GROUP BY 1, 2
"""
_COMPARE = """
SELECT count(*) FILTER (WHERE found.device_id IS NULL AND certain),
       count(*) FILTER (WHERE asked.device_id IS NULL),
       coalesce(sum(found.copies - 1), 0)::bigint,
       count(*) FILTER (WHERE asked.device_id IS NOT NULL)
FROM (SELECT device_id, key, bool_or(certain) AS certain FROM published WHERE NOT quarantined GROUP BY 1, 2) AS asked
FULL JOIN found USING (device_id, key)
"""
_REFUSED = """
SELECT count(*) FROM (SELECT DISTINCT key FROM published WHERE quarantined AND certain) AS asked
WHERE NOT EXISTS (SELECT FROM quarantine WHERE digest = decode(key, 'hex'))
"""


@dataclass(frozen=True, slots=True)
class PublishedReading:
    """One published message with one reading.

    Attributes:
        key: `time;the rest of its natural key`; for one that is to be quarantined, its digest there (hex).
        quarantined: whether quarantine is where it belongs.
        certain: whether the broker said that it has it; else it may be missing.
    """

    kind: str
    device_id: str
    key: str
    quarantined: bool = False
    acknowledged: bool = True


@dataclass(frozen=True, slots=True)
class LossReport:
    """Keys, of the devices that published.

    Attributes:
        keys: different keys of good readings.
        lost: certain, and not stored.
        strange: stored, and never published.
        doubled: stored more than once.
        not_quarantined: certain, belonging in quarantine, and not there.
    """

    keys: int
    lost: int
    unexpected: int
    duplicated: int
    not_quarantined: int


def audit_keys(connection: Connection, published: Iterable[PublishedReading]) -> LossReport:
    """Compare what was published with what is stored and quarantined. Uses temporary tables."""
    connection.execute(text("SET work_mem = '256MB'"))
    connection.execute(text(_PUBLISHED))
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for one in published:
            copy.write_row((one.kind, one.device_id, one.key, one.quarantined, one.acknowledged))
    connection.execute(text(_STORED))
    lost, strange, doubled, keys = connection.execute(text(_COMPARE)).one()
    return LossReport(keys, lost, strange, doubled, connection.execute(text(_REFUSED)).scalar_one())
