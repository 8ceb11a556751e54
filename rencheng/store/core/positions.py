"""Positions in an ordered list: one value for each column of its order, checked against the column."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Integer, SmallInteger, Text

from rencheng.domain.bounds import moment_within_bounds, plain_text

__all__ = ["Column", "read_position"]

_INTEGER_BITS: dict[type[Any], int] = {SmallInteger: 16, Integer: 32, BigInteger: 64}


def read_position(parts: object, columns: Sequence[Column[Any]]) -> tuple[Any, ...]:
    """Return the values of a position whose parts come from JSON.

    Raises:
        ValueError: the number of parts is wrong, or a column cannot hold its part.
        TypeError: the position is no list, or a part has another type than its column.
    """
    if not isinstance(parts, list):
        raise TypeError("a position is a list")
    return tuple(_value(part, column) for part, column in zip(parts, columns, strict=True))


def _value(part: object, column: Column[Any]) -> object:
    kind = column.type
    if isinstance(kind, DateTime) and isinstance(part, str):
        return moment_within_bounds(datetime.fromisoformat(part))
    if isinstance(kind, Text) and isinstance(part, str):
        return plain_text(part)
    if isinstance(kind, Integer) and type(part) is int:
        bits = _INTEGER_BITS[type(kind)]
        if -(1 << bits - 1) <= part < 1 << bits - 1:
            return part
        raise ValueError(f"{part} is beyond the range of {column.name}")
    raise TypeError(f"{column.name} holds other values")
