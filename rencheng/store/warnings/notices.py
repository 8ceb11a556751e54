"""Notices: written as they are issued, and the newest of each topic."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select

from rencheng.store.core.sessions import Row
from rencheng.store.schema.suppression_tables import notices


def add_notices(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Write notices, given as rows of the table `notices`."""
    if rows:
        connection.execute(insert(notices), list(rows))


def newest_notices(connection: Connection, world: str | None = None) -> list[Row]:
    """Return the newest notice of each topic, newest first."""
    about = (notices.c.world, notices.c.kind, notices.c.topic)
    newest = select(func.max(notices.c.notice_id)).group_by(*about)
    if world is not None:
        newest = newest.where(notices.c.world == world)
    query = select(notices).where(notices.c.notice_id.in_(newest)).order_by(notices.c.notice_id.desc())
    return list(connection.execute(query).mappings())
