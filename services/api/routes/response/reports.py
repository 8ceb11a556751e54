"""Event reports: make a version, read it, and print it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse

from rencheng.operations.reports import make_report
from rencheng.schemas.fields import OptionalText
from rencheng.store.core.sessions import Row
from rencheng.store.reports.event_reports import find_report
from rencheng.store.warnings.log import find_warning
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Db, WarningId, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/events", tags=["response"])

_MARGIN: dict[str, Any] = {"from": "closed", "to": "water", "seconds": 214.0, "missing": []}
_REPORT: dict[str, Any] = {
    "warning_id": "my-underpass-20260720T080000Z",
    "version": 1,
    "made_at": "2026-07-21T09:00:00+08:00",
    "sha256": "9f2c…",
    "report": {"form": 1, "peak_level": 4, "measures": {"margin": _MARGIN}},
}

_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="A version; the newest if omitted.")]


class EventReportOut(ApiModel):
    """A version of an event report 复盘."""

    model_config = example(**_REPORT)

    warning_id: str
    version: int
    made_at: datetime
    sha256: str
    """The hash of the document."""
    report: dict[str, Any]
    """Moments with the rows that they come from, times between them, water, messages, calls, tasks, commands and the
    timeline. What is not on record is null, never 0. Its times are UTC."""


class ReportRemarks(BaseModel):
    """What people add. What is not given stays as it was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"well": "closed in time"}]})

    well: OptionalText = ""
    badly: OptionalText = ""
    causes: OptionalText = ""


@router.get(
    "/{warning_id}/report",
    summary="Show an event report 复盘报告",
    operation_id="get_event_report",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_report(database: Db, zone: Zone, warning_id: WarningId, version: Version = None) -> EventReportOut:
    """Return a version of the report of a warning."""
    with database.read() as connection:
        return _shown(_found(find_report(connection, warning_id, version), warning_id), zone)


@router.get(
    "/{warning_id}/report/page",
    summary="Print an event report 打印复盘报告",
    operation_id="get_event_report_page",
    response_class=HTMLResponse,
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_page(database: Db, warning_id: WarningId, version: Version = None) -> Response:
    """Return a version of the report as one HTML file in Chinese and English, without script, for print."""
    with database.read() as connection:
        found = _found(find_report(connection, warning_id, version), warning_id)
    return HTMLResponse(found["page"], headers=_PAGE_HEADERS)


@router.post(
    "/{warning_id}/report",
    summary="Make an event report 生成复盘报告",
    operation_id="post_event_report",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_report(
    database: Db, actor: Actor, zone: Zone, warning_id: WarningId, remarks: ReportRemarks
) -> EventReportOut:
    """Make a version from the rows. Former versions stay; if nothing has changed the newest one is returned."""
    with refusals(), database.write() as connection:
        if find_warning(connection, warning_id) is None:
            raise NotFound(f"There is no warning {warning_id!r}.")
        return _shown(make_report(connection, warning_id, remarks.model_dump(), actor=actor), zone)


def _found(row: Row | None, warning_id: str) -> Row:
    if row is None:
        raise NotFound(f"There is no such report of {warning_id!r}. POST to this address makes one.")
    return row


def _shown(row: Row, zone: Zone) -> EventReportOut:
    return EventReportOut(
        warning_id=row["warning_id"],
        version=row["version"],
        made_at=local(row["made_at"], zone),
        sha256=row["sha256"].hex(),
        report=row["document"],
    )
