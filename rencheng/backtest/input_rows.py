"""The two tables of a back-test, read from lines of CSV: depths and rainfall."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from operator import itemgetter
from typing import NamedTuple

from rencheng.domain.errors import NotPossible

READING_COLUMNS = ("device_id", "time", "depth_mm")
SPAN_COLUMNS = ("device_id", "begin", "end")
TEMPERATURE_COLUMNS = ("temperature_c", "temp_c")
RAIN_COLUMNS = ("gauge_id", "time", "rain_mm")

_NEVER = datetime.min.replace(tzinfo=UTC)


class Row(NamedTuple):
    """One line of either table.

    Attributes:
        time: UTC.
        source: the device, or the rain gauge.
        value: depth or rain in mm; None if it was not measured.
        temperature_c: °C, as the device measured it; None if it was not measured.
    """

    time: datetime
    source: str
    value: float | None
    temperature_c: float | None = None


def read_readings(lines: Iterable[str], name: str) -> list[Row]:
    """Return the readings in order of event time, whatever their order in the file.

    Rows of one moment are in order of device. Of two rows of one device and moment the first in the file counts.

    Args:
        lines: of the file.
        name: the name of the file in errors.

    Raises:
        NotPossible: the file lacks a column, or a line cannot be read. It names file and line.
    """
    return sorted(_rows(lines, name, READING_COLUMNS), key=itemgetter(0, 1))


def read_rain(lines: Iterable[str], name: str) -> list[Row]:
    """Return the rain in order of event time, by the same rules as readings.

    A row of less than nothing has no value.
    """
    rows = _rows(lines, name, RAIN_COLUMNS)
    return sorted((row if (row.value or 0) >= 0 else row._replace(value=None) for row in rows), key=itemgetter(0, 1))


def read_spans(lines: Iterable[str], name: str) -> list[tuple[str, datetime, datetime]]:
    """Return (device, begin, end) of the spans that are known to be artefacts.

    Raises:
        NotPossible: the file lacks a column, or a line cannot be read. It names file and line.
    """
    reader = csv.reader(lines)
    try:
        cells = itemgetter(*_places(next(reader, []), SPAN_COLUMNS))
        return [
            (_named(device.strip(), "device_id"), _utc(begin), _utc(end))
            for device, begin, end in (cells(line) for line in reader if _has_content(line))
        ]
    except IndexError:
        raise NotPossible(f"{name}, line {reader.line_num}: a row needs {', '.join(SPAN_COLUMNS)}") from None
    except (ValueError, csv.Error) as error:
        raise NotPossible(f"{name}, line {reader.line_num}: {error}") from None


def _rows(lines: Iterable[str], name: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield one row a line. Names and times that repeat are parsed once, because a file may have millions of rows."""
    reader = csv.reader(lines)
    names: dict[str, str] = {}
    text, time = "", _NEVER
    try:
        header = next(reader, [])
        cells, warm = itemgetter(*_places(header, columns)), _temperature_place(header)
        for line in reader:
            if _has_content(line):
                source, when, value = cells(line)
                if source not in names:
                    names[source] = _named(source.strip(), columns[0])
                if when != text:
                    text, time = when, _utc(when)
                temperature_c = _temperature(line[warm]) if warm is not None and warm < len(line) else None
                yield Row(time, names[source], _measured(value), temperature_c)
    except IndexError:
        raise NotPossible(f"{name}, line {reader.line_num}: a row needs {', '.join(columns)}") from None
    except UnicodeDecodeError:
        raise  # of the file, not of a line
    except (ValueError, OverflowError, csv.Error) as error:
        raise NotPossible(f"{name}, line {reader.line_num}: {error}") from None


def _temperature_place(header: Sequence[str]) -> int | None:
    """Return where the temperature is; None in a table without one."""
    names = [column.strip() for column in header]
    return next((names.index(column) for column in TEMPERATURE_COLUMNS if column in names), None)


def _temperature(text: str) -> float | None:
    """Return a temperature; None for a cell without one, because it is no more than context."""
    try:
        return _measured(text)
    except ValueError:
        return None


def _has_content(line: Sequence[str]) -> bool:
    """Return whether a row is not blank. Spreadsheets leave rows of commas."""
    return bool(line) and (bool(line[0].strip()) or any(cell.strip() for cell in line))


def _places(header: Sequence[str], columns: Sequence[str]) -> list[int]:
    names = [column.strip().removeprefix("\ufeff") for column in header]
    missing = [column for column in columns if column not in names]
    if missing:
        raise ValueError(f"the first line must name {', '.join(columns)}; it lacks {', '.join(missing)}")
    return [names.index(column) for column in columns]


def _named(source: str, column: str) -> str:
    if not source:
        raise ValueError(f"{column} is empty")
    return source


def _utc(text: str) -> datetime:
    """Return the moment in UTC. One shared zone object makes comparisons cheap."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is UTC:
        return time
    if time.tzinfo is None:
        raise ValueError(f"time {text!r} needs an offset, such as +08:00")
    return time.astimezone(UTC)


def _measured(text: str) -> float | None:
    """The value; None where the cell is empty or holds no number that anything could measure (nan, inf)."""
    if not text or text.isspace():
        return None
    value = float(text)
    return value if isfinite(value) else None
