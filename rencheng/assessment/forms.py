"""The ranking of sites as CSV for spreadsheets, and as HTML for print, in Chinese and English."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from io import StringIO

from rencheng.assessment.risk import Factor, FindingKind, SiteRisk
from rencheng.domain.device import ACTUAL
from rencheng.domain.place import CITY_ZONE
from rencheng.response.reports.page import PRINT_STYLE, html_table

FINDING_NAMES: Mapping[FindingKind, str] = {
    FindingKind.NOT_WATCHED: "无监测设备 no gauge",
    FindingKind.DATA_LOST: "监测数据缺失 data lost",
    FindingKind.CLOSED_LATE: "封闭晚于积水 closed after the water",
    FindingKind.NO_PLAN: "有预警无处置任务 a warning without tasks",
    FindingKind.PUMP_FAILED: "水泵故障 pump failed",
}
_EXPLAINED = (
    "风险 = 危险 × 暴露 × 脆弱 ÷ 能力，用于排序，不是概率。"
    "Hazard x exposure x vulnerability / capacity: it ranks sites and is no probability."
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def risk_csv(risks: Sequence[SiteRisk]) -> str:
    """Return a line for each site. A value that is missing is an empty cell."""
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow(("rank", "site_id", "name_zh", "name_en", "region", "score", *Factor, "missing", "findings"))
    for rank, each in enumerate(risks, start=1):
        site = each.site
        texts = [_plain(text) for text in (site.site_id, site.name_zh, site.name_en, site.region)]
        numbers = (each.score, *(each.factors[factor] for factor in Factor))
        lines.writerow((rank, *texts, *numbers, " ".join(each.missing), " ".join(each.findings)))
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def risk_page(risks: Sequence[SiteRisk], world: str, as_of: datetime) -> str:
    """Return the report, without script or foreign parts. Every text from outside is escaped."""
    drill = "" if world == ACTUAL else "【演练 EXERCISE】"
    title = f"{drill}城市运行安全评估 safety assessment"
    heads = ("排序 rank", "场所 site", "区县 district", "风险 score", "危险 H", "暴露 E", "脆弱 V", "能力 C")
    rows = [
        (
            str(rank),
            f"{each.site.name_zh} {each.site.name_en}",
            each.site.region,
            _number(each.score),
            *(_number(each.factors[factor]) for factor in Factor),
            ", ".join(each.missing),
            "; ".join(FINDING_NAMES[kind] for kind in each.findings),
        )
        for rank, each in enumerate(risks, start=1)
    ]
    parts = [
        '<p class="drill">演练 EXERCISE</p>' if drill else "",
        f"<h1>{escape(title)}</h1><p>截至 as of {as_of.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}</p>",
        f"<p>{_EXPLAINED}</p>",
        html_table((*heads, "缺失 missing", "由数据发现 found from data"), rows),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{PRINT_STYLE}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
