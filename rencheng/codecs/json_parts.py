"""Divide a JSON message into its parts, also where one of them is not JSON or has a name twice (RFC 7493, 2.3)."""

import json
import re
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from pydantic_core import from_json

from rencheng.codecs.parts import UnreadablePart, rest
from rencheng.domain.errors import Rejected, RejectionReason

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PADDING = b" \t\r\n\0"
"""White space, and the NUL that ends a text in C."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_NAME = re.compile(r'"([^"\\]{1,64})"\s*:')
DEPTH_MAX = 8
"""An array of objects has two levels. Deeper nesting is an error or an attack."""
_OPENING, _CLOSING = b"[{", b"]}"


def without_marks(payload: bytes) -> bytes:
    """Return the payload without a byte order mark, white space around it and NULs at its end."""
    return payload.removeprefix(_BYTE_ORDER_MARK).strip(_PADDING)


def read_json_parts(payload: bytes, *, parts_max: int) -> Any:  # noqa: ANN401 - whatever JSON may hold
    """Return a list of the array's parts, or the value if the payload is no array.

    Raises:
        Rejected: with reason `undecodable`, if a payload other than an array is not JSON, or an array is too long.
    """
    payload = without_marks(payload)
    try:
        value = from_json(payload, allow_inf_nan=False)
    except ValueError as error:
        if payload[:1] != b"[":
            raise Rejected(RejectionReason.UNDECODABLE, f"not JSON: {error}") from None
        return _divided(payload, parts_max)
    if isinstance(value, list):
        _check_count(value, parts_max)
        return _marked(value, _pairs_checked(payload))
    return _marked([value], [_pairs_checked(payload)])[0]


def has_repeated_names(payload: bytes) -> bool:
    """Return whether an object of a valid JSON text has a name twice."""
    value = _pairs_checked(payload)
    return any(isinstance(part, _Repeated) for part in (value if isinstance(value, list) else [value]))


class _Repeated:
    """An object that has a name twice, at any level."""

    def __init__(self, path: str, pairs: Sequence[tuple[str, Any]]) -> None:
        self.path = path
        names = [name for name, _ in pairs]
        self.names = frozenset(names)
        self.fields = {name: value for name, value in pairs if names.count(name) == 1 and not _repeated_in(value)}


def _object(pairs: list[tuple[str, Any]]) -> Any:  # noqa: ANN401 - a dict or what is wrong with it
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                return _Repeated(name, pairs)
            seen.add(name)
    for name, value in pairs:
        if inner := _repeated_in(value):
            return _Repeated(f"{name}.{inner}", pairs)
    return found


def _repeated_in(value: object) -> str:
    """Return the path of a name that occurs twice within a value; empty if there is none."""
    if isinstance(value, _Repeated):
        return value.path
    if isinstance(value, list):
        return next((path for path in map(_repeated_in, value) if path), "")
    return ""


def _pairs_checked(text: bytes) -> Any:  # noqa: ANN401 - whatever JSON may hold
    # numbers of thousands of digits are left to the model, which rejects them by size
    return json.loads(text.decode(), object_pairs_hook=_object, parse_int=float)


def _marked(values: list[Any], checked: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the values, with those that have a name twice as unreadable parts."""
    return [
        UnreadablePart(f"{found.path}: occurs twice in one object", names=found.names, fields=found.fields)
        if isinstance(found, _Repeated)
        else value
        for value, found in zip(values, checked, strict=True)
    ]


def _divided(payload: bytes, parts_max: int) -> list[Any]:
    """Divide an array by its brackets and commas alone, and decode each part by itself."""
    parts: list[Any] = []
    begin = 1
    for end in _ends(payload):
        if len(parts) > parts_max:
            break
        parts.append(_part(payload[begin:end], begin))
        begin = end + 1
    behind = payload[begin:]
    if payload[begin - 1 : begin] != b"]":
        parts += [*_last_part(behind, begin), rest(f"byte {begin:,}; the array is not closed")]
    elif behind:
        parts.append(rest(f"{len(behind)} bytes after the end of the array"))
    _check_count(parts, parts_max)
    return parts


def _ends(payload: bytes) -> Iterator[int]:
    """Yield where each part of an array ends: at the commas between them, and at the bracket behind the last."""
    depth = 0
    for token in _TOKEN.finditer(payload):
        character = token[0]
        if character in _OPENING:
            depth += 1
            if depth > DEPTH_MAX:
                return
        elif depth == 1 and character in b",]":
            yield token.start()
        if character in _CLOSING:
            depth -= 1
            if depth == 0:
                return


def _last_part(text: bytes, begin: int) -> list[Any]:
    """Return the last part of an array if only the end of the array is missing."""
    try:
        from_json(text, allow_inf_nan=False)
    except ValueError:
        return []
    return [_part(text, begin)]


def _part(text: bytes, begin: int) -> Any:  # noqa: ANN401 - whatever JSON may hold
    text = text.strip(_PADDING)
    if not text:
        return UnreadablePart(f"an empty part at byte {begin:,}: a comma too many")
    try:
        return _marked([from_json(text, allow_inf_nan=False)], [_pairs_checked(text)])[0]
    except ValueError as error:
        names, fields = _recognised(text)
        return UnreadablePart(f"not JSON at byte {begin:,}: {error}", names=names, fields=fields)


def _recognised(text: bytes) -> tuple[frozenset[str], dict[str, Any]]:
    """Return the names of a part that is not JSON, and its values if only a value is not allowed."""
    readable = text.decode("utf-8", "replace")
    try:
        found = json.loads(readable, object_pairs_hook=_object, parse_int=_number, parse_constant=lambda _word: inf)
    except (ValueError, RecursionError):
        return frozenset(_NAME.findall(readable)), {}
    if isinstance(found, _Repeated):
        return found.names, found.fields
    return (frozenset(found), found) if isinstance(found, dict) else (frozenset(), {})


def _number(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)  # noqa: PLR2004 - 2^63 has 19


def _check_count(parts: Sequence[object], parts_max: int) -> None:
    if len(parts) > parts_max:
        raise Rejected(RejectionReason.UNDECODABLE, f"more than {parts_max} entries in one message")
