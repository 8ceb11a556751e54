"""Divide a CBOR message into its parts, also where one of them cannot be decoded (RFC 8949, appendix C)."""

from typing import Any

from rencheng.codecs.cbor_bytes import DEPTH_MAX, read_cbor
from rencheng.codecs.parts import UnreadablePart, rest
from rencheng.domain.errors import Rejected, RejectionReason

_SELF_DESCRIBED = b"\xd9\xd9\xf7"
"""Tag 55799, which says "this is CBOR" and nothing about its content (RFC 8949, 3.4.6)."""
_CONTENT_FORMAT, _CONTENT_FORMAT_SIZE = b"\xda\x63\x74", 5
"""Tags that name the content format, likewise (RFC 9277, 2.2)."""

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_SHORT, _INDEFINITE = 24, 31
_BREAK = b"\xff"
HEADS_MAX = 100_000
"""Data items of a message: the most readings with all fields have 30,000."""
_EPOCH = 0xC1
_MILLISECONDS_FROM = 10**11
"""As seconds since 1970 this is the year 5138."""


class _NotWellFormed(ValueError):
    """The bytes are not CBOR from some place on."""


def read_cbor_parts(payload: bytes, *, text_keys: bool, parts_max: int) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    """Return a list of the array's parts, or the value if the payload is no array.

    Args:
        payload: the bytes.
        text_keys: as for `read_cbor`.
        parts_max: the most parts.

    Raises:
        Rejected: with reason `undecodable`, if a payload other than an array cannot be decoded, or an array is too
            long.
    """
    payload = _without_marks(payload)
    try:
        value = read_cbor(payload, text_keys=text_keys)
    except Rejected:
        if not payload or payload[0] >> 5 != _ARRAY:
            raise
        value = _divided(payload, text_keys, parts_max)
    if isinstance(value, list) and len(value) > parts_max:
        raise Rejected(RejectionReason.UNDECODABLE, f"more than {parts_max} entries in one message")
    return value


def _without_marks(payload: bytes) -> bytes:
    while payload.startswith(_SELF_DESCRIBED):
        payload = payload.removeprefix(_SELF_DESCRIBED)
        if payload.startswith(_CONTENT_FORMAT):
            payload = payload[_CONTENT_FORMAT_SIZE:]
    return payload


def _divided(payload: bytes, text_keys: bool, parts_max: int) -> list[Any]:
    parts: list[Any] = []
    walk, at = _Walk(payload), 0
    try:
        _, count, at = walk.head(0)
        while len(parts) <= parts_max:
            if len(parts) == count or (count is None and walk.is_break(at)):
                at += count is None
                break
            end = walk.end(at, DEPTH_MAX - 1)
            parts.append(_part(payload[at:end], text_keys))
            at = end
        else:
            return parts
    except _NotWellFormed as error:
        return [*parts, rest(f"byte {at:,}: {error}")]
    if at < len(payload):
        parts.append(rest(f"{len(payload) - at} bytes after the end of the CBOR data item"))
    return parts


def _part(data: bytes, text_keys: bool) -> Any:  # noqa: ANN401 - whatever CBOR may hold
    data = _without_marks(data)
    try:
        return read_cbor(data, text_keys=text_keys)
    except Rejected as error:
        if data[0] >> 5 != _MAP:
            return UnreadablePart(error.detail)
    return _faulty_map(data, text_keys)


def _faulty_map(data: bytes, text_keys: bool) -> UnreadablePart:
    """Return what is wrong with a map, and its fields that are valid."""
    walk = _Walk(data)
    _, count, at = walk.head(0)
    fields: dict[Any, Any] = {}
    names: set[Any] = set()
    findings: list[str] = []
    for _ in range(len(data) if count is None else count):
        if count is None and walk.is_break(at):
            break
        middle = walk.end(at)
        end = walk.end(middle)
        try:
            name = read_cbor(data[at:middle], text_keys=text_keys)
            hash(name)
        except (Rejected, TypeError):
            findings.append("a field's name is not valid")
        else:
            if name in names:
                findings.append(f"{name}: occurs twice in one map")
                fields.pop(name, None)
            names.add(name)
            try:
                fields.setdefault(name, read_cbor(data[middle:end], text_keys=text_keys))
            except Rejected as error:
                findings.append(f"{name}: {_milliseconds(data[middle:end]) or error.detail}")
        at = end
    valid = {name: value for name, value in fields.items() if f"{name}: occurs twice in one map" not in findings}
    detail = "; ".join(findings[:3]) or "a field's name is not valid"
    return UnreadablePart(detail, names=frozenset(names), fields=valid)


def _milliseconds(data: bytes) -> str:
    """Return the words for a time that is in milliseconds; empty for any other value."""
    if data[0] == _EPOCH:
        try:
            value = read_cbor(data[1:], text_keys=True)
        except Rejected:
            return ""
        if isinstance(value, int | float) and abs(value) >= _MILLISECONDS_FROM:
            return f"tag 1 counts seconds since 1970, and {value} is beyond the year 5000 (milliseconds?)"
    return ""


class _Walk:
    """Finds the ends of data items without decoding them, and counts them, so that a hostile payload ends early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._heads_left = HEADS_MAX

    def head(self, at: int) -> tuple[int, int | None, int]:
        """Return the major type, its argument (None: indefinite length, or a break), and where the head ends."""
        data = self._data
        self._heads_left -= 1
        if at >= len(data):
            raise _NotWellFormed("it ends early")
        if self._heads_left < 0:
            raise _NotWellFormed(f"more than {HEADS_MAX:,} data items")
        major, info = data[at] >> 5, data[at] & 31
        if info < _SHORT:
            return major, info, at + 1
        if info < 28:  # noqa: PLR2004 - 24 to 27: an argument of 1, 2, 4 or 8 bytes
            end = at + 1 + (1 << (info - _SHORT))
            if end > len(data):
                raise _NotWellFormed("it ends early")
            return major, int.from_bytes(data[at + 1 : end]), end
        if info == _INDEFINITE and major in {_BYTES, _TEXT, _ARRAY, _MAP, _SIMPLE}:
            return major, None, at + 1
        raise _NotWellFormed(f"{data[at]:02X} begins no data item")

    def is_break(self, at: int) -> bool:
        """Return whether an array or map of indefinite length ends here."""
        return self._data[at : at + 1] == _BREAK

    def end(self, at: int, depth: int = DEPTH_MAX) -> int:
        """Return where the data item ends that begins at `at`."""
        major, argument, at = self.head(at)
        while major == _TAG:
            major, argument, at = self.head(at)
        if major in {_BYTES, _TEXT}:
            return self._end_of_string(at, major, argument)
        if major == _SIMPLE and argument is None:
            raise _NotWellFormed("a break outside an array or map")
        if major not in {_ARRAY, _MAP}:
            return at
        if not depth:
            raise _NotWellFormed(f"nested deeper than {DEPTH_MAX} levels")
        left = None if argument is None else argument * (major - 3)  # a map has two items for each pair
        while left != 0:
            if left is None and self.is_break(at):
                return at + 1
            at = self.end(at, depth - 1)
            left = None if left is None else left - 1
        return at

    def _end_of_string(self, at: int, major: int, size: int | None) -> int:
        if size is not None:
            if at + size > len(self._data):
                raise _NotWellFormed("it ends early")
            return at + size
        while not self.is_break(at):
            chunk, size, at = self.head(at)
            if chunk != major or size is None:
                raise _NotWellFormed("a string in pieces that are no strings")
            at = self._end_of_string(at, major, size)
        return at + 1
