"""Notices of monitoring name the site, each gauge and its state, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime

from rencheng.domain.level import Level
from rencheng.domain.no_data import NoDataReason
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from rencheng.engine.staleness_monitor import REPORTING
from rencheng.text.monitoring import monitoring_text
from tests.support.cap_messages import example_site

SITE = example_site()
LOST = SiteNotice(
    SiteNoticeKind.MONITORING_LOST,
    SITE.site_id,
    SITE.world,
    datetime(2026, 7, 1, tzinfo=UTC),
    Level.BLUE,
    (("g1", NoDataReason.SILENT), ("g2", NoDataReason.STUCK)),
)


def test_lost_monitoring_does_not_mean_a_dry_site() -> None:
    chinese, english = monitoring_text(LOST, SITE)

    assert chinese == "经十路下穿通道监测中断（g1无数据、g2读数长时间不变），水情不明，不得视为无积水。"
    assert english == (
        "Jingshi Road underpass: monitoring lost (g1 silent, g2 stuck). "
        "The depth is unknown; do not assume that the site is dry."
    )


def test_restored_monitoring_is_reported() -> None:
    restored = replace(LOST, kind=SiteNoticeKind.MONITORING_RESTORED, gauges=(("g1", REPORTING),))

    assert monitoring_text(restored, SITE) == (
        "经十路下穿通道恢复监测（g1恢复上报）。",
        "Jingshi Road underpass: monitoring restored (g1 reporting).",
    )


def test_every_state_of_a_gauge_has_words() -> None:
    for state in (*NoDataReason, REPORTING):
        texts = monitoring_text(replace(LOST, gauges=(("g1", state),)), SITE)

        assert all("g1" in text for text in texts)
