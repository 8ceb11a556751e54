"""Notices: written as they are issued, and the newest of each topic."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, insert, or_, select

from rencheng.domain.notice import Notice, NoticeKind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.messages.notice_json import doubt_document
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import within
from rencheng.store.schema.suppression_tables import notices
from rencheng.store.schema.tables import sites


def add_notices(connection: Connection, issued: Sequence[Notice]) -> None:
    """Write notices."""
    if issued:
        connection.execute(insert(notices), [_row(notice) for notice in issued])


def newest_notices(
    connection: Connection,
    world: str | None = None,
    *,
    kinds: Sequence[NoticeKind] = tuple(NoticeKind),
    reach: Reach = EVERYWHERE,
) -> list[Row]:
    """Return the newest notice of each topic of these kinds, newest first. All its sites must lie in the reach."""
    about = (notices.c.world, notices.c.kind, notices.c.topic)
    is_wanted = notices.c.kind.in_([kind.value for kind in kinds])
    newest = select(func.max(notices.c.notice_id)).where(is_wanted).group_by(*about)
    if world is not None:
        newest = newest.where(notices.c.world == world)
    query = select(notices).where(notices.c.notice_id.in_(newest)).order_by(notices.c.notice_id.desc())
    if reach.worlds:
        query = query.where(notices.c.world.in_(reach.worlds))
    if reach.regions:
        reached = select(sites.c.site_id).where(within(reach, sites.c.region)).scalar_subquery()
        named = func.cardinality(notices.c.site_ids) > 0
        of_region = within(reach, func.substring(notices.c.topic, "^region ([0-9]{6})$"))
        query = query.where(or_(and_(named, notices.c.site_ids.contained_by(func.array(reached))), of_region))
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
        "doubt_id": notice.doubt.report.doubt_id if notice.doubt else None,
        "doubt": doubt_document(notice.doubt) if notice.doubt else None,
        "cap_xml": notice.doubt.cap_xml if notice.doubt else None,
    }
