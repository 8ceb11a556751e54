"""The demo's report as one HTML page without scripts or external resources. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from demo.hydrograph import COLOURS, MessageMark, draw
from demo.reading_balance import ReadingBalance
from demo.report import WarningRow
from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import Site

Samples = Sequence[tuple[datetime, float]]

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6b7b; --line: #d9e0e7; --paper: #fff; --water: #3b82c4 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa8b5; --line: #2c3843; --paper: #10171d; --water: #5aa2e0 } }
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", sans-serif; color: var(--ink);
  background: var(--paper); margin: 0 auto; max-width: 1360px; padding: 24px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 16px; margin: 0 } p { margin: 4px 0 16px; color: var(--soft) }
.balance { display: flex; flex-wrap: wrap; gap: 8px 28px; padding: 14px 0; border-block: 1px solid var(--line) }
.balance b { display: block; font-size: 22px; font-variant-numeric: tabular-nums }
.sites { display: grid; grid-template-columns: repeat(auto-fill, minmax(400px, 1fr)); gap: 28px; margin-top: 24px }
svg { width: 100%; height: auto; display: block } svg text { font-size: 11px; fill: var(--soft) }
.hour { stroke: var(--line) } .water { fill: var(--water); fill-opacity: .16 }
.depth { fill: none; stroke: var(--water); stroke-width: 2 }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
td { padding: 1px 10px 1px 0; color: var(--soft) } td:first-child { color: var(--ink) }
i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px }
"""
_DOTS = "".join(f"i.{level.word} {{ background: {COLOURS[level]} }}\n" for level in WARNING_LEVELS)


def build_page(
    balance: ReadingBalance,
    sites: Sequence[Site],
    samples: Mapping[str, Samples],
    marks: Mapping[str, Sequence[MessageMark]],
    rows: Sequence[WarningRow],
) -> str:
    """Build the page. `samples` and `marks` are by site."""
    cards = "".join(_card(site, samples[site.site_id], marks[site.site_id], rows) for site in sites)
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>Rencheng 韧城 · demo</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}{_DOTS}</style></head><body>
<h1>韧城演示：十二场实测积水过程 · Rencheng demo: twelve recorded floods</h1>
<p>演练数据。数据来源：FloodNet / City of New York, NYC Open Data。水深单位毫米，北京时间。
虚线为四级预警阈值，下方色带为生效的预警等级，竖线为各条预警消息。
Exercise data. Depth in mm, Beijing time. Dashed lines: thresholds. Band: level in force. Vertical lines: messages.</p>
{_balance(balance)}<div class="sites">{cards}</div></body></html>
"""


def _balance(balance: ReadingBalance) -> str:
    figures = [
        ("上报 published", balance.published),
        ("= 入库 stored", balance.stored),
        ("+ 重复 duplicate", balance.duplicate),
        ("+ 隔离 quarantined", balance.quarantined),
        ("+ 处理中 in flight", balance.in_flight),
        ("数据库行数 rows (SQL)", balance.rows),
    ]
    cells = "".join(f"<div><b>{number:,}</b>{escape(label)}</div>" for label, number in figures)
    return f'<div class="balance">{cells}</div>'


def _card(site: Site, samples: Samples, marks: Sequence[MessageMark], rows: Sequence[WarningRow]) -> str:
    own = [row for row in rows if row.site_id == site.site_id]
    lines = "".join(
        f'<tr><td><i class="{row.level}"></i>{Level.parse(row.level).chinese} {row.level}</td><td>{row.rule}</td>'
        f"<td>{_lead(row.lead_s)}</td></tr>"
        for row in own
    )
    flood_class = own[0].flood_class if own else ""
    title = f"{site.site_id} {site.name_zh} {site.name_en}"
    picture = draw(samples, site.profile, marks, title=title)
    return (
        f"<section><h2>{escape(title)}</h2><p>{site.site_type.value} · {flood_class}</p>{picture}"
        f"<table>{lines}</table></section>"
    )


def _lead(lead_s: float | None) -> str:
    if lead_s is None:
        return "未达阈值 not reached"
    if lead_s == 0:
        return "到达阈值时发布 at the crossing"
    minutes = abs(lead_s) / 60
    return f"提前 {minutes:.1f} 分钟 ahead" if lead_s > 0 else f"滞后 {minutes:.1f} 分钟 late"
