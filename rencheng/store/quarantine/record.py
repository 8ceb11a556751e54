"""Write rejected messages and readings with their raw payload, so that a person can correct and replay them."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Text, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSON, insert

from rencheng.domain.errors import RejectionReason
from rencheng.domain.topic import kind_of_topic
from rencheng.store.schema.account_tables import quarantine


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
    """A rejected reading (`position` from 0 within its message) or whole message (`position` -1).

    `times` is the number of readings that the account counts for it.
    """

    topic: str
    payload: bytes
    position: int
    reason: RejectionReason
    detail: str
    device_id: str | None
    world: str
    received_at: datetime
    times: int = 1
    retry_after_s: float | None = None

    @property
    def digest(self) -> bytes:
        """A hash of the content, so that a repeated message is the same entry.

        Messages over quota share one entry per topic and hour, with the first payload, because a flood would fill the
        disk otherwise.
        """
        content = f"{self.received_at:%Y-%m-%dT%HZ}".encode() if self.reason is RejectionReason.QUOTA else self.payload
        return hashlib.sha256(self.topic.encode("utf-8", "surrogatepass") + b"\0" + content).digest()


def add_to_quarantine(connection: Connection, records: Sequence[QuarantineRecord]) -> None:
    """Add records to quarantine, in one statement. A repetition increases the `times` of an open entry."""
    if not records:
        return
    entries: dict[tuple[bytes, int, str], QuarantineRecord] = {}
    first: dict[tuple[bytes, int, str], datetime] = {}
    for item in records:
        key = (item.digest, item.position, item.reason.value)
        first.setdefault(key, item.received_at)
        before = entries.get(key)
        entries[key] = (
            replace(before, times=before.times + item.times, received_at=item.received_at) if before else item
        )
    # always in this order, so that two writers with the same keys cannot deadlock
    given = [_row(entries[key], digest=key[0], first_received_at=first[key]) for key in sorted(entries)]
    # one JSON text costs a third of the driver's own lists
    rows = func.json_to_recordset(literal(given, JSON)).table_valued(
        *(column(name, Text if name in _BYTES else quarantine.c[name].type) for name in given[0]), name="given"
    )
    rows = rows.render_derived(with_types=True)
    columns = [func.decode(each, "base64") if each.name in _BYTES else each for each in rows.c]
    statement = insert(quarantine).from_select(list(given[0]), select(*columns))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["digest", "position", "reason"],
            index_where=quarantine.c.replayed_at.is_(None),
            set_={
                "times": quarantine.c.times + statement.excluded.times,
                "last_received_at": func.greatest(quarantine.c.last_received_at, statement.excluded.last_received_at),
            },
        )
    )


_BYTES = ("payload", "digest")


def _row(item: QuarantineRecord, *, digest: bytes, first_received_at: datetime) -> dict[str, object]:
    return {
        "topic": _printable(item.topic),
        "payload": b64encode(item.payload).decode(),
        "digest": b64encode(digest).decode(),
        "position": item.position,
        "reason": item.reason.value,
        "detail": _printable(item.detail),
        "device_id": item.device_id,
        "world": item.world,
        "kind": kind_of_topic(item.topic),
        "first_received_at": first_received_at.isoformat(),
        "last_received_at": item.received_at.isoformat(),
        "times": item.times,
    }


def _printable(text: str) -> str:
    """Return a text that PostgreSQL accepts, whatever a device sent. The payload itself is stored as bytes."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()[:1000]
