"""Warnings with their messages, and each message as a CAP document."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response

from rencheng.cap.xml import CAP_MEDIA_TYPE
from rencheng.domain.level import Level, LevelWord
from rencheng.domain.warning import MessageType
from rencheng.store.core.sessions import Row
from rencheng.store.warnings import log
from rencheng.store.warnings.log import WarningFilters
from services.api.auth.guard import Caller
from services.api.deps import AfterCursor, ByRegion, BySite, ByWorld, Db, LevelMin, Limit, Moment, WarningId, Zone
from services.api.http import cursors
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, level_word, paginate, present

router = APIRouter(prefix="/warnings", tags=["warnings"])

_WARNING = {
    "warning_id": "underpass-3-20260720T080100Z",
    "site_id": "underpass-3",
    "name_zh": "经十路下穿通道",
    "name_en": "Jingshi Road underpass",
    "region": "370102",
    "world": "actual",
    "in_force": True,
    "level": "yellow",
    "peak_level": "yellow",
    "opened_at": "2026-07-20T16:01:00+08:00",
    "updated_at": "2026-07-20T16:04:00+08:00",
    "closed_at": None,
}
_EVENT = {
    "sequence": 1,
    "identifier": "underpass-3-20260720T080100Z-1",
    "message_type": "Alert",
    "level": "blue",
    "issued_at": "2026-07-20T16:01:00+08:00",
    "recorded_at": "2026-07-20T16:01:00.212+08:00",
    "cap": "/v1/warnings/underpass-3-20260720T080100Z/events/1/cap",
    "document": {"msg_type": "Alert", "headline": {"zh": "积水蓝色预警", "en": "Blue ponding warning"}},
}


class SiteWarning(ApiModel):
    """A warning 预警 of one site."""

    model_config = example(**_WARNING)

    warning_id: str
    site_id: str
    name_zh: str
    name_en: str
    region: str
    world: str
    """`actual`, or the name of an exercise."""
    in_force: bool
    level: LevelWord
    """The present level; after the end, the last level."""
    peak_level: LevelWord
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class Warnings(Page[SiteWarning]):
    """A page of warnings."""

    model_config = example(items=[_WARNING], next=None)


class WarningEvent(ApiModel):
    """One message of a warning 预警消息: Alert, then Updates, then Cancel."""

    model_config = example(**_EVENT)

    sequence: int
    identifier: str
    """Unique among all messages. A repeated message keeps its identifier."""
    message_type: MessageType
    level: LevelWord
    issued_at: datetime
    """The time in its world at which the engine decided."""
    recorded_at: datetime
    cap: str
    """The path of the CAP document."""
    document: dict[str, Any]
    """The message as published on MQTT, with its grounds."""


class WarningInDetail(SiteWarning):
    """A warning with all its messages, in order."""

    model_config = example(**_WARNING, events=[_EVENT])

    events: list[WarningEvent]


class CapDocument(Response):
    """A CAP document as it was published."""

    media_type = CAP_MEDIA_TYPE


@router.get("", summary="List warnings 预警列表", operation_id="list_warnings")
def list_warnings(
    database: Db,
    caller: Caller,
    zone: Zone,
    *,
    site_id: BySite = None,
    region: ByRegion = None,
    world: ByWorld,
    is_open: Annotated[
        bool | None, Query(alias="open", description="true: in force; false: ended; omitted: all.")
    ] = None,
    level_min: LevelMin = None,
    since: Annotated[Moment | None, Query(description="Updated at this time or later.")] = None,
    after: AfterCursor = None,
    limit: Limit = 100,
) -> Warnings:
    """Return warnings, the newest first."""
    filters = WarningFilters(
        site_id=site_id,
        region=region,
        world=world,
        reach=caller.reach,
        is_open=is_open,
        level_min=Level.parse(level_min) if level_min else None,
        since=since,
    )
    position = cursors.decode(after, log.POSITION_COLUMNS) if after else None
    with database.read() as connection:
        rows = log.list_warnings(connection, filters, after=position, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: cursors.encode((row["opened_at"], row["warning_id"])))
    return Warnings(items=[SiteWarning.model_validate(_present_warning(row, zone)) for row in page], next=following)


@router.get(
    "/{warning_id}",
    summary="Get a warning with its messages 单个预警及其消息",
    operation_id="get_warning",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_warning(database: Db, zone: Zone, warning_id: WarningId) -> WarningInDetail:
    """Return a warning with all its messages, in order."""
    with database.read() as connection:
        row = log.find_warning(connection, warning_id)
        events = log.events_of(connection, warning_id)
    if row is None:
        raise NotFound(f"There is no warning {warning_id!r}.")
    return WarningInDetail.model_validate(
        _present_warning(row, zone) | {"events": [_present_event(event, zone) for event in events]}
    )


_CAP_RESPONSES: dict[int | str, dict[str, Any]] = problem_responses(HTTPStatus.NOT_FOUND) | {
    200: {
        "description": "CAP 1.2",
        "content": {CAP_MEDIA_TYPE: {"example": '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">…</alert>'}},
    }
}


@router.get(
    "/{warning_id}/cap",
    summary="Get the newest CAP document 最新CAP文件",
    operation_id="get_newest_cap",
    response_class=CapDocument,
    responses=_CAP_RESPONSES,
)
def get_newest_cap(database: Db, warning_id: WarningId) -> CapDocument:
    """Return the CAP 1.2 document of the newest message, byte for byte as it was stored."""
    return _cap(database, warning_id)


@router.get(
    "/{warning_id}/events/{sequence}/cap",
    summary="Get the CAP document of a message 某条消息的CAP文件",
    operation_id="get_cap",
    response_class=CapDocument,
    responses=_CAP_RESPONSES,
)
def get_cap(database: Db, warning_id: WarningId, sequence: Annotated[int, Path(ge=1, lt=2**31)]) -> CapDocument:
    """Return the CAP 1.2 document of one message, byte for byte as it was stored."""
    return _cap(database, warning_id, sequence)


def _cap(database: Db, warning_id: str, sequence: int | None = None) -> CapDocument:
    with database.read() as connection:
        text = log.cap_of(connection, warning_id, sequence)
    if text is None:
        message = "any message" if sequence is None else f"message {sequence}"
        raise NotFound(f"There is no warning {warning_id!r} with {message}.")
    return CapDocument(text)


def _present_warning(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    levels = {name: level_word(row[name]) for name in ("level", "peak_level")}
    return present(row, zone) | levels | {"in_force": row["closed_at"] is None}


def _present_event(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    path = f"/v1/warnings/{row['warning_id']}/events/{row['sequence']}/cap"
    return present(row, zone) | {"level": level_word(row["level"]), "cap": path}
