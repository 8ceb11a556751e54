"""Bounds of texts and times that come from outside: what every form, parameter, cursor and file is checked against."""

import re
from datetime import UTC, date, datetime, timedelta

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""The first accepted moment."""

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of the accepted moments, exclusive. PostgreSQL keeps later years than Python can read."""

FUTURE = timedelta(minutes=5)
"""How far a clock of a sender may be ahead."""

CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff"
"""Control characters, line breaks, marks that reverse the writing, and code points that XML forbids, as a class."""

_CONTROL = re.compile(rf"[{CONTROLS}\ud800-\udfff]")
_DIGITS = re.compile(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*")


def plain_text(text: str) -> str:
    """Return a text of one line that database, XML and terminals can carry.

    Raises:
        ValueError: the text has a control character or half of a surrogate pair.
    """
    if found := _CONTROL.search(text):
        raise ValueError(f"the character U+{ord(found[0]):04X} at position {found.start()} is not allowed; remove it")
    return text


def moment_within_bounds(moment: datetime) -> datetime:
    """Return an aware moment in UTC.

    Raises:
        ValueError: it has no offset, or lies outside the years 1970 to 2199.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset, such as 2026-07-20T16:00:00+08:00")
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"a time must lie between the years {EARLIEST.year} and {LATEST.year - 1}")
    return moment.astimezone(UTC)


def past_moment(moment: datetime, now: datetime) -> datetime:
    """Return a moment that is not in the future, in UTC. A clock may be ahead by five minutes.

    Raises:
        ValueError: as for `moment_within_bounds`, or the moment is in the future.
    """
    if moment > now + FUTURE:
        raise ValueError(f"{moment.isoformat()} is in the future; check the sender's clock and the offset")
    return moment_within_bounds(moment)


def day_within_bounds(day: date) -> date:
    """Return a day.

    Raises:
        ValueError: it lies outside the years 1970 to 2199.
    """
    if not EARLIEST.year <= day.year < LATEST.year:
        raise ValueError(f"a day must lie between the years {EARLIEST.year} and {LATEST.year - 1}")
    return day


def written_time(value: object) -> object:
    """Return a value that may be a written time or day; digits alone are refused, because they have several meanings.

    Raises:
        ValueError: the value is a number, or a text of digits.
    """
    if isinstance(value, int | float) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
        raise ValueError("digits alone are ambiguous; write ISO 8601, such as 2026-07-20T16:00:00+08:00 or 2026-07-20")
    return value
