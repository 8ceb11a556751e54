"""Notices of lost and restored monitoring, in both languages. No data is never zero."""

from rencheng.domain.no_data import NoDataReason
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.staleness_monitor import REPORTING
from rencheng.text.doubts import doubt_text
from rencheng.text.formatting import centimetres, place_en, place_zh, plain

_STATES: dict[str, tuple[str, str]] = {
    NoDataReason.SILENT: ("无数据", "silent"),
    NoDataReason.STUCK: ("读数长时间不变", "stuck"),
    NoDataReason.BLOCKED: ("探头被遮挡", "blocked"),
    NoDataReason.SPIKY: ("读数跳变不可信", "spiky"),
    NoDataReason.NO_MEASUREMENT: ("有上报但无法测量", "reports but cannot measure"),
    NoDataReason.LATE: ("数据迟到或时钟偏慢", "data late or clock slow"),
    NoDataReason.NEVER_REPORTED: ("从未上报", "never reported"),
    REPORTING: ("恢复上报", "reporting"),
}


def monitoring_text(notice: SiteNotice, site: Site) -> tuple[str, str]:
    """Return a sentence in Chinese and one in English."""
    if notice.doubt is not None:
        return doubt_text(notice, notice.doubt, site)
    lags_s = dict(notice.lags_s)
    zh = "、".join(f"{plain(gauge)}{_STATES[state][0]}{_lag_zh(lags_s.get(gauge))}" for gauge, state in notice.gauges)
    en = ", ".join(f"{plain(gauge)} {_STATES[state][1]}{_lag_en(lags_s.get(gauge))}" for gauge, state in notice.gauges)
    if notice.kind is SiteNoticeKind.MONITORING_LOST:
        return (
            f"{place_zh(site)}监测中断（{zh}），水情不明，不得视为无积水。",
            f"{place_en(site)}: monitoring lost ({en}). The depth is unknown; do not assume that the site is dry.",
        )
    if notice.depth_mm is None:
        return f"{place_zh(site)}恢复监测（{zh}）。", f"{place_en(site)}: monitoring restored ({en})."
    depth = centimetres(notice.depth_mm)
    return (
        f"{place_zh(site)}恢复监测（{zh}），当前读数{depth}厘米，现场仍有积水。",
        f"{place_en(site)}: monitoring restored ({en}). The gauge reads {depth} cm: water stands there.",
    )


def _lag_zh(lag_s: float | None) -> str:
    return "" if lag_s is None else f"（{lag_s:.0f}秒）"


def _lag_en(lag_s: float | None) -> str:
    return "" if lag_s is None else f" ({lag_s:.0f} s)"
