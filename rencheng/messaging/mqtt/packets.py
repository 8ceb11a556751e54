"""MQTT 3.1.1's PUBLISH and PUBACK as bytes, many at once. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_PUBLISH, _QOS_1, _QOS_2 = 0x30, 0x02, 0x04
_PUBACK = b"\x40\x02"
_LENGTH_BYTES_MAX = 4
_CONTINUES = 0x80


class Publish(NamedTuple):
    """A message as the broker sent it. `packet_id` is 0 for QoS 0, which asks for no acknowledgement."""

    topic: str
    payload: bytes
    packet_id: int


@dataclass(frozen=True, slots=True)
class PacketBatch:
    """What stood at the head of the buffer.

    Attributes:
        publishes: whole PUBLISH packets of QoS 0 or 1, in order.
        used: how many bytes they were.
        is_cut: a PUBLISH follows of which more has yet to come. Otherwise what follows is not ours to read.
    """

    publishes: list[Publish]
    used: int
    is_cut: bool


def read_publishes(data: bytes) -> PacketBatch:
    """Read PUBLISH packets from the head of the data, up to something else or something broken."""
    publishes: list[Publish] = []
    at, end = 0, len(data)
    while at < end:
        first = data[at]
        if first & 0xF0 != _PUBLISH or first & _QOS_2:
            return PacketBatch(publishes, at, is_cut=False)
        head = at + 2
        if head > end:
            break
        size = data[at + 1]
        if size & _CONTINUES:
            length = _length(data, at + 1)
            if length is None:
                return PacketBatch(publishes, at, is_cut=end - at <= _LENGTH_BYTES_MAX)
            size, head = length
        stop = head + size
        if stop > end:
            break
        body = name_end = head + 2 + (data[head] << 8 | data[head + 1] if size > 1 else size)
        packet_id = 0
        if first & _QOS_1:
            body += 2
            if body <= stop:
                packet_id = data[name_end] << 8 | data[name_end + 1]
        if body > stop:
            return PacketBatch(publishes, at, is_cut=False)  # its lengths contradict each other
        publishes.append(Publish(data[head + 2 : name_end].decode("utf-8", "replace"), data[body:stop], packet_id))
        at = stop
    return PacketBatch(publishes, at, is_cut=at < end)


def pubacks(packet_ids: Iterable[int]) -> bytes:
    """A PUBACK for each, in the order given."""
    return b"".join([_PUBACK + packet_id.to_bytes(2, "big") for packet_id in packet_ids])


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """A remaining length of several bytes, and where it ends; None if it is not whole or longer than MQTT allows."""
    size = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES_MAX]):
        size |= (byte & 0x7F) << 7 * place
        if not byte & _CONTINUES:
            return size, at + place + 1
    return None
