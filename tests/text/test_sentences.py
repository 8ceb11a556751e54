"""Sentences have the right words and numbers, and an exercise is marked first."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import ArmedBy, Certainty, WarningMessage, WarningRule
from rencheng.text.en import ENGLISH
from rencheng.text.formatting import has_markup, minutes_left, number, plain, shortened
from rencheng.text.sentences import compose
from tests.support.cap_messages import PUBLISHER, example_chain, example_site, warnings

ALERT, UPDATE, CANCEL = example_chain()
SITE = example_site()


def test_a_prediction_in_chinese() -> None:
    sentences = compose(ALERT, SITE, PUBLISHER).chinese

    assert sentences.headline == "示例市防汛抗旱指挥部发布经十路下穿通道积水橙色预警"
    assert sentences.description == (
        "2026年7月1日16:05，经十路下穿通道监测点wl-0107测得积水深10.4厘米，每分钟上涨12毫米，"
        "预计约8分钟后（16:13前后）很可能达到橙色预警阈值20厘米。依据该点位第3版阈值判定。"
    )
    assert sentences.instruction.startswith("请立即派员到场管控")


def test_an_observation_in_english() -> None:
    sentences = compose(UPDATE, SITE, PUBLISHER).english

    assert sentences.headline == "Example City Flood Control updates orange ponding warning for Jingshi Road underpass"
    assert sentences.description == (
        "2026-07-01 16:14 (Beijing time), Jingshi Road underpass: gauge wl-0107 measured 20.7 cm of water, "
        "rising 11.4 mm a minute, and has reached the orange threshold of 20 cm. "
        "Basis: version 3 of the thresholds of this site."
    )


def test_an_all_clear_in_both() -> None:
    composed = compose(CANCEL, SITE, PUBLISHER)
    chinese, english = composed.chinese, composed.english

    assert chinese.headline == "示例市防汛抗旱指挥部解除经十路下穿通道积水橙色预警"
    assert "积水深1.2厘米，每分钟下降2.5毫米，低于阈值5厘米，橙色预警解除。" in chinese.description
    assert chinese.instruction.startswith("恢复通行前")
    assert english.headline == "Example City Flood Control lifts orange ponding warning for Jingshi Road underpass"
    assert "falling 2.5 mm a minute, below the threshold of 5 cm. The orange warning has ended." in english.description


def test_a_step_down_names_the_new_level() -> None:
    grounds = replace(CANCEL.grounds, depth_mm=140.0, threshold_mm=200.0)
    message = replace(UPDATE, level=Level.YELLOW, grounds=grounds)

    assert "低于阈值20厘米，预警等级调整为黄色。" in compose(message, SITE, PUBLISHER).chinese.description
    assert "below the threshold of 20 cm. The warning level is now yellow." in (
        compose(message, SITE, PUBLISHER).english.description
    )


@pytest.mark.parametrize(
    ("eta_s", "chinese", "english"),
    [
        (None, "预计随后可能达到", "and may possibly reach the orange threshold of 20 cm soon."),
        (None, "预计随后可能达到", "may possibly reach the orange threshold of 20 cm soon."),
        (59.0, "预计1分钟内（16:05前后）可能达到", "within a minute (at 16:05)"),
        (60.0, "预计约1分钟后（16:06前后）可能达到", "in about 1 minute (at 16:06)"),
        (719.0, "预计约11分钟后（16:16前后）可能达到", "in about 11 minutes (at 16:16)"),
    ],
)
def test_minutes_to_the_crossing(eta_s: float | None, chinese: str, english: str) -> None:
    message = replace(ALERT, certainty=Certainty.POSSIBLE, grounds=replace(ALERT.grounds, eta_s=eta_s))

    assert chinese in compose(message, SITE, PUBLISHER).chinese.description
    assert english in compose(message, SITE, PUBLISHER).english.description


@pytest.mark.parametrize(
    ("rise", "chinese", "english"),
    [
        (None, "涨速不明", "rate of rise unknown"),
        (0.04, "水位平稳", "steady"),
        (-0.04, "水位平稳", "steady"),
        (140.0, "每分钟上涨140毫米", "rising 140 mm a minute"),
    ],
)
def test_an_unknown_rise_is_never_no_rise(rise: float | None, chinese: str, english: str) -> None:
    message = replace(ALERT, grounds=replace(ALERT.grounds, rise_mm_per_min=rise))

    assert chinese in compose(message, SITE, PUBLISHER).chinese.description
    assert english in compose(message, SITE, PUBLISHER).english.description


@given(warnings())
def test_texts_are_short_apart_and_in_their_own_language(made: tuple[WarningMessage, Site]) -> None:
    composed = compose(*made, PUBLISHER)
    chinese, english = composed.chinese, composed.english
    texts = [text for each in (chinese, english) for text in (each.headline, each.description, each.instruction)]

    assert max(len(chinese.headline), len(english.headline)) <= 140
    assert len(set(texts)) == len(texts)
    assert not any(has_markup(text) or "\n" in text or "\x00" in text for text in texts)


@given(warnings())
def test_only_an_exercise_is_marked_and_first(made: tuple[WarningMessage, Site]) -> None:
    composed = compose(*made, PUBLISHER)
    chinese, english = composed.chinese, composed.english
    exercise = made[0].world != "actual"

    for text in (chinese.headline, chinese.description, chinese.instruction):
        assert text.startswith("【演练】") == exercise
    for text in (english.headline, english.description, english.instruction):
        assert text.startswith("EXERCISE: ") == exercise


@pytest.mark.parametrize("kind", SiteType)
@pytest.mark.parametrize("level", [Level.YELLOW, Level.ORANGE])
def test_site_types_with_special_dangers_have_special_instructions(kind: SiteType, level: Level) -> None:
    special = {SiteType.METRO_ENTRANCE, SiteType.UNDERGROUND_CAR_PARK, SiteType.CHARGING_STATION}
    message, site = replace(UPDATE, level=level), replace(SITE, site_type=kind)
    common = compose(message, replace(SITE, site_type=SiteType.ROAD), PUBLISHER).chinese.instruction

    special_case = kind in special and level is Level.ORANGE
    assert (compose(message, site, PUBLISHER).chinese.instruction != common) == special_case


def test_the_site_type_is_added_unless_the_name_contains_it() -> None:
    site = replace(SITE, name_zh="历山路", name_en="Lishan Road", site_type=SiteType.TUNNEL)

    assert "历山路（隧道）监测点" in compose(UPDATE, site, PUBLISHER).chinese.description
    assert "Lishan Road (tunnel): gauge" in compose(UPDATE, site, PUBLISHER).english.description


def test_a_site_without_a_name_is_named_by_its_identifier() -> None:
    site = replace(SITE, name_zh=" ", name_en="\x00")

    assert "发布jn-jingshi-underpass积水" in compose(ALERT, site, PUBLISHER).chinese.headline
    assert compose(ALERT, site, PUBLISHER).english.headline.endswith("for jn-jingshi-underpass")


def test_the_longest_names_keep_the_colour_and_some_of_the_place() -> None:
    publisher = replace(PUBLISHER, sender_name_zh="厅" * 60, sender_name_en="O" * 60)
    site = replace(SITE, name_zh="桥" * 500, name_en="B" * 500, world="drill")
    message = replace(UPDATE, world="drill")

    assert compose(message, site, publisher).chinese.headline.endswith("桥桥…积水橙色预警")
    assert compose(message, site, publisher).english.headline.endswith("orange ponding warning for " + "B" * 33 + "…")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("A<B & C", "A<B & C"),
        ("<b>桥</b>", "＜b＞桥＜/b＞"),
        ("Oil &amp; Gas", "Oil ＆amp; Gas"),
        (" two\n\tlines\x00 ", "two lines"),
        ("\"'", "\"'"),
    ],
)
def test_a_name_is_kept_unless_it_would_be_taken_for_markup(name: str, written: str) -> None:
    assert plain(name) == written


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.0, -0.01, 12.0, 12.34, 1e6)] == ["0", "0", "12", "12.3", "1000000"]
    assert [minutes_left(eta_s) for eta_s in (-5.0, 59.9, 60.0, 600.0)] == [0, 0, 1, 10]
    assert [shortened("abcdef", chars_max) for chars_max in (6, 5)] == ["abcdef", "abcd…"]


@pytest.mark.parametrize(
    ("armed_by", "source", "nearby", "chinese", "english"),
    [
        (ArmedBy.NOTHING, "", None, "", ""),
        (ArmedBy.NOTHING, "", 0, "", ""),
        (
            ArmedBy.RAIN,
            "",
            0,
            "该点位因降雨已进入戒备，预警门槛已降低。",
            " Rain had put this site on heightened readiness.",
        ),
        (
            ArmedBy.WEATHER,
            "rain signal X",
            1,
            "该点位因气象预警或预报（rain signal X）已进入戒备，预警门槛已降低。周边另有1处点位半小时内水位急涨。",
            (
                " A weather warning or forecast (rain signal X) had put this site on heightened readiness."
                " Water rose rapidly at one other site nearby within half an hour."
            ),
        ),
        (
            ArmedBy.NOTHING,
            "",
            4,
            "周边另有4处点位半小时内水位急涨。",
            " Water rose rapidly at 4 other sites nearby within half an hour.",
        ),
    ],
)
def test_readiness_and_nearby_rises_follow_the_probability(
    armed_by: ArmedBy, source: str, nearby: int | None, chinese: str, english: str
) -> None:
    grounds = replace(
        ALERT.grounds, probability=0.8, armed_by=armed_by, armed_by_source=source, rapid_rises_nearby=nearby
    )
    message = replace(ALERT, grounds=grounds)

    assert f"半小时内达到的概率为80%。{chinese}依据" in compose(message, SITE, PUBLISHER).chinese.description
    assert (
        f"The probability within half an hour is 80 %.{english} Basis"
        in compose(message, SITE, PUBLISHER).english.description
    )


@given(warnings())
def test_no_depth_is_negative_and_no_place_is_left_open_in_any_text(drawn: tuple[WarningMessage, Site]) -> None:
    message, site = drawn
    site = replace(site, name_zh="点位", name_en="Site")
    composed = compose(replace(message, grounds=replace(message.grounds, device_id="g")), site, PUBLISHER)
    for text in (composed.chinese.description, composed.english.description):
        assert not re.search(r"-\d+(\.\d)? ?(厘米|毫米|cm|mm)", text)
        assert "{" not in text.replace(site.site_id, "")


def test_what_the_gauge_read_and_what_stands_at_the_lowest_point_are_kept_apart() -> None:
    grounds = replace(UPDATE.grounds, depth_mm=207.0, gauge_mm=57.0)
    composed = compose(replace(UPDATE, grounds=grounds), SITE, PUBLISHER)

    assert "监测点wl-0107读数5.7厘米，最低处积水深20.7厘米" in composed.chinese.description
    assert "gauge wl-0107 read 5.7 cm, which is 20.7 cm of water at the lowest point" in composed.english.description


@pytest.mark.parametrize(
    ("horizon_s", "chinese", "english"),
    [
        (1800.0, "半小时内", "within half an hour"),
        (None, "半小时内", "within half an hour"),
        (600.0, "10分钟内", "within 10 minutes"),
    ],
)
def test_a_probability_names_the_time_within_which_it_counts(
    horizon_s: float | None, chinese: str, english: str
) -> None:
    grounds = replace(ALERT.grounds, probability=0.6, horizon_s=horizon_s)
    composed = compose(replace(ALERT, grounds=grounds), SITE, PUBLISHER)

    assert f"{chinese}达到的概率为60%" in composed.chinese.description
    assert f"The probability {english} is 60 %" in composed.english.description


def test_the_end_of_a_rain_warning_names_the_rain_and_an_end_without_data_claims_no_depth() -> None:
    rain = replace(CANCEL.grounds, rule=WarningRule.RAIN_ENDED, depth_mm=3.0)
    assert "降雨影响已过，橙色预警解除" in compose(replace(CANCEL, grounds=rain), SITE, PUBLISHER).chinese.description
    lapsed = replace(CANCEL.grounds, depth_mm=None)
    composed = compose(replace(CANCEL, grounds=lapsed), SITE, PUBLISHER)
    assert "暂无可用监测数据，最近测得的水深已不足以维持预警，橙色预警解除" in composed.chinese.description
    assert "below the threshold" not in composed.english.description


def test_english_odds_fall_from_expected_to_likely_to_possible() -> None:
    odds = [ENGLISH.odds[certainty] for certainty in (Certainty.OBSERVED, Certainty.LIKELY, Certainty.POSSIBLE)]

    assert odds == ["is expected to", "is likely to", "may possibly"]


def test_a_warning_by_rain_says_what_the_site_s_own_storms_did_and_which_nowcast_raised_it() -> None:
    grounds = replace(ALERT.grounds, rule=WarningRule.RAINED, rain_quarter_mm=9.5, rain_hour_mm=14.0, depth_mm=None)
    learned = replace(grounds, rain_storms=7, rain_floods=3, armed_by=ArmedBy.WEATHER, armed_by_source="radar")
    first, later = (compose(replace(ALERT, grounds=each), SITE, PUBLISHER) for each in (grounds, learned))

    assert first.chinese.description == (
        "2026年7月1日16:05，经十路下穿通道近15分钟降雨9.5毫米、近1小时降雨14毫米，当前水深不明，可能很快出现积水，"
        "预警等级为橙色。依据该点位第3版阈值判定。"
    )
    assert "radar的短临预报显示未来半小时内仍有强降雨。该点位有记录的7场强降雨中，3场水深达到该阈值。" in (
        later.chinese.description
    )
    assert (
        "The warning level is orange. The nowcast of radar expects more heavy rain within half an hour."
        " Of 7 recorded storms here, 3 raised the water to this threshold. Basis:"
    ) in later.english.description
