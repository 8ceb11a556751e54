"""Messages of the weather service are read, or rejected with a reason."""

from datetime import UTC, datetime

import pytest

from rencheng.cap.rain_signals import read_signals
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainSignal
from tests.support.rain_signals import cap, national


def read_signal(xml: str, *, world: str = "actual") -> RainSignal:
    [signal] = read_signals(xml, world=world)
    return signal


def utc(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, 20, hour, minute, tzinfo=UTC)


def test_a_cap_message_is_read() -> None:
    signal = read_signal(cap())

    assert (signal.identifier, signal.message_type, signal.level) == ("S1", MessageType.ALERT, Level.ORANGE)
    assert (signal.sent_at, signal.effective_at, signal.expires_at) == (utc(7, 30), utc(7, 30), utc(10))
    assert signal.regions == ("370100",)


def test_a_national_message_is_read() -> None:
    signal = read_signal(national())

    assert (signal.level, signal.sent_at, signal.expires_at) == (Level.YELLOW, utc(7, 30), utc(13, 30))
    assert signal.regions == ("370102", "370103")


@pytest.mark.parametrize(
    ("event", "severity", "level"),
    [
        ("暴雨红色", "Unknown", Level.RED),
        ("Rainstorm BLUE warning", "Extreme", Level.BLUE),
        ("Heavy rain", "Moderate", Level.YELLOW),
        ("Heavy rain", "Extreme", Level.RED),
    ],
)
def test_the_name_of_a_colour_counts_before_the_severity(event: str, severity: str, level: Level) -> None:
    assert read_signal(cap(event=event, severity=severity)).level is level


def test_a_message_without_an_end_expires_after_the_window_of_its_colour() -> None:
    assert read_signal(cap(expires="", event="暴雨蓝色")).expires_at == utc(19, 30)
    assert read_signal(cap(expires="", event="暴雨红色")).expires_at == utc(10, 30)


def test_references_are_read_in_both_forms() -> None:
    chain = "<references>a@b,S0,2026-07-20T14:00:00+08:00 a@b,S00,2026-07-20T13:00:00+08:00</references>"

    assert read_signal(cap(kind="Update", references=chain)).references == ("S0", "S00")
    assert read_signal(national(kind="Cancel", references="3701_1")).references == ("3701_1",)


def test_an_exercise_never_counts_in_the_actual_world() -> None:
    with pytest.raises(NotPossible, match="worlds never mix"):
        read_signal(cap(status="Exercise"))

    assert read_signal(cap(status="Exercise"), world="drill").world == "drill"


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (cap(event="大风蓝色"), "only rain signals"),
        (national(event="11B01"), "only rain signals"),
        (cap(region="Jinan"), "names no region"),
        (cap(status="Draft"), "status 'Draft'"),
        (cap(kind="Ack"), "msgType 'Ack'"),
        (cap(kind="Cancel"), "names no message that it ends"),
        (cap(event="Heavy rain", severity="Unknown"), "names no colour"),
        (cap(identifier=""), "no identifier"),
        (cap(expires="<expires>2026-07-20T15:30:00+08:00</expires>"), "before it begins"),
        (cap(expires="<expires>2026-07-20T18:00:00</expires>"), "is not a time with an offset"),
        ("<alert/>", "has no info"),
        ("<rss/>", "not an alert"),
        ("alert", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY e "x">]>' + cap(), "DOCTYPE"),
        ("<a>" + "x" * 1_000_001, "more than 1000000"),
    ],
)
def test_another_document_is_rejected(xml: str, message: str) -> None:
    with pytest.raises(NotPossible, match=message):
        read_signal(xml.removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n'))
