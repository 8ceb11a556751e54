"""Doubts: the newest notice of each, their CAP forms, and the answers of people."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind
from rencheng.domain.level import Level
from rencheng.domain.notice import NoticeKind
from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.store.core.sessions import Row
from rencheng.store.core.within import in_region, within
from rencheng.store.schema.suppression_tables import doubt_answers, notices
from rencheng.store.schema.tables import sites

ANSWERS_KEPT = timedelta(days=3)
"""How long an answer is applied again, should a service that starts again find its doubt open: the age up to which
stored readings are evaluated, and two days more."""

HISTORY = timedelta(days=3)
"""How long a settled doubt stays in lists and in the feed, as a warning that has ended does."""


def list_doubts(
    connection: Connection,
    *,
    site_id: str | None = None,
    world: str | None = None,
    region: str | None = None,
    is_settled_wanted: bool = False,
    reach: Reach = EVERYWHERE,
    limit: int = 100,
) -> Sequence[Row]:
    """Return the newest notice of each doubt, those in force first, the highest level first, then the newest first.

    Args:
        connection: the database.
        site_id: one site; None: all.
        world: one world; None: all.
        region: a district, city or province; None: all.
        is_settled_wanted: whether doubts that were settled within `HISTORY` are wanted, too.
        reach: of the caller.
        limit: the most rows.
    """
    newest = select(func.max(notices.c.notice_id)).where(notices.c.doubt_id.is_not(None)).group_by(notices.c.doubt_id)
    query = (
        select(notices, sites.c.region, doubt_answers.c.kind.label("answer"), doubt_answers.c.seen_by)
        .join(sites, sites.c.site_id == notices.c.topic)
        .outerjoin(doubt_answers, doubt_answers.c.doubt_id == notices.c.doubt_id)
        .where(notices.c.notice_id.in_(newest), within(reach, sites.c.region, notices.c.world))
        .order_by(notices.c.in_force.desc(), notices.c.level.desc(), notices.c.notice_id.desc())
        .limit(limit)
    )
    is_recent = notices.c.recorded_at > func.now() - HISTORY
    query = query.where(or_(notices.c.in_force, is_recent) if is_settled_wanted else notices.c.in_force)
    if site_id is not None:
        query = query.where(notices.c.topic == site_id)
    if world is not None:
        query = query.where(notices.c.world == world)
    if region is not None:
        query = query.where(in_region(sites.c.region, region))
    return connection.execute(query).mappings().all()


def find_doubt(connection: Connection, doubt_id: str) -> Row | None:
    """Return the newest notice of a doubt; None if there is no such doubt."""
    query = select(notices).where(notices.c.doubt_id == doubt_id).order_by(notices.c.notice_id.desc()).limit(1)
    return connection.execute(query).mappings().one_or_none()


def open_doubt(connection: Connection, site_id: str) -> Row | None:
    """Return the notice of the doubt that is open at a site; None without one."""
    kind = NoticeKind.DOUBTFUL.value
    query = select(notices).where(notices.c.topic == site_id, notices.c.kind == kind)
    newest = connection.execute(query.order_by(notices.c.notice_id.desc()).limit(1)).mappings().one_or_none()
    return newest if newest is not None and newest["in_force"] else None


def doubtful_levels(connection: Connection, site_ids: Sequence[str]) -> dict[str, tuple[Level, str]]:
    """Return level and identifier of the doubt that is open at each of these sites."""
    about = select(func.max(notices.c.notice_id)).where(
        notices.c.kind == NoticeKind.DOUBTFUL.value, notices.c.topic.in_(site_ids)
    )
    query = select(notices.c.topic, notices.c.level, notices.c.doubt_id).where(
        notices.c.notice_id.in_(about.group_by(notices.c.world, notices.c.topic)), notices.c.in_force
    )
    return {row.topic: (Level(row.level), row.doubt_id) for row in connection.execute(query)}


def find_answer(connection: Connection, doubt_id: str) -> Row | None:
    """Return the answer to a doubt; None if it has none."""
    query = select(doubt_answers).where(doubt_answers.c.doubt_id == doubt_id)
    return connection.execute(query).mappings().one_or_none()


def add_answer(connection: Connection, answer: DoubtAnswer, *, note: str, made_by: str) -> bool:
    """Write an answer. Return False if the doubt has one."""
    values = {
        "doubt_id": answer.doubt_id,
        "site_id": answer.site_id,
        "world": answer.world,
        "kind": answer.kind.value,
        "seen_by": answer.by,
        "note": note,
        "made_by": made_by,
    }
    query = insert(doubt_answers).values(values).on_conflict_do_nothing().returning(doubt_answers.c.doubt_id)
    return connection.execute(query).scalar_one_or_none() is not None


def load_answers(connection: Connection) -> tuple[DoubtAnswer, ...]:
    """Return the answers of the last days, in order."""
    query = select(doubt_answers).where(doubt_answers.c.made_at > func.now() - ANSWERS_KEPT)
    rows = connection.execute(query.order_by(doubt_answers.c.made_at, doubt_answers.c.doubt_id))
    return tuple(
        DoubtAnswer(row.site_id, row.world, row.doubt_id, DoubtAnswerKind(row.kind), row.seen_by) for row in rows
    )
