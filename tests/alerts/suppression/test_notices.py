"""Summaries, reminders, and one alarm for all sites without data."""

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope
from rencheng.domain.notice import Notice
from services.alerts.suppression.groups import Groups, GroupSummary
from services.alerts.suppression.no_data import NoDataAlarm
from tests.alerts.suppression.city import HUAIYIN, City, at, place

NONE, BLUE, YELLOW, ORANGE, RED = Level


def published(notices: list[Notice]) -> list[tuple[str, str, bool]]:
    return [(each.topic, each.level.word, each.in_force) for each in notices]


def lixia(count: int = 6, catchment: str = "") -> City:
    return City(*(place(f"L{number}", catchment=catchment) for number in range(count)), place("H", HUAIYIN))


def test_a_region_with_three_warnings_has_a_summary() -> None:
    city, groups = lixia(), Groups()
    for number in range(2):
        city.change(f"L{number}", YELLOW, number)
    assert groups.tick(city.policy, "actual", at(2)) == []
    city.change("L2", BLUE, 2)
    [notice] = groups.tick(city.policy, "actual", at(2))

    assert (notice.topic, notice.level, notice.site_ids) == ("region 370102", YELLOW, ("L0", "L1", "L2"))
    assert "黄色2处、蓝色1处" in notice.zh
    assert "3 ponding warnings in force in region 370102: 2 yellow, 1 blue." in notice.en
    assert groups.tick(city.policy, "actual", at(2)) == []


def test_one_suppressed_warning_is_enough_for_a_summary() -> None:
    city, groups = lixia(), Groups()
    city.change("L0", RED, 0)
    city.change("L1", BLUE, 1)
    [notice] = groups.tick(city.policy, "actual", at(1))

    assert notice.site_ids == ("L0", "L1")
    assert "其中1处不单独播报" in notice.zh


def test_a_higher_level_is_published_at_once_and_other_changes_after_five_minutes() -> None:
    city, groups = lixia(), Groups()
    for number in range(3):
        city.change(f"L{number}", BLUE, 0)
    groups.tick(city.policy, "actual", at(0))
    city.change("L3", BLUE, 1)
    assert groups.tick(city.policy, "actual", at(1)) == []
    city.change("L4", ORANGE, 2)
    assert published(groups.tick(city.policy, "actual", at(2))) == [("region 370102", "orange", True)]
    city.change("L5", BLUE, 3)
    assert groups.tick(city.policy, "actual", at(6.9)) == []
    assert published(groups.tick(city.policy, "actual", at(7))) == [("region 370102", "orange", True)]


def test_the_end_of_all_warnings_is_published_once() -> None:
    city, groups = lixia(3), Groups()
    for number in range(3):
        city.change(f"L{number}", BLUE, 0)
    groups.tick(city.policy, "actual", at(0))
    for number in range(3):
        city.change(f"L{number}", NONE, 1)

    assert published(groups.tick(city.policy, "actual", at(1))) == [("region 370102", "none", False)]
    assert groups.tick(city.policy, "actual", at(9)) == []


def test_a_catchment_has_a_summary_of_its_own() -> None:
    city, groups = lixia(3, catchment="C1"), Groups()
    for number in range(3):
        city.change(f"L{number}", BLUE, 0)

    assert [topic for topic, _, _ in published(groups.tick(city.policy, "actual", at(0)))] == [
        "catchment C1",
        "region 370102",
    ]
    assert groups.tick(city.policy, "drill", at(0)) == []


def test_summaries_go_on_from_what_was_published() -> None:
    city, groups = lixia(3), Groups()
    groups.restore({("actual", "region 370102"): GroupSummary(BLUE, ((BLUE, 3),), 0, at(0))}, [])

    assert published(groups.tick(city.policy, "actual", at(1))) == [("region 370102", "none", False)]


def test_a_silence_that_ends_soon_and_still_suppresses_something_has_one_reminder() -> None:
    city, groups = lixia(2), Groups()
    city.silence(MuteScope(site_id="L0"), RED, 0, 60)
    city.silence(MuteScope(site_id="L1"), RED, 0, 60)
    city.change("L0", ORANGE, 1)
    reminders = [
        notice
        for minute in (1, 44, 46, 50)
        for notice in groups.tick(city.policy, "actual", at(minute))
        if notice.kind == "reminder"
    ]

    assert [(each.topic, each.site_ids, each.level, each.at) for each in reminders] == [
        ("silence-1", ("L0",), ORANGE, at(46))
    ]
    assert "14 min" in reminders[0].en


def test_a_thousand_sites_without_data_are_one_alarm() -> None:
    alarm = NoDataAlarm("actual")
    without_data = [f"S{number:04}" for number in range(1000)]
    notices = [alarm.update(without_data, at(minute), of=1200, in_rain=False) for minute in (0, 0.5, 1, 2, 10)]

    assert [notice is not None for notice in notices] == [False, False, True, False, False]
    assert notices[2] is not None
    assert "1000 of 1200 sites cannot be evaluated" in notices[2].en
    assert "(+995)" in notices[2].zh


def test_the_alarm_is_repeated_when_it_grows_when_it_rains_and_after_half_an_hour_and_its_end_is_published() -> None:
    alarm = NoDataAlarm("actual")
    without_data = [f"S{number}" for number in range(15)]

    def update(count: int, minute: float, *, in_rain: bool = False) -> str | None:
        notice = alarm.update(without_data[:count], at(minute), of=20, in_rain=in_rain)
        return notice.en[:20] if notice else None

    assert [update(8, 0), update(8, 1)] == [None, "8 of 20 sites cannot"]
    assert [update(11, 2), update(11, 3), update(12, 3), update(12, 4)] == [None, None, None, "12 of 20 sites canno"]
    assert update(12, 5, in_rain=True) == "Monitoring lost in r"
    assert [update(12, 6, in_rain=True), update(12, 34, in_rain=True)] == [None, None]
    assert update(12, 35, in_rain=True) == "Monitoring lost in r"
    assert [update(0, 36), update(0, 37)] == ["Every site can be ev", None]


def test_a_site_that_has_data_again_within_a_minute_is_no_alarm() -> None:
    alarm = NoDataAlarm("actual")
    for minute, without_data in ((0, ["A"]), (0.5, []), (1.2, ["A"]), (2, ["A"])):
        assert alarm.update(without_data, at(minute), of=2, in_rain=True) is None
