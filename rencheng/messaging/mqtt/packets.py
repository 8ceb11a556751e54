"""MQTT 3.1.1 packets as bytes: PUBLISH packets read many at once, and the few packets that a bare publisher needs.

Source: MQTT 3.1.1, chapters 2.2 (fixed header) and 3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

DISCONNECT = b"\xe0\x00"

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 0x10, 0x20, 0x30, 0x40
_RETAIN, _QOS_1, _QOS_2, _DUPLICATE = 0x01, 0x02, 0x04, 0x08
_PUBACK_HEAD = bytes([_PUBACK, 2])
_REPLY_BYTES = 4
"""The size of a CONNACK and of a PUBACK."""
_PROTOCOL = b"\x00\x04MQTT\x04"
_CLEAN_SESSION_WITH_ACCOUNT = b"\xc2"
_NO_KEEPALIVE = b"\x00\x00"
_LENGTH_BYTES_MAX = 4
_CONTINUES = 0x80


class Publish(NamedTuple):
    """A message as the broker sent it. `packet_id` is 0 for QoS 0, which needs no acknowledgement."""

    topic: str
    payload: bytes
    packet_id: int


class RetainedPublish(Publish):
    """A message that the broker sends because it keeps it for new subscribers, not because it was just published."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PacketBatch:
    """The PUBLISH packets at the head of a buffer.

    Attributes:
        publishes: whole PUBLISH packets of QoS 0 or 1, in order.
        used: their size, bytes.
        is_cut: an incomplete PUBLISH follows. Otherwise the next packet is of another type.
    """

    publishes: list[Publish]
    used: int
    is_cut: bool


def read_publishes(data: bytes) -> PacketBatch:
    """Read PUBLISH packets from the head of the data, up to a packet of another type or a malformed one."""
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
            length = _read_length(data, at + 1)
            if length is None:
                return PacketBatch(publishes, at, is_cut=end - at <= _LENGTH_BYTES_MAX)
            size, head = length
        stop = head + size
        if stop > end:
            break
        body = topic_end = head + 2 + (data[head] << 8 | data[head + 1] if size > 1 else size)
        packet_id = 0
        if first & _QOS_1:
            body += 2
            if body <= stop:
                packet_id = data[topic_end] << 8 | data[topic_end + 1]
        if body > stop:
            return PacketBatch(publishes, at, is_cut=False)  # its lengths contradict each other
        topic = data[head + 2 : topic_end].decode("utf-8", "replace")
        made = RetainedPublish if first & _RETAIN else Publish
        publishes.append(made(topic, data[body:stop], packet_id))
        at = stop
    return PacketBatch(publishes, at, is_cut=at < end)


def pubacks(packet_ids: Iterable[int]) -> bytes:
    """Write a PUBACK for each, in the order given."""
    return b"".join([_PUBACK_HEAD + packet_id.to_bytes(2, "big") for packet_id in packet_ids])


def connect_packet(client_id: str, user: str, password: str) -> bytes:
    """Write a CONNECT with a clean session and without keepalive."""
    strings = b"".join(length_prefixed(one) for one in (client_id, user, password))
    body = _PROTOCOL + _CLEAN_SESSION_WITH_ACCOUNT + _NO_KEEPALIVE + strings
    return bytes([_CONNECT]) + remaining_length(len(body)) + body


def publish_packet(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """Write a PUBLISH of QoS 1. The topic is given as `length_prefixed` returns it."""
    size = len(topic) + 2 + len(payload)
    return b"\x32" + remaining_length(size) + topic + packet_id.to_bytes(2) + payload


def as_duplicate(packet: bytes) -> bytes:
    """Set the DUP flag of a PUBLISH that is sent again after a reconnection."""
    return bytes([packet[0] | _DUPLICATE]) + packet[1:]


def length_prefixed(text: str) -> bytes:
    """Write a string as MQTT packets carry it: two bytes of length, then UTF-8."""
    data = text.encode()
    return len(data).to_bytes(2) + data


def remaining_length(size: int) -> bytes:
    """Write a remaining length: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        size, low = divmod(size, _CONTINUES)
        out.append(low | (_CONTINUES if size else 0))
        if not size:
            return bytes(out)


def take_replies(buffer: bytearray) -> tuple[list[int], int | None]:
    """Remove the whole packets that a broker sends a publisher from the buffer.

    Returns:
        The packet ids of the PUBACKs, and the return code of a CONNACK or None.

    Raises:
        ValueError: a packet that a client without subscriptions never receives.
    """
    acked, code, at = [], None, 0
    while len(buffer) - at >= _REPLY_BYTES:
        first = buffer[at]
        if first == _PUBACK:
            acked.append(buffer[at + 2] << 8 | buffer[at + 3])
        elif first == _CONNACK:
            code = buffer[at + 3]
        else:
            raise ValueError(f"unexpected packet, first byte {first:#x}")
        at += _REPLY_BYTES
    del buffer[:at]
    return acked, code


def _read_length(data: bytes, at: int) -> tuple[int, int] | None:
    """Return a remaining length of several bytes and where it ends; None if it is incomplete or too long."""
    size = 0
    for position, byte in enumerate(data[at : at + _LENGTH_BYTES_MAX]):
        size |= (byte & 0x7F) << 7 * position
        if not byte & _CONTINUES:
            return size, at + position + 1
    return None
