"""Quarantine: what was refused and why, with its raw payload."""

import base64
import codecs
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query

from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.remedies import REMEDIES
from rencheng.store.core.sessions import Row
from rencheng.store.quarantine import log
from rencheng.store.quarantine.log import QuarantineFilters
from services.api.deps import ByWorld, Db, Moment, Zone
from services.api.http.errors import NotFound, described
from services.api.http.models import ApiModel, Page, example, paginate, present

router = APIRouter(prefix="/quarantine", tags=["quarantine"])

TEXT_CHARACTERS = 500

HEX_BYTES = 256

_ENTRY = {
    "quarantine_id": 41,
    "reason": "undecodable",
    "detail": "not JSON: Expecting value at character 1",
    "topic": "rencheng/v1/370102/waterlogging/gauge-7/telemetry",
    "device_id": "gauge-7",
    "world": "actual",
    "position": -1,
    "times": 3,
    "first_received_at": "2026-07-20T16:05:00.412+08:00",
    "last_received_at": "2026-07-20T16:06:00.398+08:00",
    "payload_bytes": 8,
    "payload_base64": "bm90IGpzb24=",
    "payload_is_whole": True,
    "text": "not json",
    "hex": "6e6f74206a736f6e",
    "kind": "waterlogging",
    "remedy_zh": REMEDIES[RejectionReason.UNDECODABLE].remedy_zh,
    "remedy_en": REMEDIES[RejectionReason.UNDECODABLE].remedy_en,
    "replayed_at": None,
    "replayed_by": None,
    "replayed_as": None,
    "fixed_topic": None,
}


class Refused(ApiModel):
    """A refused reading or message 隔离数据."""

    model_config = example(**_ENTRY)

    quarantine_id: int
    reason: RejectionReason
    detail: str
    topic: str
    device_id: str | None
    world: str
    position: int
    """Which reading of the message, from 0; -1 for the whole message."""
    times: int
    """How often the same was refused."""
    first_received_at: datetime
    last_received_at: datetime
    payload_bytes: int
    payload_base64: str
    payload_is_whole: bool
    """A list shows the beginning of a long payload; the entry itself has all of it."""
    text: str | None
    """The beginning of the payload as text; null if it is not UTF-8."""
    hex: str
    """The beginning of the payload in hexadecimal digits."""
    kind: str
    """By the topic; `unknown` if it names none."""
    remedy_zh: str
    remedy_en: str
    """What helps."""
    replayed_at: datetime | None
    """null: it is open, and counts as quarantined."""
    replayed_by: str | None
    replayed_as: dict[str, int] | None
    """What became of its readings."""
    fixed_topic: str | None


class Quarantine(Page[Refused]):
    """A page of refused readings."""

    model_config = example(items=[_ENTRY], next="41")


@router.get("", summary="List refused readings 隔离列表", operation_id="list_refused")
def list_refused(
    database: Db,
    zone: Zone,
    *,
    reason: RejectionReason | None = None,
    device_id: Annotated[str | None, Query(max_length=200, description="Which device sent it.")] = None,
    kind: Annotated[Kind | None, Query(description="Of which family, by its topic.")] = None,
    world: ByWorld = None,
    since: Annotated[Moment | None, Query(alias="from", description="Received last at this time or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Received last before this time.")] = None,
    replayed: Annotated[bool | None, Query(description="true: replayed; false: open; both unless given.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="The most items in this page.")] = 20,
) -> Quarantine:
    """Refused readings, the newest entry first. A repetition raises `times` of the open entry that is there."""
    with database.read() as connection:
        filters = QuarantineFilters(reason, device_id, kind, world, since, until, replayed)
        rows = log.list_entries(connection, filters, before=after, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: str(row["quarantine_id"]))
    return Quarantine(items=[_refused(row, zone) for row in page], next=following)


@router.get(
    "/{quarantine_id}",
    summary="One refused reading, whole 单条隔离数据",
    operation_id="get_refused",
    responses=described(HTTPStatus.NOT_FOUND),
)
def get_refused(database: Db, zone: Zone, quarantine_id: Annotated[int, Path(ge=0, lt=2**63)]) -> Refused:
    """An entry with its whole payload."""
    with database.read() as connection:
        row = log.find_entry(connection, quarantine_id)
    if row is None:
        raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
    return _refused(row, zone)


def _refused(row: Row, zone: ZoneInfo) -> Refused:
    payload: bytes = row["payload"]
    remedy = REMEDIES[RejectionReason(row["reason"])]
    is_whole = len(payload) == row["payload_bytes"]
    about: dict[str, Any] = {
        "payload_base64": base64.b64encode(payload).decode(),
        "payload_is_whole": is_whole,
        "text": _text(payload, is_whole=is_whole),
        "hex": payload[:HEX_BYTES].hex(),
        "remedy_zh": remedy.remedy_zh,
        "remedy_en": remedy.remedy_en,
    }
    return Refused.model_validate(present(row, zone) | about)


def _text(payload: bytes, *, is_whole: bool) -> str | None:
    """What a payload says, if it is text. Where it was cut, half a character may be left over."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=is_whole)[:TEXT_CHARACTERS]
    except UnicodeDecodeError:
        return None
