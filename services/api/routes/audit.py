"""Audit: who changed what, and when."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from rencheng.schemas.fields import Text
from rencheng.store.access.audit import list_audit
from services.api.deps import Db, Limit, Moment, Zone
from services.api.http.models import ApiModel, Page, example, paginate, present

router = APIRouter(prefix="/audit", tags=["audit"])

_ENTRY = {
    "audit_id": 12,
    "at": "2026-07-20T16:05:00+08:00",
    "actor": "key 5f0c2a9b1d3e4f60 (city brain)",
    "action": "quarantine.replay",
    "subject": "quarantine 41",
    "detail": {"entries": [41], "fixed": ["payload"], "result": {"stored": 1, "duplicate": 0, "quarantined": 0}},
}


class AuditEntry(ApiModel):
    """A change by a person or program 操作记录."""

    model_config = example(**_ENTRY)

    audit_id: int
    at: datetime
    actor: str
    """`key <id> (<name>)` for an API key, `shell <user>` for a command."""
    action: str
    subject: str
    detail: dict[str, Any]


class AuditEntries(Page[AuditEntry]):
    """A page of audit entries."""

    model_config = example(items=[_ENTRY], next="12")


@router.get("", summary="List audit entries 审计记录", operation_id="list_audit")
def list_audit_entries(
    database: Db,
    zone: Zone,
    *,
    subject: Annotated[Text | None, Query(description="The changed thing, such as `device gauge-7`.")] = None,
    action: Annotated[Text | None, Query(description="The change, such as `device.retire`.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="Start time, inclusive.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="The `next` of the previous page.")] = None,
    limit: Limit = 100,
) -> AuditEntries:
    """Return changes made over the API and by command, newest first. A change and its entry share a transaction."""
    with database.read() as connection:
        rows = list_audit(connection, subject=subject, action=action, since=since, before=after, limit=limit + 1)
    page, following = paginate(rows, limit, lambda row: str(row["audit_id"]))
    return AuditEntries(items=[AuditEntry.model_validate(present(row, zone)) for row in page], next=following)
