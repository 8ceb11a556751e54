"""A SenML pack, resolved: each record with its full name, unit, time and value (RFC 8428, 4.6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from rencheng.domain.errors import Rejected, RejectionReason

RELATIVE_BELOW_S = 2**28
"""Times below this count from "now" (RFC 8428, 4.5.3)."""

VERSION = 10
"""The version of SenML that is read."""

NUMBER_MAX = 1e30
"""Beyond it nothing is measured, and arithmetic fails."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadRecord(ValueError):
    """What a record says cannot be. It is about the payload, never about the program."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value. A number, a text or a boolean; `unit` is empty if none was told."""

    name: str
    unit: str
    time: datetime
    value: float | str | bool


@dataclass(slots=True)
class _Base:
    """What holds from one record on, for those that follow."""

    name: str = ""
    time_us: int = 0
    unit: str = ""
    value: float | None = None


def resolve(items: Sequence[Any]) -> list[Record | str]:
    """Each record that tells a value, in order; a text says what is wrong with one.

    Raises:
        Refused: with reason `undecodable`, for another version of SenML: then nothing is certain.
    """
    base = _Base()
    resolved: list[Record | str] = []
    for place, item in enumerate(items):
        try:
            record = _resolve(item, base)
        except BadRecord as error:
            resolved.append(f"record {place}: {error}")
        else:
            if record is not None:
                resolved.append(record)
    return resolved


def _resolve(item: Any, base: _Base) -> Record | None:  # noqa: ANN401 - whatever a device sends
    if not isinstance(item, dict):
        raise BadRecord("a record is an object")
    if item.get("bver", VERSION) != VERSION:
        raise Rejected(RejectionReason.UNDECODABLE, f"SenML version {item['bver']!r}; version {VERSION} is read")
    _take_base(item, base)
    strange = [label for label in item if isinstance(label, str) and label.endswith("_")]
    if strange:  # RFC 8428, 4.4: such a label must be understood
        raise BadRecord(f"label {strange[0]!r} must be understood, and is not")
    told = [label for label in ("v", "vs", "vb", "vd", "s") if label in item]
    if not told and base.value is None and not item.keys() & {"n", "u", "t"}:
        return None  # it only sets what holds for the others
    name = base.name + _text(item, "n")
    if not NAME.fullmatch(name):
        raise BadRecord(f"{name!r} is no SenML name")
    return Record(
        name, _text(item, "u") or base.unit, _time(base.time_us + _microseconds(item, "t")), _value(item, told, base)
    )


def _take_base(item: dict[str, Any], base: _Base) -> None:
    if "bn" in item:
        base.name = _text(item, "bn")
    if "bt" in item:
        base.time_us = _microseconds(item, "bt")
    if "bu" in item:
        base.unit = _text(item, "bu")
    if "bv" in item:
        base.value = _number(item, "bv")


def _value(item: dict[str, Any], told: list[str], base: _Base) -> float | str | bool:
    if told == ["vs"]:
        return _text(item, "vs")
    if told == ["vb"] and isinstance(item["vb"], bool):
        return item["vb"]
    if told == ["v"] or (not told and base.value is not None):
        value = _number(item, "v")
        return value if base.value is None else value + base.value
    raise BadRecord("a record needs one of v, vs, vb; sums and binary data have no place here")


def _microseconds(item: dict[str, Any], label: str) -> int:
    """Each of the two times is rounded for itself: their sum as a double would have no microseconds to spare."""
    return round(_number(item, label) * 1_000_000)


def _time(microseconds: int) -> datetime:
    if abs(microseconds) < RELATIVE_BELOW_S * 1_000_000:
        # by our clock it would become another reading each time it is sent again
        raise BadRecord("a time relative to now; send seconds since 1970 (bt, t)")
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise BadRecord("a time outside the years 1 to 9999") from None


def _text(item: dict[str, Any], label: str) -> str:
    value = item.get(label, "")
    if not isinstance(value, str):
        raise BadRecord(f"{label} is a text")
    return value


def _number(item: dict[str, Any], label: str) -> float:
    """A number, whole ones unrounded; 0 if it is not there."""
    value = item.get(label, 0)
    if isinstance(value, bool | str | bytes | dict | list) or value is None:
        raise BadRecord(f"{label} is a number")
    try:
        number = value if isinstance(value, int) else float(value)
        finite = isfinite(number)
    except (TypeError, ValueError, OverflowError):
        raise BadRecord(f"{label} is a number") from None
    if not finite or abs(number) > NUMBER_MAX:
        raise BadRecord(f"{label} lies beyond all measure")
    return number
