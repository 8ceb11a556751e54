"""Sites: the states of their pumps, and their tide tables."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ConfigDict

from rencheng.domain.waterworks import PumpState
from rencheng.operations.waterworks import accept_tides, report_pump
from rencheng.schemas.waterworks import PumpForm, TideForm
from services.api.changes import ChangeRoute
from services.api.deps import Actor, Db, SiteId
from services.api.http.errors import problem_responses
from services.api.http.models import ApiModel, example
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/sites", tags=["sites"])


class PumpReportRequest(PumpForm):
    """The state of a pump."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"pump": "2", "state": "failed", "until": "2026-07-20T23:00:00+08:00"}]}
    )


class ReportedPump(ApiModel):
    """The state that was recorded, and until when it counts."""

    model_config = example(site_id="underpass-3", pump="2", state="failed", until="2026-07-20T23:00:00+08:00")

    site_id: str
    pump: str
    state: PumpState
    until: datetime


class TideTableRequest(TideForm):
    """A tide table of a site."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"source": "tide tables", "high_waters": [{"at": "2026-07-20T14:20:00+08:00", "depth_mm": 320}]}
            ]
        }
    )


class AcceptedTides(ApiModel):
    """How many high waters of the source the site has now."""

    model_config = example(site_id="road-7", high_waters=1)

    site_id: str
    high_waters: int


@router.post(
    "/{site_id}/pumps",
    summary="Report the state of a pump 上报水泵状态",
    operation_id="post_pump",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(HTTPStatus.CONFLICT),
)
def post_pump(database: Db, actor: Actor, site_id: SiteId, report: PumpReportRequest) -> ReportedPump:
    """Report that a pump runs, stopped or failed. It expires, so report it again while it lasts.

    A pump that failed arms the site in rain or water, and every warning names the pumps of the site.
    """
    with refusals(), database.write() as connection:
        report_pump(connection, site_id, report, actor=actor)
    return ReportedPump(site_id=site_id, pump=report.pump, state=report.state, until=report.until)


@router.post(
    "/{site_id}/tides",
    summary="Hand in a tide table 提交潮汐表",
    operation_id="post_tides",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(HTTPStatus.CONFLICT),
)
def post_tides(database: Db, actor: Actor, site_id: SiteId, table: TideTableRequest) -> AcceptedTides:
    """Replace the high waters that a source forecasts for a site, as depths at its lowest point.

    A tide of that depth is told from a flood as one that the street has shown before is; warnings name the high water.
    """
    with refusals(), database.write() as connection:
        number = accept_tides(connection, site_id, table, actor=actor)
    return AcceptedTides(site_id=site_id, high_waters=number)
