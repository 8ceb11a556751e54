"""Find faults in what follows a warning, by SQL that no other part uses.

The services decide by their own queries whether something is due. A fault in one of them would hide itself there, so
the watch asks the tables another way: by what must be true afterwards.
"""

from sqlalchemy import Connection, text

from rencheng.domain.fault import FaultKind, ResponseFault

LATE_S = 60
"""After this time something that should have happened is a fault. Proposal: docs/why/0035."""

LOOK_BACK_H = 24
"""Warnings that changed within this time are looked at."""

_IN_USE = """EXISTS (SELECT FROM contact_methods WHERE ended_at IS NULL AND worlds <> ARRAY['rencheng-synthetic'])"""
_ON_DUTY = "EXISTS (SELECT FROM rosters)"

_RECENT = f"""
recent AS (
    SELECT e.event_id, e.warning_id, e.sequence, e.level, e.message_type, e.recorded_at, w.closed_at
    FROM warning_events AS e
    JOIN warnings AS w ON w.warning_id = e.warning_id AND w.world = 'actual'
    JOIN deliveries AS d ON d.event_id = e.event_id AND d.channel = 'mqtt' AND d.suppressed_by IS NULL
    WHERE e.recorded_at BETWEEN now() - interval '{LOOK_BACK_H} hours' AND now() - interval '{LATE_S} seconds'
        AND NOT EXISTS (SELECT FROM undispatched AS u WHERE u.source = 'event' AND u.source_id = e.event_id)
)"""  # noqa: S608 - numbers of ours

_UNREACHED = f"""
WITH {_RECENT}
SELECT warning_id, extract(epoch FROM now() - min(recorded_at))
FROM recent WHERE level >= 3 AND closed_at IS NULL AND {_IN_USE}
    AND NOT EXISTS (SELECT FROM dispatches AS x WHERE x.warning_id = recent.warning_id AND x.rank > 0)
GROUP BY warning_id"""  # noqa: S608

_NO_CALL = f"""
WITH {_RECENT}
SELECT warning_id, extract(epoch FROM now() - min(recorded_at))
FROM recent WHERE level >= 3 AND closed_at IS NULL AND {_ON_DUTY}
    AND NOT EXISTS (SELECT FROM calls AS c WHERE c.warning_id = recent.warning_id)
GROUP BY warning_id"""  # noqa: S608

_CALL_EXHAUSTED = """
SELECT warning_id, extract(epoch FROM now() - changed_at)
FROM calls WHERE state = 'exhausted' AND world = 'actual'"""

_CALL_LATE = f"""
SELECT warning_id, extract(epoch FROM now() - next_due)
FROM calls WHERE state IN ('calling', 'answered', 'exhausted') AND world = 'actual'
    AND next_due < now() - interval '{LATE_S} seconds'"""  # noqa: S608

_PART_DOWN = f"""
SELECT part, extract(epoch FROM now() - max(at))
FROM heartbeats WHERE part <> 'watch' GROUP BY part
HAVING coalesce(max(at) FILTER (WHERE NOT has_stopped), '-infinity') < now() - interval '{LATE_S} seconds'"""  # noqa: S608

_DISPATCH_LATE = f"""
SELECT 'undispatched ' || source, extract(epoch FROM now() - min(decided_at))
FROM undispatched WHERE decided_at < now() - interval '{LATE_S} seconds' GROUP BY source
UNION ALL
SELECT 'contact ' || d.method_id, extract(epoch FROM now() - min(d.due_at))
FROM dispatches AS d JOIN contact_methods AS m ON m.method_id = d.method_id
WHERE d.state = 'due' AND d.due_at < now() - interval '{LATE_S} seconds' AND m.kind IN ('webhook', 'mqtt', 'mail')
    AND m.ended_at IS NULL AND m.disabled_at IS NULL AND m.failures = 0 AND (m.retry_at IS NULL OR m.retry_at < now())
    AND NOT EXISTS (SELECT FROM dispatches AS r WHERE r.method_id = d.method_id AND r.state = 'leased')
GROUP BY d.method_id
UNION ALL
SELECT 'contact ' || method_id, extract(epoch FROM now() - min(lease_until))
FROM dispatches WHERE state = 'leased' AND lease_until < now() - interval '{LATE_S} seconds' GROUP BY method_id
"""  # noqa: S608

_SEQUENCE_GAP = f"""
WITH {_RECENT}, got AS (
    SELECT x.method_id, x.warning_id, min(x.sequence) AS low, max(x.sequence) AS high
    FROM dispatches AS x
    JOIN contact_methods AS m ON m.method_id = x.method_id AND m.mode = 'every' AND m.ended_at IS NULL
    JOIN subscribers AS s ON s.subscriber_id = m.subscriber_id AND s.active AND s.wants_updates
    WHERE x.source = 'event' AND x.warning_id IN (SELECT warning_id FROM recent)
    GROUP BY x.method_id, x.warning_id
)
SELECT 'contact ' || got.method_id || ', ' || recent.warning_id, extract(epoch FROM now() - min(recent.recorded_at))
FROM got JOIN recent ON recent.warning_id = got.warning_id AND recent.sequence BETWEEN got.low AND got.high
WHERE NOT EXISTS (SELECT FROM dispatches AS x WHERE x.method_id = got.method_id AND x.source = 'event'
    AND x.warning_id = recent.warning_id AND x.sequence = recent.sequence)
GROUP BY got.method_id, recent.warning_id"""  # noqa: S608

_END_MISSING = f"""
WITH {_RECENT}
SELECT 'contact ' || x.method_id || ', ' || recent.warning_id, extract(epoch FROM now() - recent.recorded_at)
FROM recent
JOIN dispatches AS x ON x.warning_id = recent.warning_id AND x.source = 'event' AND x.rank > 0
JOIN contact_methods AS m ON m.method_id = x.method_id AND m.ended_at IS NULL
JOIN subscribers AS s ON s.subscriber_id = m.subscriber_id AND s.active
WHERE recent.message_type = 'Cancel'
    AND NOT EXISTS (SELECT FROM dispatches AS e WHERE e.method_id = x.method_id AND e.source = 'event'
        AND e.warning_id = x.warning_id AND e.sequence >= recent.sequence)
GROUP BY x.method_id, recent.warning_id, recent.recorded_at"""  # noqa: S608

_QUESTIONS = {
    FaultKind.UNREACHED: _UNREACHED,
    FaultKind.CALL_EXHAUSTED: _CALL_EXHAUSTED,
    FaultKind.NO_CALL: _NO_CALL,
    FaultKind.CALL_LATE: _CALL_LATE,
    FaultKind.PART_DOWN: _PART_DOWN,
    FaultKind.DISPATCH_LATE: _DISPATCH_LATE,
    FaultKind.SEQUENCE_GAP: _SEQUENCE_GAP,
    FaultKind.END_MISSING: _END_MISSING,
}


def find_faults(connection: Connection) -> list[ResponseFault]:
    """Return the faults that exist now, the gravest first. Exercises have none."""
    return [
        ResponseFault(kind, str(subject), float(seconds))
        for kind, question in _QUESTIONS.items()
        for subject, seconds in connection.execute(text(question + " ORDER BY 2 DESC, 1 LIMIT 20"))
    ]
