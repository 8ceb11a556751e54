"""Read rows one by one, so that a row that cannot be read hides no other.

PostgreSQL keeps moments that Python cannot: infinity, years before Christ and after 9999, and 24:00. The driver raises
on these for a whole result, so times are read as text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Date, DateTime, Select, Text, Time, cast

from rencheng.domain.bounds import day_within_bounds, moment_within_bounds
from rencheng.store.core.sessions import Row

Result = TypeVar("Result")

OnInvalid = Callable[[str, Exception], None]
"""Called with the name of a row that cannot be read, and why."""

_PARSERS: tuple[tuple[type[Any], Callable[[str], Any]], ...] = (
    (DateTime, lambda written: moment_within_bounds(datetime.fromisoformat(written))),
    (Date, lambda written: day_within_bounds(date.fromisoformat(written))),
    (Time, time.fromisoformat),
)


def ignore(_name: str, _error: Exception) -> None:
    """Pass over a row that cannot be read."""


def guarded(columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return the columns to select, with times as text."""
    return [cast(column, Text).label(column.key or "") if _parser(column) else column for column in columns]


def read_rows(
    connection: Connection,
    query: Select[Any],
    columns: Sequence[ColumnElement[Any]],
    convert: Callable[[Mapping[str, Any]], Result],
    *,
    name: Callable[[Row], str],
    on_invalid: OnInvalid,
) -> list[Result]:
    """Return the converted rows of a query over `guarded(columns)`; pass over those that cannot be read.

    Args:
        connection: the database.
        query: selects the guarded columns.
        columns: as the schema declares them.
        convert: makes a value of a row.
        name: names a row for people.
        on_invalid: called for each row that cannot be read.
    """
    parsers = {column.key: parser for column in columns if (parser := _parser(column))}
    found: list[Result] = []
    for row in connection.execute(query).mappings():
        try:
            found.append(convert({key: _parsed(parsers.get(key), value) for key, value in row.items()}))
        except (ValueError, TypeError, OverflowError) as error:
            on_invalid(name(row), error)
    return found


def _parser(column: ColumnElement[Any]) -> Callable[[str], Any] | None:
    return next((parser for kind, parser in _PARSERS if isinstance(column.type, kind)), None)


def _parsed(parser: Callable[[str], Any] | None, value: Any) -> Any:  # noqa: ANN401 - a value of any column
    return parser(value) if parser and value is not None else value
