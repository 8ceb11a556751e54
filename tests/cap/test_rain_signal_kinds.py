"""Rain signals by kind: colours, infos, endings, words and encodings, each in all the forms that agencies use."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.cap.rain_signals import read_signals
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.weather import RainSignal
from tests.support.rain_signals import REFERENCES, alert, info

COLOURS = {Level.BLUE: "蓝", Level.YELLOW: "黄", Level.ORANGE: "橙", Level.RED: "红"}
SEVERITIES = {Level.BLUE: "Minor", Level.YELLOW: "Moderate", Level.ORANGE: "Severe", Level.RED: "Extreme"}


def read(*infos: str, **options: str) -> tuple[RainSignal, ...]:
    return read_signals(alert(*infos, **options))


def level_of(*infos: str) -> Level:
    [signal] = read(*infos)
    return signal.level


CHANGES = (
    "将暴雨{0}色预警升级为暴雨{1}色预警",
    "暴雨{0}色预警信号降级为{1}色",
    "暴雨预警由{0}色变更为{1}色",
    "暴雨{0}色预警信号调整为{1}色预警信号",
    "原暴雨{0}色预警改为暴雨{1}色预警",
    "解除暴雨{0}色预警，发布暴雨{1}色预警",
    "暴雨{0}色→{1}色",
    "发布暴雨{1}色预警，取代暴雨{0}色预警",
    "发布大风{0}色、暴雨{1}色预警",
    "雷电{0}色预警，暴雨{1}色预警",
    "发布{1}色暴雨预警、{0}色雷电预警",
)
ENGLISH = (
    "Rainstorm warning upgraded from {0} to {1}",
    "{0} rainstorm warning downgraded to {1}",
    "{0} rainstorm warning replaced by {1} rainstorm warning",
    "{1} rainstorm warning replaces {0}",
    "{0} rainstorm warning lifted, {1} rainstorm warning issued",
)
PAIRS = list(itertools.permutations(COLOURS, 2))


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("words", CHANGES)
def test_of_two_colours_the_new_one_of_rain_counts(words: str, old: Level, new: Level) -> None:
    assert level_of(info(words.format(COLOURS[old], COLOURS[new]), severity=SEVERITIES[old])) is new


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("words", ENGLISH)
def test_of_two_colours_the_new_one_counts_in_english(words: str, old: Level, new: Level) -> None:
    assert level_of(info(words.format(old.word, new.word), event="Rainstorm", severity=SEVERITIES[old])) is new


@pytest.mark.parametrize("level", list(COLOURS))
@pytest.mark.parametrize(
    "code",
    [
        "<parameter><valueName>cn:warningColor</valueName><value>{word}</value></parameter>",
        "<parameter><valueName>预警颜色</valueName><value>{chinese}色</value></parameter>",
        "<parameter><valueName>AlertLevel</valueName><value>{grade}</value></parameter>",
        "<parameter><valueName>等级</valueName><value>{grade}级</value></parameter>",
        "<eventCode><valueName>AlertLevel</valueName><value>{word}</value></eventCode>",
    ],
)
def test_a_coded_colour_counts_before_the_severity(code: str, level: Level) -> None:
    grade = {Level.BLUE: "IV", Level.YELLOW: "Ⅲ", Level.ORANGE: "II", Level.RED: "Ⅰ"}[level]
    written = code.format(word=level.word.upper(), chinese=COLOURS[level], grade=grade)

    assert level_of(info("市气象台发布暴雨预警", severity="Minor", more=written)) is level


def test_of_a_code_and_words_that_contradict_each_other_the_graver_counts() -> None:
    code = "<parameter><valueName>colour</valueName><value>{}</value></parameter>"

    assert level_of(info("暴雨蓝色预警", more=code.format("Red"))) is Level.RED
    assert level_of(info("暴雨红色预警", more=code.format("Blue"))) is Level.RED


def test_a_place_that_is_called_like_a_colour_has_none() -> None:
    assert level_of(info("Orange County heavy rain warning", event="Rain", severity="Minor")) is Level.BLUE


DISTRICTS = [("370102", Level.YELLOW), ("370103", Level.RED), ("370100", Level.BLUE), ("370104", Level.YELLOW)]


@given(st.permutations(DISTRICTS), st.booleans())
def test_every_info_counts_in_any_order_and_a_translation_adds_nothing(
    districts: list[tuple[str, Level]], has_twins: bool
) -> None:
    infos = [info(f"暴雨{COLOURS[level]}色预警", regions=region) for region, level in districts]
    if has_twins:
        infos += [
            info("Heavy rain", event="Rain", severity="Severe", regions=region, language="en")
            for region, _ in districts
        ]
        infos = infos[::-1]

    found = {region: signal.level for signal in read(*infos) for region in signal.regions}

    assert found == dict(DISTRICTS)


def test_other_hazards_of_a_message_are_left_out() -> None:
    assert level_of(info("大风红色预警", event="大风"), info("暴雨蓝色预警")) is Level.BLUE


def test_an_info_may_have_several_areas() -> None:
    area = "<area><areaDesc>y</areaDesc><geocode><value>370103000000</value></geocode></area>"

    [signal] = read(info().replace("</info>", f"{area}</info>"))

    assert signal.regions == ("370102", "370103")


@pytest.mark.parametrize(
    "ending",
    [
        {"more": "<responseType>Monitor</responseType><responseType>AllClear</responseType>"},
        {"urgency": "Past"},
        {"expires": "2026-07-20T15:30:00+08:00"},
        {"headline": "市气象台解除暴雨橙色预警"},
        {"headline": "市气象台15时30分解除14时发布的暴雨橙色预警信号"},
        {"headline": "暴雨橙色预警信号现已解除"},
        {"headline": "撤销暴雨橙色预警"},
        {"headline": "解除暴雨预警"},
        {"headline": "Orange rainstorm warning has been lifted", "event": "Rainstorm"},
        {"headline": "All clear", "event": "Rainstorm"},
    ],
)
def test_an_update_may_end_a_signal(ending: dict[str, str]) -> None:
    [signal] = read(info(**{"severity": "Severe"} | ending), kind="Update", references=REFERENCES)

    assert (signal.ends, signal.references) == (True, ("S0",))


@pytest.mark.parametrize(
    "headline",
    ["暴雨橙色预警尚未解除", "暴雨橙色预警继续，解除时间另行通知", "解除大风蓝色预警，暴雨橙色预警继续生效"],
)
def test_a_word_of_ending_about_something_else_ends_nothing(headline: str) -> None:
    [signal] = read(info(headline), kind="Update", references=REFERENCES)

    assert (signal.ends, signal.level) == (False, Level.ORANGE)


def test_a_part_may_end_while_another_goes_on() -> None:
    ended, goes_on = sorted(
        read(info("解除暴雨橙色预警", regions="370102"), info(regions="370103"), kind="Update", references=REFERENCES),
        key=lambda signal: signal.regions,
    )

    assert (ended.ends, goes_on.ends, goes_on.level) == (True, False, Level.ORANGE)


def test_a_cancel_needs_no_info() -> None:
    [signal] = read(kind="Cancel", references=REFERENCES)

    assert (signal.ends, signal.references) == (True, ("S0",))


def test_an_end_that_names_no_message_is_rejected() -> None:
    with pytest.raises(NotPossible, match="names no message that it ends"):
        read(info("市气象台解除暴雨橙色预警"))


@pytest.mark.parametrize(
    ("event", "headline"),
    [
        ("Railway", "Train services suspended"),
        ("Works", "Drainage in mountainous terrain"),
        ("Meeting", "Brainstorming on rainbows"),
        ("Weather", "No rain expected, red flag"),
        ("Ice", "Freezing rain orange warning"),
        ("天气", "今日无暴雨"),
        ("天气", "非暴雨红色预警"),
        ("雨夹雪", "雷暴雨夹雪蓝色预警"),
        ("雷暴", "雷暴 雨夹雪蓝色预警"),
        ("沙尘", "沙尘暴雨后减弱"),
        ("山洪", "暴雨诱发的山洪灾害红色预警"),
    ],
)
def test_a_word_within_a_word_is_no_rain(event: str, headline: str) -> None:
    with pytest.raises(NotPossible, match="only rain signals"):
        read(info(headline, event=event, severity="Extreme"))


@pytest.mark.parametrize("headline", ["无锡市暴雨橙色预警", "未央区暴雨橙色预警", "雷暴雨橙色预警", "大暴雨橙色预警"])
def test_rain_is_found_beside_other_characters(headline: str) -> None:
    assert level_of(info(headline, event="预警")) is Level.ORANGE


def test_an_event_code_counts_before_the_words() -> None:
    code = "<eventCode><valueName>GB/T 35561</valueName><value>{}</value></eventCode>"

    assert level_of(info("橙色预警", event="天气", more=code.format("11B03"))) is Level.ORANGE
    with pytest.raises(NotPossible, match="only rain signals"):
        read(info(more=code.format("11B06")))
