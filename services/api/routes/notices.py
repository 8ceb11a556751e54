"""Notices: one message about many sites, such as the summary of a region."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from rencheng.domain.level import LevelWord
from rencheng.domain.notice import NoticeKind
from rencheng.store.warnings.notices import newest_notices
from services.api.auth.guard import Caller
from services.api.deps import ByWorld, Db, Zone
from services.api.http.models import ApiModel, example, level_word, local

router = APIRouter(tags=["suppression"])

_NOTICE: dict[str, Any] = {
    "world": "actual",
    "kind": "group",
    "topic": "region 370102",
    "issued_at": "2026-07-20T16:05:00+08:00",
    "in_force": True,
    "level": "red",
    "urgent": True,
    "site_ids": ["underpass-3", "road-7"],
    "text_zh": "区域370102共2处积水预警生效：红色1处、蓝色1处，其中1处不单独播报。",
    "text_en": "2 ponding warnings in force in region 370102: 1 red, 1 blue; 1 of them only in this summary.",
    "doubt_id": None,
}


ByKind = Annotated[NoticeKind | None, Query(description="One kind; omitted: all but `doubtful`.")]

UNASKED = tuple(kind for kind in NoticeKind if kind is not NoticeKind.DOUBTFUL)


class Notice(ApiModel):
    """A notice 通告: the summary of a group of sites, a silence about to end, or sites without data."""

    model_config = example(**_NOTICE)

    world: str
    kind: NoticeKind
    topic: str
    issued_at: datetime
    in_force: bool
    level: LevelWord
    urgent: bool
    site_ids: list[str]
    text_zh: str
    text_en: str
    doubt_id: str | None
    """Of a notice of doubt, the doubt, whose content is in `/v1/doubts`; null for the other kinds."""


class Notices(ApiModel):
    """The newest notice on each topic, newest first."""

    model_config = example(items=[_NOTICE])

    items: list[Notice]


@router.get("/notices", summary="List notices 汇总通告", operation_id="list_notices")
def list_notices(database: Db, caller: Caller, zone: Zone, world: ByWorld, kind: ByKind = None) -> Notices:
    """Return the newest notice on each topic: regions, catchments, silences about to end, sites without data.

    Notices of doubt are listed only if `kind=doubtful` asks for them, because they are not proven.
    """
    with database.read() as connection:
        rows = newest_notices(connection, world, kinds=[kind] if kind else UNASKED, reach=caller.reach)
    return Notices(
        items=[
            Notice.model_validate(
                dict(row) | {"level": level_word(row["level"]), "issued_at": local(row["issued_at"], zone)}
            )
            for row in rows
        ]
    )
