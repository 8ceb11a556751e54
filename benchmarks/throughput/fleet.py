"""What is published: PUBLISH packets of many devices, put together so cheaply that the sender hardly counts. Pure.

A device's readings come in blocks. All of a block share one second, and each has its own fraction of it, so that a
block is one `join` of pieces that never change by the text of its second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

REGION = "370102"
QOS_1_PUBLISH = 0x32
SECOND_FORMAT = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class LoadFleet:
    """Who publishes what.

    Attributes:
        devices: how many.
        block: readings in one block of one device.
        array: readings in one message; 1 is an object, more are an array.
        first: the second of every device's first block (UTC).
    """

    devices: int
    block: int
    array: int
    first: datetime

    @property
    def names(self) -> list[str]:
        """The devices' names."""
        return [f"bench-{number:04}" for number in range(self.devices)]

    @property
    def messages_a_block(self) -> int:
        """How many PUBLISH packets a block is."""
        return self.block // self.array

    def second(self, block: int) -> datetime:
        """The second that all readings of a block share."""
        return self.first + timedelta(seconds=block)

    def time(self, block: int, place: int) -> datetime:
        """When one reading of a block was sampled."""
        return self.second(block) + timedelta(microseconds=fraction_us(place))

    def pieces(self, name: str) -> list[bytes]:
        """What stands between the seconds of a block of this device."""
        text = b"".join(self._packets(name))
        return text.split(b"@" * len("2026-01-01T00:00:00"))

    def _packets(self, name: str) -> Iterator[bytes]:
        topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
        for message in range(self.messages_a_block):
            places = range(message * self.array, (message + 1) * self.array)
            items = ",".join(item("@" * len("2026-01-01T00:00:00"), place) for place in places)
            payload = items if self.array == 1 else f"[{items}]"
            yield publish_packet(topic, payload.encode(), packet_id=message + 1)


def fraction_us(place: int) -> int:
    """Microseconds within the second of a block's n-th reading."""
    return 1000 * place + 123


def item(second: str, place: int) -> str:
    """One reading as JSON. Values vary, so that nothing can be remembered."""
    depth_mm, battery_v, rssi_dbm = values(place)
    time = f"{second}.{fraction_us(place):06}+00:00"
    return f'{{"time":"{time}","depth_mm":{depth_mm},"battery_v":{battery_v},"rssi_dbm":{rssi_dbm}}}'


def values(place: int) -> tuple[float, float, int]:
    """Depth (mm), battery (V) and signal strength (dBm) of a block's n-th reading."""
    return 10 + place * 0.5, 3.6 + place / 100, -70 - place % 20


def publish_packet(topic: str, payload: bytes, *, packet_id: int) -> bytes:
    """A PUBLISH of QoS 1, as MQTT 3.1.1 writes it."""
    name = topic.encode()
    body = len(name).to_bytes(2) + name + packet_id.to_bytes(2) + payload
    return bytes([QOS_1_PUBLISH]) + remaining_length(len(body)) + body


def connect_packet(client_id: str, password: str) -> bytes:
    """A CONNECT with a clean session and no keepalive; the user's name is the client's."""
    name = len(client_id).to_bytes(2) + client_id.encode()
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + name + name + len(password).to_bytes(2) + password.encode()
    return b"\x10" + remaining_length(len(body)) + body


def remaining_length(size: int) -> bytes:
    """A length as MQTT writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)
