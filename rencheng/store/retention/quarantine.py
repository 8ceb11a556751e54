"""Quarantine is kept for so long and up to such a size: the oldest goes first, and is counted for good."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.core.sessions import Row
from rencheng.store.schema.account_tables import quarantine, quarantine_drops

KEEP_DAYS = 90.0
"""A quarter: long enough for a season's faulty device to be noticed in a report and its data to be mended."""

KEEP_BYTES = 2 * 2**30
"""As much as a small machine can spare for what nobody could read."""

ENTRY_BYTES = 512
"""What an entry costs beside its payload: its row, and its places in five indexes."""

ENTRIES_PER_CALL = 5000
"""The most entries deleted by one call, so that no transaction of retention holds ingest up."""


@dataclass(frozen=True, slots=True)
class DroppedEntries:
    """What one call let go. `more` says that there may be more to drop: commit, and call again."""

    entries: int
    readings: int
    payload_bytes: int
    more: bool


def drop_old_entries(
    connection: Connection,
    now: datetime,
    *,
    keep_days: float = KEEP_DAYS,
    keep_bytes: int = KEEP_BYTES,
    step: int = ENTRIES_PER_CALL,
) -> DroppedEntries:
    """Drop what was received last before `keep_days` ago, then the oldest until the rest fits into `keep_bytes`.

    At most `step` entries at once. Open entries go on counting as quarantined: what they stood for is added to
    `quarantine_drops`, so that quarantined = the `times` of the open entries + the readings dropped. A replayed entry
    stands for nothing any more.
    """
    oldest = select(quarantine.c.quarantine_id, _SIZE).order_by(quarantine.c.last_received_at).limit(step)
    too_old = quarantine.c.last_received_at < now - timedelta(days=keep_days)
    doomed = [row.quarantine_id for row in connection.execute(oldest.where(too_old))]
    if not doomed:
        excess = connection.execute(select(func.coalesce(func.sum(_SIZE), 0))).scalar_one() - keep_bytes
        for row in connection.execute(oldest) if excess > 0 else ():
            if excess <= 0:
                break
            doomed.append(row.quarantine_id)
            excess -= row.size
    statement = delete(quarantine).where(quarantine.c.quarantine_id.in_(doomed)).returning(*_COUNTED)
    gone = list(connection.execute(statement).mappings())
    by_key: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for each in gone:
        by_key[each["world"], each["kind"], each["reason"]].append(each)
    for key, rows in sorted(by_key.items()):
        count_dropped(connection, now, key, entries=len(rows), readings=_readings(rows), payload_bytes=_bytes(rows))
    return DroppedEntries(len(gone), _readings(gone), _bytes(gone), more=len(doomed) == step)


def count_dropped(
    connection: Connection,
    now: datetime,
    key: tuple[str, str, str],
    *,
    entries: int,
    readings: int,
    payload_bytes: int,
) -> None:
    """Count for good what is counted as quarantined, and whose payload is not kept; `key` is world, kind, reason."""
    world, kind, reason = key
    statement = insert(quarantine_drops).values(
        day=now.astimezone(UTC).date(),
        world=world,
        kind=kind,
        reason=reason,
        entries=entries,
        readings=readings,
        payload_bytes=payload_bytes,
    )
    added = {
        name: quarantine_drops.c[name] + statement.excluded[name] for name in ("entries", "readings", "payload_bytes")
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["day", "world", "kind", "reason"], set_=added))


_PAYLOAD_BYTES = func.octet_length(quarantine.c.payload) + func.coalesce(
    func.octet_length(quarantine.c.fixed_payload), 0
)
_SIZE = (_PAYLOAD_BYTES + ENTRY_BYTES).label("size")
_COUNTED = (
    quarantine.c.world,
    quarantine.c.kind,
    quarantine.c.reason,
    quarantine.c.times,
    quarantine.c.replayed_at,
    _PAYLOAD_BYTES.label("payload_bytes"),
)


def _readings(rows: Sequence[Row]) -> int:
    return sum(row["times"] for row in rows if row["replayed_at"] is None)


def _bytes(rows: Sequence[Row]) -> int:
    return sum(row["payload_bytes"] for row in rows)
