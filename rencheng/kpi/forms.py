"""The key figures of a month as CSV for spreadsheets, and as HTML for print, in Chinese and English."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from io import StringIO

from rencheng.domain.device import ACTUAL
from rencheng.domain.place import CITY_ZONE
from rencheng.kpi.catalogue import KPIS, KpiKind
from rencheng.kpi.figures import KpiFigure
from rencheng.response.reports.page import PRINT_STYLE, html_table

Figures = Mapping[str, Sequence[KpiFigure]]
"""The figures by key figure: all together first, then by district."""

_COLUMNS = (
    "kpi",
    "name_zh",
    "name_en",
    "month",
    "world",
    "region",
    "value",
    "p50_s",
    "p90_s",
    "n",
    "missing",
    "source",
)


def kpi_csv(figures: Figures, month: str, world: str) -> str:
    """Return a line for each key figure and district. A value that is missing is an empty cell."""
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow(_COLUMNS)
    for kpi_id, found in figures.items():
        one = KPIS[kpi_id]
        for each in found:
            numbers = (each.value, each.p50_s, each.p90_s, each.n, each.missing)
            lines.writerow((kpi_id, one.name_zh, one.name_en, month, world, each.region or "", *numbers, one.source))
    return out.getvalue()


def kpi_page(figures: Figures, month: str, world: str, as_of: datetime) -> str:
    """Return the page, without script or foreign parts."""
    drill = "" if world == ACTUAL else "【演练 EXERCISE】"
    title = f"{drill}{month} 指标 key figures"
    heads = ("指标 figure", "区域 region", "值 value", "有值 n", "缺失 missing")
    rows = [
        (_name(kpi_id), each.region or "全部 all", _shown(kpi_id, each), str(each.n), str(each.missing))
        for kpi_id, found in figures.items()
        for each in found
    ]
    definitions = [
        (_name(kpi_id), f"{KPIS[kpi_id].rows_zh} {KPIS[kpi_id].rows}", KPIS[kpi_id].source) for kpi_id in figures
    ]
    parts = [
        '<p class="drill">演练 EXERCISE</p>' if drill else "",
        f"<h1>{escape(title)}</h1><p>截至 as of {as_of.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}</p>",
        html_table(heads, rows),
        "<h2>定义 Definitions</h2>" + html_table(("指标 figure", "定义 definition", "来源 source"), definitions),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{PRINT_STYLE}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _name(kpi_id: str) -> str:
    return f"{KPIS[kpi_id].name_zh} {KPIS[kpi_id].name_en}"


def _shown(kpi_id: str, figure: KpiFigure) -> str | None:
    kind = KPIS[kpi_id].kind
    if kind is KpiKind.SECONDS:
        return None if figure.p50_s is None else f"p50 {figure.p50_s:.0f} s, p90 {figure.p90_s:.0f} s"
    if figure.value is None:
        return None
    return {KpiKind.SHARE: f"{figure.value:.1%}", KpiKind.COUNT: f"{figure.value:.0f}"}.get(kind, f"{figure.value:.2f}")
