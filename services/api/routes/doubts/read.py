"""Doubts with their CAP documents. They are no warnings, and no list or stream of warnings contains them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query

from rencheng.cap.xml import CAP_MEDIA_TYPE
from rencheng.domain.doubt import DoubtAnswerKind, DoubtOutcome
from rencheng.domain.level import WarningLevelWord
from rencheng.store.core.sessions import Row
from rencheng.store.warnings import doubts
from services.api.auth.guard import Caller
from services.api.deps import ByRegion, BySite, ByWorld, Db, Zone
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.routes.warnings.read import CapDocument

router = APIRouter(prefix="/doubts", tags=["doubts"])

DOUBTS_MAX = 500

DoubtId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$", description="The doubt's name, as its notice carries it.")
]

_DOUBT: dict[str, Any] = {
    "doubt_id": "road-7-doubt-20260720T081200Z",
    "identifier": "road-7-doubt-20260720T081200Z-1",
    "site_id": "road-7",
    "region": "370102",
    "world": "actual",
    "in_force": True,
    "level": "red",
    "certainty": "Possible",
    "issued_at": "2026-07-20T16:12:00+08:00",
    "device_id": "gauge-9",
    "gauge_depth_mm": 620.0,
    "depth_mm": 640.0,
    "threshold_mm": 400.0,
    "verify_by": "camera 12",
    "outcome": None,
    "settled_by": "",
    "answer": None,
    "text_zh": "2026年7月20日16:12，山大路监测点gauge-9读数突升至62厘米（最低处约64厘米），尚未证实，请立即现场核实。",
    "text_en": "2026-07-20 16:12 (Beijing time), Shanda Road: gauge gauge-9 jumped to 62 cm, which is not proven.",
    "cap": "/v1/doubts/road-7-doubt-20260720T081200Z/cap",
}


class Doubt(ApiModel):
    """A doubt 待核实读数: a gauge reports what may be water, nothing proves it, and somebody must look."""

    model_config = example(**_DOUBT)

    doubt_id: str
    identifier: str
    """The newest notice of the doubt."""
    site_id: str
    region: str
    world: str
    in_force: bool
    level: WarningLevelWord
    """The level whose threshold the depth reaches. No warning of this level is in force for that."""
    certainty: str
    """As in CAP: Possible while the doubt lasts, then Observed or Unlikely."""
    issued_at: datetime
    device_id: str
    gauge_depth_mm: float
    """The depth at the gauge."""
    depth_mm: float
    """The depth at the lowest point."""
    threshold_mm: float
    verify_by: str
    """The camera or patrol that can look at the site; empty if none is known."""
    outcome: DoubtOutcome | None
    """How it was settled; null while it lasts."""
    settled_by: str
    """The person who looked; empty if the readings settled it."""
    answer: DoubtAnswerKind | None
    """A person's answer, which the alert service applies within seconds; null without one."""
    text_zh: str
    text_en: str
    cap: str
    """The path of the CAP document."""


class Doubts(ApiModel):
    """The newest notice of each doubt; those in force first, then the highest level, then the newest."""

    model_config = example(items=[_DOUBT])

    items: list[Doubt]


@router.get("", summary="List doubts 待核实读数列表", operation_id="list_doubts")
def list_doubts(
    database: Db,
    caller: Caller,
    zone: Zone,
    *,
    site_id: BySite = None,
    region: ByRegion = None,
    world: ByWorld,
    settled: Annotated[bool, Query(description="true: also those that were settled in the last three days.")] = False,
) -> Doubts:
    """Return the doubts in force: what may be water and is not proven. At most 500."""
    with database.read() as connection:
        rows = doubts.list_doubts(
            connection,
            site_id=site_id,
            world=world,
            region=region,
            is_settled_wanted=settled,
            reach=caller.reach,
            limit=DOUBTS_MAX,
        )
    return Doubts(items=[Doubt.model_validate(_present_doubt(row, zone)) for row in rows])


@router.get(
    "/{doubt_id}/cap",
    summary="Get the newest CAP document of a doubt 待核实读数的CAP文件",
    operation_id="get_doubt_cap",
    response_class=CapDocument,
    responses=problem_responses(HTTPStatus.NOT_FOUND)
    | {
        200: {
            "description": "CAP 1.2",
            "content": {CAP_MEDIA_TYPE: {"example": '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">…</alert>'}},
        }
    },
)
def get_doubt_cap(database: Db, doubt_id: DoubtId) -> CapDocument:
    """Return the CAP 1.2 document of the newest notice of a doubt."""
    with database.read() as connection:
        row = doubts.find_doubt(connection, doubt_id)
    if row is None:
        raise NotFound(f"There is no doubt {doubt_id!r}.")
    return CapDocument(row["cap_xml"])


def _present_doubt(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    return dict(row["doubt"]) | {
        "site_id": row["topic"],
        "region": row["region"],
        "world": row["world"],
        "in_force": row["in_force"],
        "issued_at": local(row["issued_at"], zone),
        "answer": row["answer"],
        "text_zh": row["text_zh"],
        "text_en": row["text_en"],
        "cap": f"/v1/doubts/{row['doubt_id']}/cap",
    }
