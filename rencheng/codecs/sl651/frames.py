"""Decode bytes to reports: check frames, and combine the packets of one report (SL 651-2014, 6.5)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rencheng.codecs.parts import UnreadablePart
from rencheng.codecs.sl651.crc import crc16
from rencheng.codecs.sl651.hex_text import read_segments
from rencheng.codecs.sl651.parts import START, damaged
from rencheng.domain.errors import Rejected, RejectionReason

HEAD_SIZE = 14
"""Start 2, centre 1, station 5, password 2, function 1, direction and length 2, start of the body 1."""
TAIL_SIZE = 3
"""End of the body 1, check word 2."""
FRAME_MAX = HEAD_SIZE + 0xFFF + TAIL_SIZE
PADDING = b" \t\r\n\0"
RESYNC_MAX = 100
"""The most places at which the next frame is looked for in a payload, because each costs a check word."""


class Control(IntEnum):
    """The control characters of a frame from a station (table 10)."""

    STX = 0x02
    ETX = 0x03
    SYN = 0x16
    ETB = 0x17


@dataclass(frozen=True, slots=True)
class Report:
    """A report of one station. `station` is the address in the head, as ten hexadecimal digits."""

    function: int
    station: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Frame:
    report: Report
    packets: int
    packet: int
    size: int


def read_reports(payload: bytes) -> list[Report | UnreadablePart]:
    """Return the reports of a payload: one frame or several in a row, as bytes or as hexadecimal text.

    A damaged frame is rejected alone, and so is a report of which a packet is missing.

    Raises:
        Rejected: with reason `undecodable`, if no frame can be decoded.
    """
    found: list[Report | UnreadablePart] = []
    for segment in read_segments(payload):
        if isinstance(segment, UnreadablePart):
            found.append(segment)
        else:
            found += _reports(_read_frames(segment))
    if not any(isinstance(one, Report) for one in found):
        raise _undecodable(found[0].detail if found and isinstance(found[0], UnreadablePart) else "no frame")
    return found


def _reports(frames: Iterable[_Frame | UnreadablePart]) -> Iterator[Report | UnreadablePart]:
    """Combine the packets of each report."""
    parts: list[_Frame] = []
    lost: _Frame | None = None  # the report of this frame is rejected already
    for frame in frames:
        if isinstance(frame, UnreadablePart):
            lost, parts = parts[0] if parts else lost, []
            yield frame
            continue
        if parts and not (frame.packet == len(parts) + 1 and _belongs(frame, parts[0])):
            yield _incomplete(parts)
            lost, parts = parts[0], []
        if not parts and frame.packet != 1:
            if lost is None or not _belongs(frame, lost):
                yield damaged(f"packet {frame.packet} of {frame.packets}; the packets of a report go into one payload")
            lost = frame
            continue
        parts.append(frame)
        if frame.packet == frame.packets:
            first = parts[0].report
            yield Report(first.function, first.station, b"".join(part.report.body for part in parts))
            parts = []
    if parts:
        yield _incomplete(parts)


def _incomplete(parts: Sequence[_Frame]) -> UnreadablePart:
    return damaged(f"only {len(parts)} of {parts[0].packets} packets; all of a report go into one payload")


def _read_frames(data: bytes) -> Iterator[_Frame | UnreadablePart]:
    at, tries = 0, RESYNC_MAX
    while at < len(data):
        try:
            frame = _read_frame(data[at : at + FRAME_MAX])
        except Rejected as error:
            yield damaged(error.detail)
            at, tries = _next_frame(data, at, tries)
        else:
            yield frame
            at += frame.size
        at = _behind_padding(data, at)


def _next_frame(data: bytes, at: int, tries: int) -> tuple[int, int]:
    """Return where the frame behind a damaged one begins, and how many tries are left.

    It begins behind the length in the head of the damaged one, or else at the next start of a frame that is whole.
    """
    if not data.startswith(START, at):
        return len(data), tries
    end = _behind_padding(data, at + HEAD_SIZE + TAIL_SIZE + (int.from_bytes(data[at + 11 : at + 13]) & 0xFFF))
    if end == len(data) or data.startswith(START, end):
        return end, tries
    while tries and (at := data.find(START, at + 1)) >= 0:
        tries -= 1
        try:
            _read_frame(data[at : at + FRAME_MAX])
        except Rejected:
            continue
        return at, tries
    return len(data), tries


def _behind_padding(data: bytes, at: int) -> int:
    """Return where the white space and NULs end that some modems add behind a frame."""
    while at < len(data) and data[at] in PADDING:
        at += 1
    return at


def _read_frame(data: bytes) -> _Frame:
    if data[:1] == b"\x01":
        raise _undecodable("the ASCII form of SL 651 is not supported; send its HEX/BCD form")
    if data[:2] != START:
        raise _undecodable(f"a frame begins with 7E7E, not {data[:2].hex().upper()}")
    if len(data) < HEAD_SIZE + TAIL_SIZE:
        raise _undecodable(f"a frame of {len(data)} bytes; the shortest has {HEAD_SIZE + TAIL_SIZE}")
    direction, length = data[11] >> 4, int.from_bytes(data[11:13]) & 0xFFF
    if direction != 0:
        raise _undecodable(f"direction {direction:X}: a frame to a station, not from one")
    size, start = HEAD_SIZE + length + TAIL_SIZE, data[13]
    if len(data) < size:
        raise _undecodable(f"the head gives a body of {length} bytes, and the frame ends after {len(data)} bytes")
    body, end = data[HEAD_SIZE : HEAD_SIZE + length], data[HEAD_SIZE + length]
    if end not in {Control.ETX, Control.ETB}:
        raise _undecodable(f"the head gives a body of {length} bytes, and {end:02X} follows it in place of 03 or 17")
    given, computed = int.from_bytes(data[size - 2 : size]), crc16(data[: size - 2])
    if given != computed:
        raise _undecodable(f"check word {given:04X}; the bytes received have {computed:04X}")
    packets, packet, body = _packet(start, body)
    return _Frame(Report(data[10], data[3:8].hex(), body), packets, packet, size)


def _packet(start: int, body: bytes) -> tuple[int, int, bytes]:
    """Return the number of packets, which one this is, and its content (table 22)."""
    if start == Control.STX:
        return 1, 1, body
    if start != Control.SYN:
        raise _undecodable(f"{start:02X} where the body begins, in place of 02 or 16")
    if len(body) < 3:  # noqa: PLR2004 - 12 bits each for how many and which
        raise _undecodable("a packet without its number")
    word = int.from_bytes(body[:3])
    return word >> 12, word & 0xFFF, body[3:]


def _belongs(frame: _Frame, first: _Frame) -> bool:
    return (frame.packets, frame.report.function, frame.report.station) == (
        first.packets,
        first.report.function,
        first.report.station,
    )


def _undecodable(detail: str) -> Rejected:
    return Rejected(RejectionReason.UNDECODABLE, detail)
