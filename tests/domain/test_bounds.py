"""Texts and times from outside stay within bounds that database, XML and calendars can carry."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.times import moment_of
from rencheng.domain.bounds import FUTURE, moment_within_bounds, past_moment, plain_text, written_time
from rencheng.domain.errors import NotPossible

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)


@given(st.text(st.characters()))
def test_an_accepted_text_can_be_stored_and_sent(text: str) -> None:
    try:
        accepted = plain_text(text)
    except ValueError:
        return
    assert accepted == text
    assert len(text.splitlines()) <= 1
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("text", ["经十路下穿通道", "Straße 7, «Nord»", "gauge-7 🌊", ""])
def test_an_ordinary_text_is_accepted(text: str) -> None:
    assert plain_text(text) == text


@given(st.datetimes(timezones=st.timezones()))
def test_an_accepted_moment_converts_to_every_zone(moment: datetime) -> None:
    try:
        accepted = moment_within_bounds(moment)
    except ValueError:
        return
    assert accepted == moment.astimezone(UTC)  # a time that the zone skips equals no other
    assert 1970 <= accepted.year < 2200


def test_a_clock_may_be_ahead_by_five_minutes() -> None:
    assert past_moment(NOW + FUTURE, NOW) == NOW + FUTURE
    with pytest.raises(ValueError, match="in the future"):
        past_moment(NOW + FUTURE + timedelta(seconds=1), NOW)


@pytest.mark.parametrize("value", [0, 1784534400, 1.5, "20260720", "1784534400", " 17 ", "1e9", True])
def test_digits_alone_are_no_time(value: object) -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        written_time(value)


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_a_command_refuses_an_absurd_year_in_words(year: int) -> None:
    with pytest.raises(NotPossible, match=r"--since: .*1970 and 2199"):
        moment_of(datetime(year, 12, 31, 23, 59), "--since")  # noqa: DTZ001 - typer's times have no offset
