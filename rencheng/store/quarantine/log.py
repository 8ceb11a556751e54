"""Read quarantine entries. `record` writes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, func, select

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.account_tables import quarantine

PREVIEW_BYTES = 16_384
"""The part of a payload that a list shows, because a page of ten-megabyte messages is unusable."""


@dataclass(frozen=True, slots=True)
class QuarantineFilters:
    """Filters for entries; None matches all.

    Attributes:
        kind: the kind in the topic; an entry without a kind in its topic matches no kind.
        since, until: last received in [since, until).
        replayed: True: replayed entries; False: open entries, which count as quarantined.
        reach: the regions in the topics, and the worlds.
    """

    reason: RejectionReason | None = None
    device_id: str | None = None
    kind: Kind | None = None
    world: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    replayed: bool | None = None
    reach: Reach = EVERYWHERE

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters as SQL conditions."""
        equal = {"reason": self.reason, "device_id": self.device_id, "kind": self.kind, "world": self.world}
        found = [quarantine.c[name] == str(value) for name, value in equal.items() if value is not None]
        if self.since is not None:
            found.append(quarantine.c.last_received_at >= self.since)
        if self.until is not None:
            found.append(quarantine.c.last_received_at < self.until)
        if self.replayed is not None:
            found.append(quarantine.c.replayed_at.is_not(None) == self.replayed)
        if not self.reach.is_everywhere:
            found.append(within(self.reach, topic_region(), quarantine.c.world))
        return found


def topic_region() -> ColumnElement[str | None]:
    """Return the region in an entry's topic; null if the topic names none."""
    return func.substring(quarantine.c.topic, "^rencheng/v1/([0-9]{6})/")


def list_entries(
    connection: Connection, filters: QuarantineFilters, *, before: int | None = None, limit: int = 20
) -> list[Row]:
    """Return entries, the newest first, each with the beginning of its payload and `payload_bytes`."""
    query = _entries(payload_max=PREVIEW_BYTES).where(*filters.conditions)
    if before is not None:
        query = query.where(quarantine.c.quarantine_id < before)
    return list(connection.execute(query.order_by(quarantine.c.quarantine_id.desc()).limit(limit)).mappings())


def find_entry(connection: Connection, quarantine_id: int) -> Row | None:
    """Return one entry with its whole payload; None if there is none."""
    query = _entries(payload_max=None).where(quarantine.c.quarantine_id == quarantine_id)
    return connection.execute(query).mappings().one_or_none()


def count_open(connection: Connection, filters: QuarantineFilters) -> int:
    """Return the number of open entries that match."""
    query = select(func.count()).select_from(quarantine).where(*filters.conditions, quarantine.c.replayed_at.is_(None))
    number: int = connection.execute(query).scalar_one()
    return number


def _entries(*, payload_max: int | None) -> Select[Any]:
    payload = quarantine.c.payload
    shown = payload if payload_max is None else func.substring(payload, 1, payload_max, type_=LargeBinary)
    others = [column for column in quarantine.c if column.name not in {"payload", "digest"}]
    return select(*others, shown.label("payload"), func.octet_length(payload).label("payload_bytes"))
