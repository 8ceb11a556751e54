"""Lock quarantine entries for a replay, and close them with the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import BigInteger, Connection, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSON, JSONB

from rencheng.domain.errors import RejectionReason
from rencheng.store.core.sessions import Row
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.schema.account_tables import quarantine


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """An entry for a replay. It represents `times` receptions of the same message or reading."""

    quarantine_id: int
    topic: str
    payload: bytes
    position: int
    reason: RejectionReason
    device_id: str | None
    world: str
    kind: str
    times: int
    first_received_at: datetime
    last_received_at: datetime


_ENTRY = [quarantine.c[field.name] for field in fields(QuarantineEntry)]


def open_entries(
    connection: Connection, filters: QuarantineFilters, *, after: int = 0, limit: int = 1000
) -> list[tuple[int, int]]:
    """Return (number, payload bytes) of open entries in order of arrival, with numbers above `after`."""
    query = select(quarantine.c.quarantine_id, func.octet_length(quarantine.c.payload)).where(
        *filters.conditions, quarantine.c.replayed_at.is_(None), quarantine.c.quarantine_id > after
    )
    return [(row[0], row[1]) for row in connection.execute(query.order_by(quarantine.c.quarantine_id).limit(limit))]


def lock_open_entries(connection: Connection, quarantine_ids: Sequence[int]) -> list[QuarantineEntry]:
    """Return the open ones of these entries, locked until the transaction ends."""
    query = select(*_ENTRY).where(quarantine.c.quarantine_id.in_(quarantine_ids), quarantine.c.replayed_at.is_(None))
    rows = connection.execute(query.order_by(quarantine.c.quarantine_id).with_for_update()).mappings()
    return [as_entry(row) for row in rows]


def as_entry(row: Row) -> QuarantineEntry:
    """Convert a row of `quarantine` with its whole payload to an entry."""
    values = {field.name: row[field.name] for field in fields(QuarantineEntry)}
    return QuarantineEntry(**values | {"reason": RejectionReason(row["reason"]), "payload": bytes(row["payload"])})


def close_entries(
    connection: Connection,
    results: Mapping[int, Mapping[str, int]],
    *,
    actor: str,
    fixed_topic: str | None,
    fixed_payload: bytes | None,
) -> None:
    """Mark entries as replayed, with the actor, the result of their readings, and the corrected topic and payload."""
    given = [{"quarantine_id": number, "result": dict(figures)} for number, figures in results.items()]
    rows = func.json_to_recordset(literal(given, JSON)).table_valued(
        column("quarantine_id", BigInteger), column("result", JSONB), name="given"
    )
    rows = rows.render_derived(with_types=True)
    connection.execute(
        update(quarantine)
        .where(quarantine.c.quarantine_id == rows.c.quarantine_id)
        .values(
            replayed_at=func.now(),
            replayed_by=actor,
            replayed_as=rows.c.result,
            fixed_topic=fixed_topic,
            fixed_payload=fixed_payload,
        )
    )
