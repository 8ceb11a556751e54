"""The print-ready form of an event report in Chinese and English: one HTML file without script or foreign parts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.response.reports.chart import hydrograph

MISSING = "无记录 not on record"

_MOMENTS = {
    "water": "水深达到封闭阈值 water at the closing threshold",
    "warned": "发布预警 warned",
    "informed": "首次发出 first message sent",
    "delivered": "首次送达 first message delivered",
    "received": "收到 received",
    "accepted": "接受 accepted",
    "on_site": "到岗 on site",
    "closed": "封闭 closed",
    "dry": "解除 all clear",
    "reopened": "开放 reopened",
}
_MEASURES = {
    "margin": "封闭早于积水 closed before the water",
    "warned_before_water": "预警早于积水 warned before the water",
    "informed_after_warned": "预警到发出 warned to sent",
    "delivered_after_warned": "预警到送达 warned to delivered",
    "accepted_after_warned": "预警到接受 warned to accepted",
    "on_site_after_accepted": "接受到到岗 accepted to on site",
    "closed_after_warned": "预警到封闭 warned to closed",
    "dry_after_water": "积水持续 water to all clear",
    "reopened_after_dry": "解除到开放 all clear to reopened",
}
_REMARKS = {"well": "做得好的 what went well", "badly": "不足 what did not", "causes": "原因 causes"}

PRINT_STYLE = (
    "@page{size:A4;margin:18mm}body{font:14px/1.5 sans-serif;max-width:52em;margin:1em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%;margin:.5em 0}td,th{border:1px solid #999;padding:.25em .5em;"
    "text-align:left;vertical-align:top}.headline{font-size:1.6em}h2{break-after:avoid}tr{break-inside:avoid}"
    ".drill{position:fixed;top:0;right:1em;color:#c0392b;border:1px solid}"  # on each printed page
)


def report_page(report: Mapping[str, Any], version: int, made_at: datetime) -> str:
    """Return the report as HTML. Every text from outside is escaped."""
    site = report["site"]
    drill = "" if report["world"] == ACTUAL else "【演练 EXERCISE】"
    title = f"{drill}{site['name_zh']} {site['name_en']}：复盘 event report"
    parts = [
        '<p class="drill">演练 EXERCISE</p>' if drill else "",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(report['warning_id'])} · 版本 version {version} · {_time(made_at)}</p>",
        _headline(report["measures"]["margin"]),
        _head(report),
        "<h2>时刻 Moments</h2>" + _moments(report),
        "<h2>指标 Measures</h2>" + _measures(report),
        "<h2>水位过程 Water</h2>" + _water(report["water"]) + hydrograph(report),
        "<h2>信息发送 Messages</h2>" + _informed(report["informed"]),
        "<h2>叫应 Calls</h2>" + _calls(report["calls"]),
        "<h2>任务 Tasks</h2>" + _tasks(report["tasks"]),
        "<h2>指令 Commands</h2>" + _commands(report["commands"]),
        "<h2>过程 Timeline</h2>" + _timeline(report["timeline"]),
        "<h2>评述 Remarks</h2>" + _remarks(report["remarks"]),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{PRINT_STYLE}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _headline(margin: Mapping[str, Any]) -> str:
    seconds = margin["seconds"]
    if seconds is None:
        names = ", ".join(_MOMENTS[name] for name in margin["missing"])
        text = f"封闭与积水先后无法判定 whether it was closed before the water is not on record: {names}"
    elif seconds > 0:
        text = f"封闭早于积水 {_duration(seconds)} closed before the water"
    else:
        text = f"封闭晚于积水 {_duration(-seconds)} closed after the water"
    return f'<p class="headline">{escape(text)}</p>'


def _head(report: Mapping[str, Any]) -> str:
    level = Level(report["peak_level"])
    closing = report["closing"]
    rows = [
        ("最高等级 peak level", f"{level.chinese} {level.word}"),
        ("发布 opened", _time(report["opened_at"])),
        ("解除 closed", _time(report["closed_at"])),
        ("封闭阈值 closing threshold", f"{closing['depth_mm']:g} mm ({closing['level']})" if closing else None),
        ("预案 plan", " ".join(str(part) for part in report["plan"]) if report["plan"] else None),
    ]
    return html_table((), rows)


def _moments(report: Mapping[str, Any]) -> str:
    rows = []
    for name, label in _MOMENTS.items():
        each = report["moments"][name]
        rows.append((label, _time(each["at"]) if each else None, each["source"] if each else "", _row(each)))
    return html_table(("", "时间 time", "来源 source", "记录 row"), rows)


def _row(moment: Mapping[str, Any] | None) -> str:
    return moment["row"] if moment else ""


def _measures(report: Mapping[str, Any]) -> str:
    rows = []
    for name, label in _MEASURES.items():
        each = report["measures"][name]
        missing = ", ".join(each["missing"])
        value = f"{MISSING}: {missing}" if each["seconds"] is None else _signed(each["seconds"])
        rows.append((label, value))
    return html_table((), rows)


def _water(water: Mapping[str, Any]) -> str:
    peak = None if water["peak_mm"] is None else f"{water['peak_mm']:g} mm, {_time(water['peak_at'])}"
    rain = "; ".join(f"{name} {fallen:g} mm" for name, fallen in sorted(water["rain_mm"].items())) or None
    return html_table(
        (), [("最大水深 deepest", peak), ("累计降雨 rain", rain), ("读数 readings", str(water["readings"]))]
    )


def _informed(informed: Mapping[str, Any]) -> str:
    counts = [
        (kind, ", ".join(f"{state} {count}" for state, count in sorted(states.items())))
        for kind, states in informed["by_channel"].items()
    ]
    rows = [
        (
            each["owner"],
            each["kind"],
            each["purpose"],
            each["state"],
            _time(each["sent_at"]),
            _time(each["delivered_at"]),
        )
        for each in informed["receivers"]
    ]
    heads = ("接收方 receiver", "渠道 channel", "用途 purpose", "状态 state", "发出 sent", "送达 delivered")
    return html_table(("渠道 channel", "条数 messages"), counts) + html_table(heads, rows)


def _calls(calls: Mapping[str, Any] | None) -> str:
    if calls is None:
        return f"<p>{MISSING}</p>"
    rows = [
        (each["person_id"], each["kind"], str(each["round"]), each["via"], _time(each["at"]))
        for each in calls["answers"]
    ]
    summary = f"<p>{escape(calls['state'])}, 轮次 rounds {calls['rounds']}</p>"
    return summary + html_table(("人员 person", "答复 answer", "轮次 round", "方式 way", "时间 time"), rows)


def _tasks(tasks: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"{each['title_zh']} {each['title_en']}",
            each["role"],
            each["person_id"],
            each["state"],
            _time(each["due_at"]),
            _time(each["done_at"]),
            ", ".join(f"{kind} {count}" for kind, count in sorted(each["evidence"].items())),
        )
        for each in tasks
    ]
    heads = ("任务 task", "角色 role", "人员 person", "状态 state", "期限 due", "完成 done", "佐证 evidence")
    return html_table(heads, rows)


def _commands(commands: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (each["device_id"], each["verb"], each["state"], _time(each["asked_at"]), _time(each["confirmed_at"]))
        for each in commands
    ]
    return html_table(("设备 device", "指令 command", "状态 state", "提出 asked", "设备证实 seen"), rows)


def _timeline(timeline: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (_time(each["at"]), each["source"], each["what"], "补录 recorded late" if each["recorded_late"] else "")
        for each in timeline
    ]
    return html_table(("时间 time", "来源 source", "事项 what", ""), rows)


def _remarks(remarks: Mapping[str, str]) -> str:
    return html_table((), [(label, remarks.get(name) or None) for name, label in _REMARKS.items()])


def html_table(heads: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return a table of escaped texts. A cell of None says that it is not on record."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = ["".join(f"<td>{MISSING if cell is None else escape(cell)}</td>" for cell in row) for row in rows]
    if not lines:
        return f"<p>{MISSING}</p>"
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>{f'<tr>{top}</tr>' if heads else ''}{body}</table>"


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(CITY_ZONE):%Y-%m-%d %H:%M:%S}"


def _signed(seconds: float) -> str:
    return f"{'-' if seconds < 0 else ''}{_duration(abs(seconds))}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
