"""What was refused: kept with its raw payload, so that nothing is lost that a person could still mend."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.errors import Reason
from rencheng.store.tables import quarantine


@dataclass(frozen=True, slots=True)
class Refuse:
    """One refused reading (`position` from 0 within its message) or whole message (`position` -1)."""

    topic: str
    payload: bytes
    position: int
    reason: Reason
    detail: str
    device_id: str | None
    world: str
    received_at: datetime

    @property
    def digest(self) -> bytes:
        """Names the message by its content: the same one sent again is the same entry."""
        return hashlib.sha256(self.topic.encode("utf-8", "surrogatepass") + b"\0" + self.payload).digest()


def bury(connection: Connection, refused: Sequence[Refuse]) -> None:
    """Put refused readings into quarantine. A repetition raises the entry's `times`."""
    if not refused:
        return
    entries: dict[tuple[bytes, int, str], dict[str, object]] = {}
    for item in refused:
        digest = item.digest
        entry = entries.setdefault(
            (digest, item.position, item.reason),
            {
                "topic": _printable(item.topic),
                "payload": item.payload,
                "digest": digest,
                "position": item.position,
                "reason": item.reason.value,
                "detail": _printable(item.detail),
                "device_id": item.device_id,
                "world": item.world,
                "first_received_at": item.received_at,
                "last_received_at": item.received_at,
                "times": 0,
            },
        )
        entry["times"] = int(str(entry["times"])) + 1
        entry["last_received_at"] = item.received_at
    statement = insert(quarantine)
    connection.execute(
        statement.on_conflict_do_update(
            constraint="quarantine_once",
            set_={
                "times": quarantine.c.times + statement.excluded.times,
                "last_received_at": statement.excluded.last_received_at,
            },
        ),
        [entries[key] for key in sorted(entries)],
    )


def _printable(text: str) -> str:
    """A text that PostgreSQL takes, whatever a device put into it; the payload itself is kept as bytes."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()[:1000]
