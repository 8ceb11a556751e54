"""Key figures 指标 by region and month: as JSON, CSV and for print, with the rows behind each."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from starlette.responses import HTMLResponse

from rencheng.domain.place import CITY_ZONE
from rencheng.kpi.catalogue import KPIS, KpiKind
from rencheng.kpi.figures import KpiFigure, KpiRow, figures_of
from rencheng.kpi.forms import kpi_csv, kpi_page
from rencheng.store.core.database import database_now
from rencheng.store.core.sessions import Connection
from rencheng.store.kpis.rows import KpiQuestion, kpi_rows
from services.api.auth.guard import Caller
from services.api.auth.principal import Principal
from services.api.deps import ByRegion, Db, Limit, OneWorld, Zone
from services.api.http.csv_response import CsvResponse
from services.api.http.errors import InvalidParameter
from services.api.http.models import ApiModel, Page, example, local, paginate

router = APIRouter(prefix="/kpis", tags=["kpis"])

_FIGURE = {"region": None, "value": 0.97, "p50_s": None, "p90_s": None, "n": 34, "missing": 1}
_KPI = {
    "kpi_id": "gauge_availability",
    "name_zh": "积水监测设备可用率",
    "name_en": "Availability of gauges",
    "kind": "share",
    "definition_zh": "每台积水监测设备：有可用水深的小时数占比。",
    "definition_en": "A depth gauge of a site: the share of the hours with a usable depth.",
    "source": "site_sensors, waterlogging_1h",
    "rows": "/v1/kpis/gauge_availability/rows?month=2026-07&world=actual",
    "figures": [_FIGURE],
}
_ROW = {"region": "370102", "row": "devices gauge-7", "value": 0.98, "months": 1.0}
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}

Month = Annotated[
    str | None,
    Query(
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
        description="A month in the city, such as 2026-07; the present one if omitted.",
    ),
]
KpiId = Annotated[str, Path(pattern=f"^({'|'.join(KPIS)})$", description="The id of a key figure.")]
AfterRow = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{6} [a-z]+ [A-Za-z0-9._:-]{1,128}$", description="The `next` of the previous page."),
]


class KpiFigureOut(ApiModel):
    """A figure of one district, or of all together."""

    model_config = example(**_FIGURE)

    region: str | None
    """The district; null is all together."""
    value: float | None
    """A share from 0 to 1, a count, or a number a site-month; null if no row has a value, and of times."""
    p50_s: float | None
    p90_s: float | None
    n: int
    """Rows with a value."""
    missing: int
    """Rows without one. They are in no figure; missing is never 0."""


class KpiOut(ApiModel):
    """A key figure with its definition, its source and the address of its rows."""

    model_config = example(**_KPI)

    kpi_id: str
    name_zh: str
    name_en: str
    kind: KpiKind
    definition_zh: str
    definition_en: str
    source: str
    """The tables that it is computed from."""
    rows: str
    """The address of the rows behind it."""
    figures: list[KpiFigureOut]
    """All together first, then each district."""


class Kpis(ApiModel):
    """The key figures of a month."""

    model_config = example(month="2026-07", world="actual", as_of="2026-08-01T00:10:00+08:00", items=[_KPI])

    month: str
    world: str
    as_of: datetime
    items: list[KpiOut]


class KpiRowOut(ApiModel):
    """A row behind a key figure."""

    model_config = example(**_ROW)

    region: str
    row: str
    """The table and the key of the row."""
    value: float | None
    """Its share, number or seconds; null is missing."""
    months: float
    """Of a rate, the part of the month for which the site was registered."""


class KpiRows(Page[KpiRowOut]):
    """A page of rows."""

    model_config = example(items=[_ROW], next=None)


@router.get("", summary="Show the key figures 指标", operation_id="get_kpis")
def get_kpis(
    database: Db, caller: Caller, zone: Zone, *, month: Month = None, region: ByRegion = None, world: OneWorld
) -> Kpis:
    """Return each key figure of a month, of all districts together and of each."""
    with database.read() as connection:
        name, question = _question(connection, caller, month, region, world)
        found = _figures(connection, question)
        as_of = local(database_now(connection), zone)
    where = f"?month={name}&world={world}" + (f"&region={region}" if region else "")
    return Kpis(month=name, world=world, as_of=as_of, items=[_shown(each, found[each], where) for each in found])


@router.get(
    "/table", summary="Get the key figures as CSV 指标表格", operation_id="get_kpi_table", response_class=CsvResponse
)
def get_table(
    database: Db, caller: Caller, *, month: Month = None, region: ByRegion = None, world: OneWorld
) -> CsvResponse:
    """Return a line for each key figure and district as CSV (UTF-8 with a mark, which spreadsheets need)."""
    with database.read() as connection:
        name, question = _question(connection, caller, month, region, world)
        content = kpi_csv(_figures(connection, question), name, world)
    return CsvResponse.of(content, f"kpis-{name}.csv")


@router.get("/page", summary="Print the key figures 打印指标", operation_id="get_kpi_page", response_class=HTMLResponse)
def get_page(
    database: Db, caller: Caller, *, month: Month = None, region: ByRegion = None, world: OneWorld
) -> Response:
    """Return the key figures and their definitions as one HTML file in Chinese and English, without script."""
    with database.read() as connection:
        name, question = _question(connection, caller, month, region, world)
        page = kpi_page(_figures(connection, question), name, world, database_now(connection))
    return HTMLResponse(page, headers=_PAGE_HEADERS)


@router.get("/{kpi_id}/rows", summary="List the rows behind a key figure 指标明细", operation_id="list_kpi_rows")
def list_rows(
    database: Db,
    caller: Caller,
    kpi_id: KpiId,
    *,
    month: Month = None,
    region: ByRegion = None,
    world: OneWorld,
    after: AfterRow = None,
    limit: Limit = 100,
) -> KpiRows:
    """Return the rows that a key figure is computed from, by district and name."""
    with database.read() as connection:
        _, question = _question(connection, caller, month, region, world)
        rows = kpi_rows(connection, kpi_id, question)
    left = [each for each in rows if after is None or _position(each) > after]
    page, following = paginate(left, limit, _position)
    return KpiRows(items=[KpiRowOut.model_validate(each, from_attributes=True) for each in page], next=following)


def _position(row: KpiRow) -> str:
    return f"{row.region} {row.row}"


def _question(
    connection: Connection, caller: Principal, month: str | None, region: str | None, world: str
) -> tuple[str, KpiQuestion]:
    """Return the month's name, and what is asked.

    Raises:
        InvalidParameter: the month has not begun.
    """
    now = database_now(connection).astimezone(CITY_ZONE)
    name = month or f"{now:%Y-%m}"
    begins = datetime.strptime(name, "%Y-%m").replace(tzinfo=CITY_ZONE)
    if begins > now:
        raise InvalidParameter(f"The month {name} has not begun. Ask for {now:%Y-%m} or an earlier one.")
    ends = begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)
    return name, KpiQuestion(begins, ends, world, region, caller.reach)


def _figures(connection: Connection, question: KpiQuestion) -> dict[str, list[KpiFigure]]:
    return {kpi_id: figures_of(kpi_id, kpi_rows(connection, kpi_id, question)) for kpi_id in KPIS}


def _shown(kpi_id: str, figures: list[KpiFigure], where: str) -> KpiOut:
    one = KPIS[kpi_id]
    return KpiOut(
        kpi_id=kpi_id,
        name_zh=one.name_zh,
        name_en=one.name_en,
        kind=one.kind,
        definition_zh=one.rows_zh,
        definition_en=one.rows,
        source=one.source,
        rows=f"/v1/kpis/{kpi_id}/rows{where}",
        figures=[KpiFigureOut.model_validate(each, from_attributes=True) for each in figures],
    )
