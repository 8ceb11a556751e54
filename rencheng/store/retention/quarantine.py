"""Retention of quarantine, by age and size. What is dropped stays in the account."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.store.core.sessions import Row
from rencheng.store.schema.account_tables import quarantine, quarantine_drops

KEEP_DAYS = 90.0
"""A quarter: long enough to notice a season's faulty device in a report and to correct its data."""

KEEP_BYTES = 2 * 2**30
"""The share of a small machine's disk that rejected messages may use."""

ENTRY_BYTES = 512
"""The size of an entry without its payload: its row and five index entries."""

ENTRIES_PER_CALL = 5000
"""The most entries deleted by one call, so that retention does not delay ingest."""


@dataclass(frozen=True, slots=True)
class DroppedEntries:
    """The entries that one call dropped. With `more`, commit and call again."""

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
    """Drop entries last received more than `keep_days` ago, then old ones until the rest fits into `keep_bytes`.

    The latter are those of the senders that hold most: each keeps its newest entries, up to the same size for all. One
    sender does not push out the evidence of the others.

    Drops at most `step` entries. Open entries still count as quarantined: their readings are added to
    `quarantine_drops`, so that quarantined = the `times` of the open entries + the dropped readings. A replayed entry
    represents no readings.
    """
    oldest = select(quarantine.c.quarantine_id, _SIZE).order_by(quarantine.c.last_received_at).limit(step)
    too_old = quarantine.c.last_received_at < now - timedelta(days=keep_days)
    ids = [row.quarantine_id for row in connection.execute(oldest.where(too_old))]
    if not ids:
        held = select(_SENDER, func.sum(_SIZE)).group_by(_SENDER)
        share = fair_share([int(row[1]) for row in connection.execute(held)], keep_bytes)
        if share is not None:
            newest_first = (quarantine.c.last_received_at.desc(), quarantine.c.quarantine_id.desc())
            through = func.sum(_SIZE).over(partition_by=_SENDER, order_by=newest_first).label("through")
            by_sender = select(quarantine.c.quarantine_id, quarantine.c.last_received_at, through).subquery()
            excess = select(by_sender.c.quarantine_id).where(by_sender.c.through > share)
            ids = list(connection.execute(excess.order_by(by_sender.c.last_received_at).limit(step)).scalars())
    statement = delete(quarantine).where(quarantine.c.quarantine_id.in_(ids)).returning(*_COUNTED)
    dropped = list(connection.execute(statement).mappings())
    by_key: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for each in dropped:
        by_key[each["world"], each["kind"], each["reason"]].append(each)
    for key, rows in sorted(by_key.items()):
        count_dropped(connection, now, key, entries=len(rows), readings=_readings(rows), payload_bytes=_bytes(rows))
    return DroppedEntries(len(dropped), _readings(dropped), _bytes(dropped), more=len(ids) == step)


def fair_share(sizes: Sequence[int], total: int) -> int | None:
    """Return the size that each sender may hold so that all fit into the total; None if they fit as they are."""
    left, share = total, None
    for number, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - number)
        if size > share:
            return share
        left -= size
    return None


def count_dropped(
    connection: Connection,
    now: datetime,
    key: tuple[str, str, str],
    *,
    entries: int,
    readings: int,
    payload_bytes: int,
) -> None:
    """Add quarantined readings whose payload is not kept to `quarantine_drops`; `key` is world, kind, reason."""
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
_SENDER = func.coalesce(quarantine.c.device_id, func.split_part(quarantine.c.topic, "/", 5))
"""The device, or its name in the topic: the broker lets a device write topics with its own name alone."""
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
