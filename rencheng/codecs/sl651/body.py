"""Decode a report's body to elements, each with its time of observation (SL 651-2014, 6.6 and annex C)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from rencheng.codecs.sl651 import bcd

SERIES_STEP = timedelta(minutes=5)
"""The step of the hour's series, F4 to FC (annex C)."""


class Mark(IntEnum):
    """Identifiers of elements that are not a single number."""

    STEP = 0x04
    TIME = 0xF0
    STATION = 0xF1
    MANUAL = 0xF2
    PICTURE = 0xF3
    RAIN_SERIES = 0xF4
    LEVEL_SERIES = 0xF5
    LEVEL_SERIES_LAST = 0xFC
    FLOW_BATCH = 0xFD
    EXTENDED = 0xFF


_UNSUPPORTED = {Mark.MANUAL: "entered by hand", Mark.PICTURE: "pictures", Mark.FLOW_BATCH: "flow profiles"}


@dataclass(frozen=True, slots=True)
class Element:
    """A value of an element: its identifier, time of observation (UTC), bytes and number of decimals."""

    identifier: int
    at: datetime
    data: bytes
    decimals: int


class ForeignStation(ValueError):
    """The report holds another station's elements, so none of them is taken."""


@dataclass(frozen=True, slots=True)
class BadElement:
    """An element that is rejected by itself, with the reason in words."""

    detail: str


class Cursor:
    """A position in a body that moves with each read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int, what: str) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: the body ends before.
        """
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError(f"the body ends within {what}")
        self._at += size
        return taken

    def __bool__(self) -> bool:
        """Return whether bytes are left."""
        return self._at < len(self._data)


def read_head(cursor: Cursor) -> datetime:
    """Read the serial number and time of sending, with which every body begins, and return the time."""
    cursor.take(2, "the serial number")
    return bcd.time(cursor.take(6, "the time of sending"))


def read_elements(cursor: Cursor, station: str) -> Iterator[Element | BadElement]:
    """Read the elements after the head, in order, and yield a `BadElement` for each that cannot be taken.

    The caller ignores elements that it does not know. Each is skipped by its own length, user-defined ones (FF XX) too.

    Raises:
        ForeignStation: the body names two stations.
        ValueError: the body is malformed from here on.
    """
    at: datetime | None = None
    has_time = False
    step: timedelta | None = None
    while cursor:
        identifier = cursor.take(1, "an identifier")[0]
        if identifier == Mark.EXTENDED:
            identifier = identifier << 8 | cursor.take(1, "an identifier")[0]
        form = cursor.take(1, f"the form of element {identifier:02X}")[0]
        if identifier == Mark.STATION:
            _same_station(cursor.take(5, "a station's address").hex(), station)
            cursor.take(1, "a station's class")
        elif identifier == Mark.TIME:
            found, has_time = _time(cursor.take(5, "a time of observation")), True
            if isinstance(found, BadElement):
                yield found
            at = found if isinstance(found, datetime) else None
        elif identifier in _UNSUPPORTED:
            raise ValueError(f"element {identifier:02X} ({_UNSUPPORTED[Mark(identifier)]}) is not supported")
        elif at is None:
            cursor.take(form >> 3, f"element {identifier:02X}")
            yield from _untimed(identifier, has_time)
        elif identifier == Mark.STEP:
            step = _step(cursor.take(form >> 3, "the time step"))
        elif step:
            yield from _even_steps(cursor, identifier, form, at, step)
        else:
            yield from _hour(identifier, cursor.take(form >> 3, f"element {identifier:02X}"), at, form & 7)


def _untimed(identifier: int, has_time: bool) -> list[BadElement]:
    """Return what is wrong with an element without a time; nothing if its time is rejected already."""
    return [] if has_time else [BadElement(f"element {identifier:02X} comes before any time of observation")]


def _time(data: bytes) -> datetime | BadElement:
    try:
        return bcd.time(data)
    except ValueError as error:
        return BadElement(f"element F0: {error}")


def _same_station(found: str, station: str) -> None:
    if found != station:
        raise ForeignStation(
            f"the body names station {found}, the head {station}; a device may report its own station alone"
        )


def _step(data: bytes) -> timedelta:
    """Return days, hours and minutes (table C.3). An empty step announces an hour's series, which has its own step."""
    days, hours, minutes = (int(bcd.digits(data[at : at + 1])) for at in range(3)) if len(data) == 3 else (-1, 0, 0)  # noqa: PLR2004 - the three
    if days < 0:
        raise ValueError(f"a time step of {len(data)} bytes; it has 3")
    return timedelta(days=days, hours=hours, minutes=minutes)


def _even_steps(cursor: Cursor, identifier: int, form: int, at: datetime, step: timedelta) -> Iterator[Element]:
    """Read all bytes left as values of one element at even steps (function code 31)."""
    size = form >> 3
    if not size:
        raise ValueError(f"element {identifier:02X} has values of length 0")
    while cursor:
        yield Element(identifier, at, cursor.take(size, f"a value of element {identifier:02X}"), form & 7)
        at += step


def _hour(identifier: int, data: bytes, at: datetime, decimals: int) -> list[Element | BadElement]:
    """Return the values of an hour's series, the first at the time of observation, or the value of another element."""
    if identifier == Mark.RAIN_SERIES:
        width = 1
    elif Mark.LEVEL_SERIES <= identifier <= Mark.LEVEL_SERIES_LAST:
        width = 2
    else:
        return [Element(identifier, at, data, decimals)]
    if len(data) % width or not data:
        return [BadElement(f"element {identifier:02X} has {len(data)} bytes")]
    values = [data[start : start + width] for start in range(0, len(data), width)]
    return [Element(identifier, at + position * SERIES_STEP, value, 0) for position, value in enumerate(values)]
