"""Decode bytes to reports: check frames, and combine the packets of one report (SL 651-2014, 6.5)."""

from dataclasses import dataclass
from enum import IntEnum

from rencheng.codecs.sl651.crc import crc16
from rencheng.domain.errors import Rejected, RejectionReason

START = b"\x7e\x7e"
HEAD_SIZE = 14
"""Start 2, centre 1, station 5, password 2, function 1, direction and length 2, start of the body 1."""
TAIL_SIZE = 3
"""End of the body 1, check word 2."""


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


def read_reports(payload: bytes) -> list[Report]:
    """Return the reports of a payload: one frame or several in a row, as bytes or as hexadecimal text.

    Raises:
        Rejected: with reason `undecodable`, if a frame is incomplete or malformed.
    """
    data, reports = _as_bytes(payload), []
    parts: list[_Frame] = []
    while data:
        frame = _read_frame(data)
        data = data[frame.size :]
        if frame.packet != len(parts) + 1 or (parts and not _belongs(frame, parts[0])):
            raise _undecodable(f"packet {frame.packet} of {frame.packets}; the packets of a report go into one payload")
        parts.append(frame)
        if frame.packet == frame.packets:
            first = parts[0].report
            reports.append(Report(first.function, first.station, b"".join(part.report.body for part in parts)))
            parts = []
    if parts:
        raise _undecodable(f"only {len(parts)} of {parts[0].packets} packets; all of a report go into one payload")
    if not reports:
        raise _undecodable("no frame")
    return reports


def _as_bytes(payload: bytes) -> bytes:
    if payload[:4].upper() != b"7E7E":
        return payload
    try:
        return bytes.fromhex(payload.decode("ascii"))
    except ValueError as error:
        raise _undecodable(f"invalid hexadecimal text: {error}") from None


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
