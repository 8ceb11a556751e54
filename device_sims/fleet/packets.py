"""The few MQTT 3.1.1 packets that a publisher needs, written and read at the least cost. Pure."""

CONNACK, PUBLISH, PUBACK, DISCONNECT = 0x20, 0x32, 0x40, b"\xe0\x00"
"""First bytes; PUBLISH with QoS 1."""

DUP_FLAG = 0x08
"""The bit of a PUBLISH that says: this may have come before (DUP)."""

CLEAN_NAME_PASSWORD = 0xC2


def connect(client_id: str, user: str, password: str) -> bytes:
    """A CONNECT with a clean session and without keepalive."""
    words = b"".join(len(word.encode()).to_bytes(2) + word.encode() for word in (client_id, user, password))
    body = b"\x00\x04MQTT\x04" + bytes([CLEAN_NAME_PASSWORD]) + b"\x00\x00" + words
    return b"\x10" + remaining_length(len(body)) + body


def publish(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """A PUBLISH of QoS 1; `topic` comes with its length before it."""
    size = len(topic) + 2 + len(payload)
    return b"\x32" + remaining_length(size) + topic + packet_id.to_bytes(2) + payload


def as_duplicate(packet: bytes) -> bytes:
    """The same PUBLISH, sent once more after a reconnection."""
    return bytes([packet[0] | DUP_FLAG]) + packet[1:]


def with_length(topic: str) -> bytes:
    """A topic as packets carry it."""
    return len(topic.encode()).to_bytes(2) + topic.encode()


def remaining_length(size: int) -> bytes:
    """A length as MQTT writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def parse_acks(buffer: bytearray) -> tuple[list[int], int | None]:
    """Take whole packets from what the broker sent a publisher: (packet ids of its PUBACKs, code of a CONNACK or None).

    Raises:
        ValueError: it sent something that a publisher without subscriptions never gets.
    """
    settled, code, at = [], None, 0
    while len(buffer) - at >= 4:  # noqa: PLR2004 - both packets have four bytes
        head = buffer[at]
        if head == PUBACK:
            settled.append(buffer[at + 2] << 8 | buffer[at + 3])
        elif head == CONNACK:
            code = buffer[at + 3]
        else:
            raise ValueError(f"a packet that begins with {head:#x}")
        at += 4
    del buffer[:at]
    return settled, code
