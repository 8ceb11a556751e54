"""What was refused, for those who look into it. Putting it there is `quarantine`."""

from typing import Any

from sqlalchemy import Connection, LargeBinary, Select, func, select

from rencheng.domain.errors import Reason
from rencheng.store.sessions import Row
from rencheng.store.tables import quarantine

PREVIEW_BYTES = 16_384
"""How much of a payload a list shows: a page of ten-megabyte messages would help nobody."""


def list_refused(
    connection: Connection,
    *,
    reason: Reason | None = None,
    world: str | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Row]:
    """Refused readings, the newest entry first, each with the beginning of its payload and `payload_bytes`."""
    query = _entries(payload_max=PREVIEW_BYTES).order_by(quarantine.c.quarantine_id.desc()).limit(limit)
    if reason is not None:
        query = query.where(quarantine.c.reason == reason.value)
    if world is not None:
        query = query.where(quarantine.c.world == world)
    if before is not None:
        query = query.where(quarantine.c.quarantine_id < before)
    return list(connection.execute(query).mappings())


def find_refused(connection: Connection, quarantine_id: int) -> Row | None:
    """One entry with its whole payload."""
    query = _entries(payload_max=None).where(quarantine.c.quarantine_id == quarantine_id)
    return connection.execute(query).mappings().one_or_none()


def _entries(*, payload_max: int | None) -> Select[Any]:
    payload = quarantine.c.payload
    shown = payload if payload_max is None else func.substring(payload, 1, payload_max, type_=LargeBinary)
    others = [column for column in quarantine.c if column.name not in {"payload", "digest"}]
    return select(*others, shown.label("payload"), func.octet_length(payload).label("payload_bytes"))
