"""Quarantine: rejected readings and messages with their reasons and raw payloads."""

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
from rencheng.schemas.fields import Text
from rencheng.store.core.sessions import Row
from rencheng.store.quarantine import log
from rencheng.store.quarantine.log import QuarantineFilters
from services.api.auth.guard import Caller
from services.api.deps import ByWorld, Db, Moment, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, Page, example, paginate, present

router = APIRouter(prefix="/quarantine", tags=["quarantine"])

TEXT_CHARACTERS = 500
"""The most characters of `text`."""

HEX_BYTES = 256
"""The most payload bytes shown in `hex`."""

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


class QuarantineEntry(ApiModel):
    """A rejected reading or message 隔离数据."""

    model_config = example(**_ENTRY)

    quarantine_id: int
    reason: RejectionReason
    detail: str
    topic: str
    device_id: str | None
    world: str
    position: int
    """The reading's position in the message, from 0; -1 for the whole message."""
    times: int
    """How often the same payload was rejected."""
    first_received_at: datetime
    last_received_at: datetime
    payload_bytes: int
    payload_base64: str
    payload_is_whole: bool
    """false: the list shows only the beginning of a long payload. A request for the entry returns all of it."""
    text: str | None
    """The beginning of the payload as text; null if it is not UTF-8."""
    hex: str
    """The beginning of the payload in hexadecimal."""
    kind: str
    """The kind in the topic; `unknown` if it names none."""
    remedy_zh: str
    remedy_en: str
    """What to do about this reason."""
    replayed_at: datetime | None
    """null: the entry is open, and counts as quarantined."""
    replayed_by: str | None
    replayed_as: dict[str, int] | None
    """The counts of its readings by result."""
    fixed_topic: str | None


class QuarantineEntries(Page[QuarantineEntry]):
    """A page of quarantine entries."""

    model_config = example(items=[_ENTRY], next="41")


@router.get("", summary="List quarantine entries 隔离列表", operation_id="list_quarantine")
def list_quarantine(
    database: Db,
    caller: Caller,
    zone: Zone,
    *,
    reason: RejectionReason | None = None,
    device_id: Annotated[Text | None, Query(description="The device in the topic.")] = None,
    kind: Annotated[Kind | None, Query(description="The kind in the topic.")] = None,
    world: ByWorld,
    since: Annotated[Moment | None, Query(alias="from", description="Last received at this time or later.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Last received before this time.")] = None,
    replayed: Annotated[bool | None, Query(description="true: replayed; false: open; omitted: both.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="The `next` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Maximum number of items in the page.")] = 20,
) -> QuarantineEntries:
    """Return quarantine entries, newest first. A repeated payload raises `times` of its open entry."""
    with database.read() as connection:
        filters = QuarantineFilters(reason, device_id, kind, world, since, until, replayed, caller.reach)
        rows = log.list_entries(connection, filters, before=after, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: str(row["quarantine_id"]))
    return QuarantineEntries(items=[_present(row, zone) for row in page], next=following)


@router.get(
    "/{quarantine_id}",
    summary="Get a quarantine entry 单条隔离数据",
    operation_id="get_quarantine_entry",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_quarantine_entry(
    database: Db, zone: Zone, quarantine_id: Annotated[int, Path(ge=0, lt=2**63)]
) -> QuarantineEntry:
    """Return an entry with its whole payload."""
    with database.read() as connection:
        row = log.find_entry(connection, quarantine_id)
    if row is None:
        raise NotFound(f"There is no entry {quarantine_id} in quarantine.")
    return _present(row, zone)


def _present(row: Row, zone: ZoneInfo) -> QuarantineEntry:
    payload: bytes = row["payload"]
    remedy = REMEDIES[RejectionReason(row["reason"])]
    is_whole = len(payload) == row["payload_bytes"]
    derived: dict[str, Any] = {
        "payload_base64": base64.b64encode(payload).decode(),
        "payload_is_whole": is_whole,
        "text": _text(payload, is_whole=is_whole),
        "hex": payload[:HEX_BYTES].hex(),
        "remedy_zh": remedy.remedy_zh,
        "remedy_en": remedy.remedy_en,
    }
    return QuarantineEntry.model_validate(present(row, zone) | derived)


def _text(payload: bytes, *, is_whole: bool) -> str | None:
    """Return the payload's beginning as text, if it is UTF-8. A cut payload may end within a character."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=is_whole)[:TEXT_CHARACTERS]
    except UnicodeDecodeError:
        return None
