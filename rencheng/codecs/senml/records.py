"""Resolve a SenML pack: each record gets its full name, unit, time and value (RFC 8428, 4.6)."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from rencheng.codecs.parts import UnreadablePart
from rencheng.domain.errors import Rejected, RejectionReason

RELATIVE_BELOW_S = 2**28
"""Times below this count from "now" (RFC 8428, 4.5.3)."""

VERSION = 10
"""The version of a pack that names none. Lower ones were drafts of the same form (RFC 8428, 4.4)."""
_SECONDARY_UNITS = 1 << 4
"""Above 10 a version is a sum of features (RFC 9100). Of these only the units of RFC 8798 are known."""

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
    unknown: dict[str, int] = field(default_factory=dict)
    """The labels whose present value is unknown, and the record that should have set it."""


def resolve(items: Sequence[Any]) -> list[Record | UnreadablePart]:
    """Return each record that holds a value, in order, or what is wrong with it.

    A record that is not valid rejects those behind it only where they depend on a base value that it should have set.

    Raises:
        Rejected: with reason `undecodable`, for a version of SenML that is not known.
    """
    base = _Base()
    resolved: list[Record | UnreadablePart] = []
    for position, item in enumerate(items):
        try:
            if isinstance(item, UnreadablePart):
                _check_version(item.fields)
                resolved.append(replace(item, detail=f"record {position}: {item.detail}"))
                _take_base(item.fields, base, position, item.names)
                continue
            record = _resolve(item, base, position)
        except BadRecord as error:
            if not isinstance(item, UnreadablePart):
                resolved.append(UnreadablePart(f"record {position}: {error}"))
        else:
            if record is not None:
                resolved.append(record)
    return resolved


def _check_version(item: Mapping[str, Any]) -> None:
    version = item.get("bver", VERSION)
    if isinstance(version, bool) or version not in (*range(1, VERSION + 1), VERSION + _SECONDARY_UNITS):
        known = f"versions up to {VERSION} and {VERSION + _SECONDARY_UNITS} are supported"
        raise Rejected(RejectionReason.UNDECODABLE, f"SenML version {version!r}; {known}")


def _resolve(item: Any, base: _Base, position: int) -> Record | None:  # noqa: ANN401 - whatever a device sends
    if not isinstance(item, dict):
        raise BadRecord("a record is an object")
    _check_version(item)
    _take_base(item, base, position, item.keys())
    unknown = [label for label in item if isinstance(label, str) and label.endswith("_")]
    if unknown:  # RFC 8428, 4.4: such a label must be understood
        raise BadRecord(f"label {unknown[0]!r} must be understood (RFC 8428, 4.4), and is unknown")
    present = [label for label in ("v", "vs", "vb", "vd", "s") if label in item]
    if not present and base.value is None and not item.keys() & {"n", "u", "t"}:
        return None  # it only sets base values
    name = base.name + _text(item, "n")
    if not NAME.fullmatch(name):
        raise BadRecord(f"{name!r} is not a valid SenML name")
    if base.unknown:
        _check_base(item, present, base)
    return Record(
        name, _text(item, "u") or base.unit, _time(base.time_us + _microseconds(item, "t")), _value(item, present, base)
    )


def _take_base(item: Mapping[str, Any], base: _Base, position: int, names: Collection[str]) -> None:
    """Take over the base values of a record, all that are valid.

    Raises:
        BadRecord: one of them is not valid.
    """
    invalid: list[BadRecord] = []
    for label, (attribute, read) in _BASES.items():
        if label in item:
            try:
                setattr(base, attribute, read(item, label))
                base.unknown.pop(label, None)
                continue
            except BadRecord as error:
                invalid.append(error)
        if label in names:
            base.unknown[label] = position
    if invalid:
        raise invalid[0]


def _check_base(item: Mapping[str, Any], present: Sequence[str], base: _Base) -> None:
    needed = {"bn", "bt"} | ({"bu"} if not item.get("u") else set()) | ({"bv"} if present in (["v"], []) else set())
    for label, position in base.unknown.items():
        if label in needed:
            raise BadRecord(f"it depends on {label} of record {position}, which is not valid")


def _value(item: Mapping[str, Any], present: list[str], base: _Base) -> float | str | bool:
    if present == ["vs"]:
        return _text(item, "vs")
    if present == ["vb"] and isinstance(item["vb"], bool):
        return item["vb"]
    if present == ["v"] or (not present and base.value is not None):
        value = _number(item, "v")
        return value if base.value is None else value + base.value
    raise BadRecord("a record needs one of v, vs, vb; sums and binary data are not supported")


def _microseconds(item: Mapping[str, Any], label: str) -> int:
    """Return microseconds. Base time and time are rounded separately, because their sum would lose microseconds."""
    return round(_number(item, label) * 1_000_000)


def _time(microseconds: int) -> datetime:
    if abs(microseconds) < RELATIVE_BELOW_S * 1_000_000:
        # the platform's clock would make it another reading each time it is sent
        raise BadRecord("a time relative to now; send seconds since 1970 (bt, t)")
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise BadRecord("a time outside the years 1 to 9999 (milliseconds?)") from None


def _text(item: Mapping[str, Any], label: str) -> str:
    value = item.get(label, "")
    if not isinstance(value, str):
        raise BadRecord(f"{label} is a text")
    return value


def _number(item: Mapping[str, Any], label: str) -> float:
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


_BASES: Mapping[str, tuple[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "bn": ("name", _text),
    "bt": ("time_us", _microseconds),
    "bu": ("unit", _text),
    "bv": ("value", _number),
}
"""The base labels: the attribute of `_Base`, and how the value is read."""
