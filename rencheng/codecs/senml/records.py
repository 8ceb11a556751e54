"""Resolve a SenML pack: each record gets its full name, unit, time and value (RFC 8428, 4.6)."""

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
"""The version of SenML that is supported."""

NUMBER_MAX = 1e30
"""No measurement exceeds it, and arithmetic fails beyond it."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadRecord(ValueError):
    """A record is not valid. The payload is at fault, not the program."""


@dataclass(frozen=True, slots=True)
class Record:
    """A value: a number, a text or a boolean. `unit` is empty if the record has none."""

    name: str
    unit: str
    time: datetime
    value: float | str | bool


@dataclass(slots=True)
class _Base:
    """The base values, which apply to the records that follow."""

    name: str = ""
    time_us: int = 0
    unit: str = ""
    value: float | None = None


def resolve(items: Sequence[Any]) -> list[Record | str]:
    """Return each record that holds a value, in order, or a text that explains what is wrong with it.

    Raises:
        Rejected: with reason `undecodable`, for another version of SenML.
    """
    base = _Base()
    resolved: list[Record | str] = []
    for position, item in enumerate(items):
        try:
            record = _resolve(item, base)
        except BadRecord as error:
            resolved.append(f"record {position}: {error}")
        else:
            if record is not None:
                resolved.append(record)
    return resolved


def _resolve(item: Any, base: _Base) -> Record | None:  # noqa: ANN401 - whatever a device sends
    if not isinstance(item, dict):
        raise BadRecord("a record is an object")
    if item.get("bver", VERSION) != VERSION:
        raise Rejected(RejectionReason.UNDECODABLE, f"SenML version {item['bver']!r}; version {VERSION} is supported")
    _take_base(item, base)
    unknown = [label for label in item if isinstance(label, str) and label.endswith("_")]
    if unknown:  # RFC 8428, 4.4: such a label must be understood
        raise BadRecord(f"label {unknown[0]!r} must be understood (RFC 8428, 4.4), and is unknown")
    present = [label for label in ("v", "vs", "vb", "vd", "s") if label in item]
    if not present and base.value is None and not item.keys() & {"n", "u", "t"}:
        return None  # it only sets base values
    name = base.name + _text(item, "n")
    if not NAME.fullmatch(name):
        raise BadRecord(f"{name!r} is not a valid SenML name")
    return Record(
        name, _text(item, "u") or base.unit, _time(base.time_us + _microseconds(item, "t")), _value(item, present, base)
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


def _value(item: dict[str, Any], present: list[str], base: _Base) -> float | str | bool:
    if present == ["vs"]:
        return _text(item, "vs")
    if present == ["vb"] and isinstance(item["vb"], bool):
        return item["vb"]
    if present == ["v"] or (not present and base.value is not None):
        value = _number(item, "v")
        return value if base.value is None else value + base.value
    raise BadRecord("a record needs one of v, vs, vb; sums and binary data are not supported")


def _microseconds(item: dict[str, Any], label: str) -> int:
    """Return microseconds. Base time and time are rounded separately, because their sum would lose microseconds."""
    return round(_number(item, label) * 1_000_000)


def _time(microseconds: int) -> datetime:
    if abs(microseconds) < RELATIVE_BELOW_S * 1_000_000:
        # the platform's clock would make it another reading each time it is sent
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
    """Return a number, whole ones as int; 0 if the label is absent."""
    value = item.get(label, 0)
    if isinstance(value, bool | str | bytes | dict | list) or value is None:
        raise BadRecord(f"{label} is a number")
    try:
        number = value if isinstance(value, int) else float(value)
        finite = isfinite(number)
    except (TypeError, ValueError, OverflowError):
        raise BadRecord(f"{label} is a number") from None
    if not finite or abs(number) > NUMBER_MAX:
        raise BadRecord(f"{label} exceeds {NUMBER_MAX:g}")
    return number
