"""The risk of sites 风险评估: the ranking as JSON, CSV and for print, and what a change would do."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from starlette.responses import HTMLResponse

from rencheng.assessment.forms import risk_csv, risk_page
from rencheng.assessment.risk import Factor, FindingKind, SiteRisk, assess, ranked
from rencheng.store.assessment.site_records import site_records
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Connection
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import ByRegion, Db, OneWorld, SiteId, Zone
from services.api.http.csv_response import CsvResponse
from services.api.http.errors import NotFound, problem_responses
from services.api.http.models import ApiModel, example, local

router = APIRouter(prefix="/risks", tags=["risks"])

_INDICATOR = {
    "name": "gauges",
    "factor": "vulnerability",
    "value": 0.5,
    "weight": 1.0,
    "source": "site_sensors, devices",
}
_RISK = {
    "rank": 1,
    "site_id": "underpass-3",
    "name_zh": "经十路下穿通道",
    "name_en": "Jingshi Road underpass",
    "region": "370102",
    "score": 0.41,
    "factors": {"hazard": 0.6, "exposure": 1.0, "vulnerability": 0.68, "capacity": 0.99},
    "indicators": [_INDICATOR],
    "missing": ["closed_in_time"],
    "findings": ["no_plan"],
}
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}
More = Annotated[int, Query(ge=0, le=10, description="So many more of them at the site: what would the risk be?")]


class IndicatorOut(ApiModel):
    """An indicator from 0 to 1 with its weight and source; null is missing."""

    model_config = example(**_INDICATOR)

    name: str
    factor: Factor
    value: float | None
    weight: float
    source: str


class SiteRiskOut(ApiModel):
    """The risk of a site."""

    model_config = example(**_RISK)

    rank: int
    """Its place among the sites of the answer; of a what-if, among all that the key reaches."""
    site_id: str
    name_zh: str
    name_en: str
    region: str
    score: float | None
    """Hazard x exposure x vulnerability / capacity; null if a factor is missing. It is no probability."""
    factors: dict[Factor, float | None]
    indicators: list[IndicatorOut]
    missing: list[str]
    """The indicators without data. They are in no average."""
    findings: list[FindingKind]
    """What data says should be mended: proposed hidden dangers."""


class Risks(ApiModel):
    """All sites, the highest risk first; those without a score come last."""

    model_config = example(as_of="2026-07-20T16:05:00+08:00", items=[_RISK])

    as_of: datetime
    items: list[SiteRiskOut]


@router.get("", summary="Rank sites by risk 风险排序", operation_id="list_risks")
def list_risks(database: Db, caller: Caller, zone: Zone, *, region: ByRegion = None, world: OneWorld) -> Risks:
    """Return the risk of each site with its factors, indicators, what is missing, and what was found from data."""
    with database.read() as connection:
        found, now = _ranked(connection, caller, region, world)
    return Risks(as_of=local(now, zone), items=[_shown(rank, each) for rank, each in enumerate(found, start=1)])


@router.get(
    "/table", summary="Get the ranking as CSV 风险排序表", operation_id="get_risk_table", response_class=CsvResponse
)
def get_table(database: Db, caller: Caller, *, region: ByRegion = None, world: OneWorld) -> CsvResponse:
    """Return a line for each site as CSV (UTF-8 with a mark, which spreadsheets need)."""
    with database.read() as connection:
        found, _ = _ranked(connection, caller, region, world)
    return CsvResponse.of(risk_csv(found), "risks.csv")


@router.get(
    "/page", summary="Print the assessment 打印安全评估", operation_id="get_risk_page", response_class=HTMLResponse
)
def get_page(database: Db, caller: Caller, *, region: ByRegion = None, world: OneWorld) -> Response:
    """Return the assessment as one HTML file in Chinese and English, without script, for print."""
    with database.read() as connection:
        found, now = _ranked(connection, caller, region, world)
    return HTMLResponse(risk_page(found, world, now), headers=_PAGE_HEADERS)


@router.get(
    "/{site_id}",
    summary="Show the risk of a site 单点风险",
    operation_id="get_risk",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def get_risk(
    database: Db, caller: Caller, site_id: SiteId, *, world: OneWorld, more_gauges: More = 0, more_pumps: More = 0
) -> SiteRiskOut:
    """Return the risk of a site; with `more_gauges` and `more_pumps`, as it would be with these."""
    with database.read() as connection:
        found, _ = _ranked(connection, caller, None, world)
    own = [each for each in found if each.site.site_id == site_id]
    if not own:
        raise NotFound(f"There is no site {site_id!r} in the world {world!r}.")
    site = own[0].site
    changed = replace(site, gauges=site.gauges + more_gauges, pumps=site.pumps + more_pumps)
    others = [each.site for each in found if each.site.site_id != site_id]
    order = [each.site.site_id for each in ranked([changed, *others])]
    return _shown(order.index(site_id) + 1, assess(changed))


def _ranked(
    connection: Connection, caller: Principal, region: str | None, world: str
) -> tuple[list[SiteRisk], datetime]:
    now = database_now(connection)
    return ranked(site_records(connection, now, world=world, region=region, reach=caller.reach)), now


def _shown(rank: int, risk: SiteRisk) -> SiteRiskOut:
    site = risk.site
    return SiteRiskOut(
        rank=rank,
        site_id=site.site_id,
        name_zh=site.name_zh,
        name_en=site.name_en,
        region=site.region,
        score=risk.score,
        factors=dict(risk.factors),
        indicators=[IndicatorOut.model_validate(each, from_attributes=True) for each in risk.indicators],
        missing=list(risk.missing),
        findings=list(risk.findings),
    )
