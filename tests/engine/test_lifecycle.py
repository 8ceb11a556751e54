"""From changes to messages: chains, names, references."""

from dataclasses import replace
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.engine.evaluate import LevelChange
from rencheng.engine.lifecycle import OpenWarning, advance
from rencheng.engine.record import SiteRecord
from rencheng.text.validation import validate
from tests.support.gauge_play import at, site

SITE = site("JN-01")


def change(before: Level, after: Level, minute: float, rule: WarningRule = WarningRule.OBSERVED) -> LevelChange:
    return LevelChange(before, after, at(minute), Grounds(rule, "G1", 160.0, 10.0, 150.0, None, 1))


def say(changes: list[LevelChange]) -> tuple[OpenWarning | None, list[WarningMessage]]:
    standing: OpenWarning | None = None
    messages = []
    for one in changes:
        standing, message = advance(standing, SITE, one)
        messages.append(message)
    return standing, messages


def test_a_warning_is_an_alert_then_updates_then_a_cancel() -> None:
    rise_and_fall = [
        change(Level.NONE, Level.BLUE, 0.5),
        change(Level.BLUE, Level.ORANGE, 2, WarningRule.PREDICTED),
        change(Level.ORANGE, Level.BLUE, 30, WarningRule.RECEDED),
        change(Level.BLUE, Level.NONE, 45, WarningRule.RECEDED),
    ]
    standing, messages = say(rise_and_fall)

    assert standing is None
    assert [message.message_type.value for message in messages] == ["Alert", "Update", "Update", "Cancel"]
    assert [message.identifier for message in messages] == [f"JN-01-20260720T120030Z-{n}" for n in (1, 2, 3, 4)]
    assert {message.warning_id for message in messages} == {"JN-01-20260720T120030Z"}
    assert [message.level.word for message in messages] == ["blue", "orange", "blue", "blue"]
    assert [message.certainty for message in messages] == [
        Certainty.OBSERVED,
        Certainty.LIKELY,
        Certainty.OBSERVED,
        Certainty.OBSERVED,
    ]
    assert [message.sequence for message in messages] == [1, 2, 3, 4]


def test_each_message_refers_to_all_before_it() -> None:
    _, messages = say(
        [change(Level.NONE, Level.BLUE, 0), change(Level.BLUE, Level.RED, 1), change(Level.RED, Level.NONE, 2)]
    )
    found = tuple((message.identifier, message.issued_at) for message in messages)

    assert [message.references for message in messages] == [(), found[:1], found[:2]]


def test_a_new_warning_after_a_cancel_has_a_new_name_and_no_past() -> None:
    _, messages = say(
        [change(Level.NONE, Level.BLUE, 0), change(Level.BLUE, Level.NONE, 20), change(Level.NONE, Level.RED, 40)]
    )

    assert messages[2].message_type is MessageType.ALERT
    assert messages[2].references == ()
    assert len({message.identifier for message in messages}) == 3


def test_a_name_is_in_utc_whatever_the_zone_of_the_sample() -> None:
    there = change(Level.NONE, Level.BLUE, 0)
    shanghai = replace(there, at=there.at.astimezone(timezone(timedelta(hours=8))))

    assert advance(None, SITE, shanghai) == advance(None, SITE, there)


@given(st.lists(st.tuples(st.sampled_from(Level), st.floats(0, 600)), max_size=30))
def test_every_chain_is_fit_to_be_sent_and_names_are_unique(steps: list[tuple[Level, float]]) -> None:
    changes, before, minute = [], Level.NONE, 0.0
    for after, pause in steps:
        if after is not before:
            minute += 1 + pause
            changes.append(change(before, after, minute))
            before = after
    standing, messages = say(changes)

    for message in messages:
        validate(message, SITE)
    assert len({message.identifier for message in messages}) == len(messages)
    assert (standing is None) == (before is Level.NONE)
    assert (
        standing is None or SiteRecord.from_json(SiteRecord(open_warning=standing).to_json()).open_warning == standing
    )
