"""The loss audit: compare published messages with stored and quarantined readings, by key and not only by count."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rencheng.store.core.driver import driver_of

_PUBLISHED = (
    "CREATE TEMPORARY TABLE published (kind text, device_id text, key text, quarantined boolean, acknowledged boolean)"
)
_COPY = "COPY published FROM STDIN"

# a key is `time;rest`, with the time in the form of Python's isoformat with microseconds
_STORED = """
CREATE TEMPORARY TABLE found AS
WITH publishers AS (SELECT DISTINCT device_id FROM published), readings AS (
    SELECT device_id, time, channel::text AS rest FROM waterlogging_readings JOIN publishers USING (device_id)
    UNION ALL
    SELECT device_id, time, event_id || ';' || parameter FROM signal_events JOIN publishers USING (device_id)
    UNION ALL
    SELECT device_id, time, connector_id || ';' || transaction_id || ';' || measurand
    FROM meter_values JOIN publishers USING (device_id)
)
SELECT device_id, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00;"') || rest AS key,
       count(*) AS copies
FROM readings GROUP BY 1, 2
"""
_COMPARE = """
SELECT count(*) FILTER (WHERE found.device_id IS NULL AND acknowledged),
       count(*) FILTER (WHERE expected.device_id IS NULL),
       coalesce(sum(found.copies - 1), 0)::bigint,
       count(*) FILTER (WHERE expected.device_id IS NOT NULL)
FROM (
    SELECT device_id, key, bool_or(acknowledged) AS acknowledged FROM published WHERE NOT quarantined GROUP BY 1, 2
) AS expected FULL JOIN found USING (device_id, key)
"""
_NOT_QUARANTINED = """
SELECT count(*) FROM (SELECT DISTINCT key FROM published WHERE quarantined AND acknowledged) AS expected
WHERE NOT EXISTS (SELECT FROM quarantine WHERE digest = decode(key, 'hex'))
"""


@dataclass(frozen=True, slots=True)
class PublishedReading:
    """A published message with one reading.

    Attributes:
        key: `time;rest of the natural key`; for a message that must be quarantined, its digest there (hex).
        quarantined: whether it must be quarantined.
        acknowledged: whether the broker acknowledged it; otherwise it may be missing.
    """

    kind: str
    device_id: str
    key: str
    quarantined: bool = False
    acknowledged: bool = True


@dataclass(frozen=True, slots=True)
class LossReport:
    """Numbers of keys of the publishing devices.

    Attributes:
        keys: distinct keys of valid readings.
        lost: acknowledged and not stored.
        unexpected: stored and never published.
        duplicated: additional stored rows of a key.
        not_quarantined: acknowledged, due in quarantine, and not there.
    """

    keys: int
    lost: int
    unexpected: int
    duplicated: int
    not_quarantined: int


def audit_keys(connection: Connection, published: Iterable[PublishedReading]) -> LossReport:
    """Compare published readings with stored and quarantined ones. Uses temporary tables."""
    connection.execute(text("SET work_mem = '256MB'"))
    connection.execute(text(_PUBLISHED))
    with driver_of(connection).cursor() as cursor, cursor.copy(_COPY) as copy:
        for one in published:
            copy.write_row((one.kind, one.device_id, one.key, one.quarantined, one.acknowledged))
    connection.execute(text(_STORED))
    lost, unexpected, duplicated, keys = connection.execute(text(_COMPARE)).one()
    return LossReport(keys, lost, unexpected, duplicated, connection.execute(text(_NOT_QUARANTINED)).scalar_one())
