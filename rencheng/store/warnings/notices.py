"""Notices: written as they are issued, and the newest of each topic."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from rencheng.domain.notice import Notice
from rencheng.store.core.sessions import Row
from rencheng.store.schema.suppression_tables import notices


def add_notices(connection: Connection, issued: Sequence[Notice]) -> None:
    """Write notices."""
    if issued:
        connection.execute(insert(notices), [_row(notice) for notice in issued])


def newest_notices(connection: Connection, world: str | None = None) -> list[Row]:
    """Return the newest notice of each topic, newest first."""
    about = (notices.c.world, notices.c.kind, notices.c.topic)
    newest = select(func.max(notices.c.notice_id)).group_by(*about)
    if world is not None:
        newest = newest.where(notices.c.world == world)
    query = select(notices).where(notices.c.notice_id.in_(newest)).order_by(notices.c.notice_id.desc())
    return list(connection.execute(query).mappings())


def _row(notice: Notice) -> dict[str, object]:
    return {
        "world": notice.world,
        "kind": notice.kind.value,
        "topic": notice.topic,
        "issued_at": notice.at,
        "in_force": notice.in_force,
        "level": int(notice.level),
        "urgent": notice.urgent,
        "site_ids": list(notice.site_ids),
        "text_zh": notice.zh,
        "text_en": notice.en,
    }
