"""Which losses of monitoring are published, site by site, and when."""

from datetime import timedelta

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope
from rencheng.domain.suppression import SuppressionReason
from rencheng.domain.warning import SiteNotice, SiteNoticeKind
from services.alerts.suppression.monitoring import WAIT, MonitoringNotices
from services.alerts.suppression.no_data import FLOOD_MIN, FLOOD_WINDOW, NoDataAlarm
from tests.alerts.suppression.city import City, at, place

NONE, BLUE, YELLOW, ORANGE, RED = Level

SETTLED = WAIT / timedelta(minutes=1)
"""Minutes after a loss at which it may be published."""


class Monitoring:
    """Notices of the engine, and what is published of them."""

    def __init__(self, *site_ids: str, world: str = "actual") -> None:
        self.city = City(*(place(site_id, world=world) for site_id in site_ids))
        self.world = world
        self.suppressed: list[SuppressionReason] = []
        self.notices = self.new_notices()

    def new_notices(self) -> MonitoringNotices:
        notices = MonitoringNotices(self.suppressed.append)
        notices.set_sites(self.city.policy.sites)
        return notices

    def notice(self, site_id: str, minute: float, why: str = "silent", level: Level = BLUE) -> SiteNotice:
        kind = SiteNoticeKind.MONITORING_RESTORED if why == "reporting" else SiteNoticeKind.MONITORING_LOST
        return SiteNotice(kind, site_id, self.world, at(minute), level, (("G1", why),))

    def lose(self, site_id: str, minute: float, why: str = "silent", level: Level = BLUE) -> None:
        self.notices.add(self.notice(site_id, minute, why, level))

    def restore(self, site_id: str, minute: float) -> None:
        self.notices.add(self.notice(site_id, minute, "reporting"))

    def published(self, minute: float, *, is_flood: bool = False) -> list[tuple[str, bool]]:
        found = self.notices.tick(self.city.policy, self.world, at(minute), is_flood=is_flood)
        return [(notice.topic, notice.in_force) for notice in found]


def test_a_loss_is_published_once_after_its_wait_and_its_end_at_once() -> None:
    monitoring = Monitoring("A")
    monitoring.lose("A", 0)
    assert monitoring.published(SETTLED - 0.1) == []
    assert monitoring.published(SETTLED) == [("A", True)]
    assert monitoring.published(SETTLED + 60) == []
    monitoring.restore("A", 100)

    assert monitoring.published(100) == [("A", False)]
    assert monitoring.published(101) == []
    assert monitoring.suppressed == []


def test_a_loss_that_is_restored_within_its_wait_is_never_mentioned() -> None:
    monitoring = Monitoring("A")
    monitoring.lose("A", 0)
    monitoring.restore("A", 1)

    assert monitoring.published(30) == []
    assert monitoring.suppressed == [SuppressionReason.NEVER_NOTIFIED]


def test_a_notice_carries_its_level_and_both_sentences() -> None:
    monitoring = Monitoring("A")
    monitoring.lose("A", 0, "stuck", ORANGE)
    [lost] = monitoring.notices.tick(monitoring.city.policy, "actual", at(SETTLED), is_flood=False)
    monitoring.restore("A", 60)
    [restored] = monitoring.notices.tick(monitoring.city.policy, "actual", at(60), is_flood=False)

    assert (lost.kind, lost.level, lost.urgent, lost.site_ids) == ("monitoring", ORANGE, True, ("A",))
    assert "监测中断" in lost.zh
    assert "stuck" in lost.en
    assert (restored.level, restored.urgent) == (NONE, False)
    assert "恢复监测" in restored.zh


def test_another_cause_at_a_gauge_is_published_at_once() -> None:
    monitoring = Monitoring("A")
    monitoring.lose("A", 0)
    monitoring.published(SETTLED)
    monitoring.lose("A", 30, "stuck")

    assert monitoring.published(30) == [("A", True)]


def test_in_a_flood_the_city_wide_alarm_stands_for_the_losses_and_for_their_ends() -> None:
    monitoring = Monitoring("A", "B")
    monitoring.lose("A", 0)
    monitoring.lose("B", 0)
    assert monitoring.published(SETTLED, is_flood=True) == []
    assert monitoring.published(60) == []
    monitoring.restore("A", 61)

    assert monitoring.published(61) == []
    assert monitoring.suppressed == [
        SuppressionReason.INHIBITED,
        SuppressionReason.INHIBITED,
        SuppressionReason.NEVER_NOTIFIED,
    ]


def test_the_city_wide_alarm_of_the_world_actual_stands_for_no_exercise() -> None:
    monitoring = Monitoring("A", world="drill")
    monitoring.lose("A", 0)

    assert monitoring.published(SETTLED, is_flood=True) == [("A", True)]


def test_a_silence_suppresses_a_loss_up_to_its_level_until_it_ends() -> None:
    monitoring = Monitoring("A", "B")
    monitoring.city.silence(MuteScope(region="370102"), BLUE, 0, 60)
    monitoring.lose("A", 0)
    monitoring.lose("B", 0, level=YELLOW)
    assert monitoring.published(SETTLED) == [("B", True)]
    assert monitoring.published(59) == []

    assert monitoring.published(60) == [("A", True)]
    assert monitoring.suppressed == [SuppressionReason.SILENCE]


def test_the_end_of_a_published_loss_is_published_under_a_silence_as_well() -> None:
    monitoring = Monitoring("A")
    monitoring.lose("A", 0)
    monitoring.published(SETTLED)
    monitoring.city.silence(MuteScope(site_id="A"), RED, 5, 60)
    monitoring.restore("A", 10)

    assert monitoring.published(10) == [("A", False)]


def test_after_a_restart_nothing_is_repeated_and_nothing_is_missing() -> None:
    monitoring = Monitoring("A", "B", "C")
    monitoring.notices = monitoring.new_notices()
    current = [monitoring.notice("A", 0), monitoring.notice("B", 0), monitoring.notice("C", 0, "reporting")]
    monitoring.notices.restore(current, published=["A", "C"])

    assert monitoring.published(1) == [("C", False)]
    assert monitoring.published(SETTLED) == [("B", True)]
    monitoring.restore("A", 10)
    assert monitoring.published(10) == [("A", False)]


def test_a_site_that_is_removed_is_forgotten() -> None:
    monitoring = Monitoring("A", "B")
    monitoring.lose("A", 0)
    monitoring.lose("B", 0)
    monitoring.notices.set_sites({"A": place("A", world="drill")})

    assert monitoring.published(30) == []


def test_ten_sites_that_lose_their_data_within_ten_minutes_are_a_flood() -> None:
    alarm, names = NoDataAlarm("actual"), [f"S{number}" for number in range(FLOOD_MIN)]
    minutes = FLOOD_WINDOW / timedelta(minutes=1)

    def is_flood(count: int, minute: float) -> bool:
        alarm.update(names[:count], at(minute), of=100, in_rain=False)
        return alarm.is_flood(at(minute))

    assert [is_flood(9, 0), is_flood(9, 1)] == [False, False]
    assert [is_flood(10, 2), is_flood(10, minutes), is_flood(10, minutes + 0.1)] == [True, True, False]
