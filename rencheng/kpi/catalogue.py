"""The key figures: name, definition, source and kind of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HAS_DATA_SHARE = 0.95
"""An intersection has data if it reported in this share of the hours. Source: the uptime that the plan demands."""


class KpiKind(StrEnum):
    """The way in which a figure follows from its rows."""

    SHARE = "share"
    """The average of values from 0 to 1."""
    COUNT = "count"
    """The number of rows."""
    SECONDS = "seconds"
    """The 50th and 90th percentile, by the nearest rank."""
    RATE = "rate"
    """The sum of the values divided by the site-months."""


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """A key figure.

    Attributes:
        rows: a row of the figure, and its value; null is missing.
        source: the tables that it is computed from.
        link: of a time, the link of the chain of an event report.
    """

    name_zh: str
    name_en: str
    kind: KpiKind
    rows_zh: str
    rows: str
    source: str
    link: str | None = None


_REPORTS = "warnings, event_reports"


def _time(name_zh: str, name_en: str, link: str, rows: str, rows_zh: str) -> KpiDefinition:
    return KpiDefinition(
        name_zh,
        name_en,
        KpiKind.SECONDS,
        f"每次黄色及以上预警：{rows_zh}，取最新复盘报告；无报告为缺失。",
        f"A warning of yellow or above: {rows}, by its newest event report; missing without a report.",
        _REPORTS,
        link,
    )


KPIS: Mapping[str, KpiDefinition] = {
    "signal_timing_coverage": KpiDefinition(
        "路口智能信号配时覆盖率",
        "Intersections under signal timing",
        KpiKind.SHARE,
        "每个路口：当月最近一次配时方案切换（事件131）为方案1至253且有数据小时数不少于95%为1；当月无方案切换记录为缺失。254为感应控制，255为黄闪。",
        "An intersection: 1 if its last pattern change of the month (event 131) is to a pattern from 1 to 253 and it"
        " reported in 95 % of the hours, else 0; missing without a pattern change. 254 is free running, 255 is flash.",
        "signal_events, signal_1h",
    ),
    "signal_data_health": KpiDefinition(
        "路口信号数据健康度",
        "Data health of intersections",
        KpiKind.SHARE,
        "每个路口：有事件的小时数占比。",
        "An intersection: the share of the hours with an event.",
        "signal_1h",
    ),
    "charging_piles": KpiDefinition(
        "充电桩数",
        "Charging piles",
        KpiKind.COUNT,
        "当月在册的每个充电桩。",
        "A charging pile that is registered in the month.",
        "devices",
    ),
    "charging_stations": KpiDefinition(
        "充电站数",
        "Charging stations",
        KpiKind.COUNT,
        "每个类型为充电站的场所。",
        "A site of the type charging_station.",
        "sites",
    ),
    "charging_availability": KpiDefinition(
        "充电桩可用率",
        "Availability of charging piles",
        KpiKind.SHARE,
        "每个充电桩：当月状态已知时间内，状态不是Faulted或Unavailable的占比；当月无状态为缺失。",
        "A charging pile: of the time since its first status of the month, the share with a status other than Faulted"
        " or Unavailable; missing without a status.",
        "meter_values (status)",
    ),
    "points_watched": KpiDefinition(
        "易涝点监测覆盖率",
        "Ponding-prone points watched",
        KpiKind.SHARE,
        "每个场所：绑定未退役的积水监测设备为1，否则为0。",
        "A site: 1 if a depth gauge that is not retired is bound to it, else 0.",
        "sites, site_sensors, devices",
    ),
    "judged_time": KpiDefinition(
        "易涝点可判定时间占比",
        "Judged time of sites",
        KpiKind.SHARE,
        "每个场所：任一积水监测设备有可用水深的小时数占比。",
        "A site: the share of the hours in which one of its gauges gave a usable depth.",
        "site_sensors, waterlogging_1h",
    ),
    "gauge_availability": KpiDefinition(
        "积水监测设备可用率",
        "Availability of gauges",
        KpiKind.SHARE,
        "每台积水监测设备：有可用水深的小时数占比。",
        "A depth gauge of a site: the share of the hours with a usable depth.",
        "site_sensors, waterlogging_1h",
    ),
    "warned_to_informed": _time(
        "预警到发出时间", "Warned to informed", "informed 告知", "first message to first sending", "首次发布到首次发出"
    ),
    "warned_to_answered": _time(
        "预警到应答时间", "Warned to answered", "answered 应答", "first message to first answer", "首次发布到首次应答"
    ),
    "warned_to_closed": _time(
        "预警到封闭时间",
        "Warned to closed",
        "closed 封闭",
        "first message to closing, if its plan closes the place at its level",
        "首次发布到封闭（预案在该等级要求封闭时）",
    ),
    "dry_to_reopened": _time(
        "解除到开放时间",
        "All clear to reopened",
        "reopened 开放",
        "all clear to reopening, if its plan closes the place at its level",
        "解除到开放（预案在该等级要求封闭时）",
    ),
    "closed_before_water": KpiDefinition(
        "封闭早于积水占比",
        "Closed before the water",
        KpiKind.SHARE,
        "每次要求封闭的黄色及以上预警：封闭早于水深达到封闭阈值为1，晚于为0；水深未达阈值不计；无封闭记录或无水深为缺失。",
        "A warning of yellow or above whose plan closes the place: 1 if it was closed before the water was at the"
        " closing threshold, else 0. Water that stayed below is not counted; missing without closing or depths.",
        _REPORTS,
    ),
    "false_alarm_share": KpiDefinition(
        "误报占比",
        "False alarms among warnings",
        KpiKind.SHARE,
        "每次预警：自发布前1小时到解除，最低点可用水深始终低于最低等级阈值为1，否则为0；无可用水深或尚未解除且未达阈值为缺失。",
        "A warning: 1 if every usable depth at the lowest point stayed below the lowest threshold, from 1 h before the"
        " warning to its end, else 0; missing without depths, or while it is open and below.",
        "warnings, waterlogging_readings, sites",
    ),
    "false_alarms_site_month": KpiDefinition(
        "误报（次/点·月）",
        "False alarms a site-month",
        KpiKind.RATE,
        "每个场所：误报次数；有预警无法判定为缺失。",
        "A site: its false alarms as above; missing if one of its warnings cannot be judged.",
        "warnings, waterlogging_readings, sites",
    ),
    "notices_site_month": KpiDefinition(
        "通告（条/点·月）",
        "Notices a site-month",
        KpiKind.RATE,
        "每个场所：涉及该场所的通告数。",
        "A site: the number of notices that name it.",
        "notices",
    ),
}
"""The key figures by their ids, in the order in which they are shown."""
