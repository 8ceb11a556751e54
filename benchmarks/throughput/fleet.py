"""The PUBLISH packets of many devices, assembled so cheaply that the sender takes little of the machine. No I/O.

A device's readings come in blocks. All readings of a block share one second, each with its own fraction of it. So a
block is constant pieces joined by the text of its second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.messaging.mqtt import packets

REGION = "370102"
SECOND_FORMAT = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class LoadFleet:
    """The devices of a load, and how they publish.

    Attributes:
        devices: their number.
        block: readings per block of a device.
        array: readings per message; 1 is sent as an object, more as an array.
        first: the second of every device's first block, UTC.
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
        """The number of PUBLISH packets per block."""
        return self.block // self.array

    def second(self, block: int) -> datetime:
        """Return the second that all readings of a block share."""
        return self.first + timedelta(seconds=block)

    def time(self, block: int, place: int) -> datetime:
        """Return the sample time of one reading of a block."""
        return self.second(block) + timedelta(microseconds=fraction_us(place))

    def pieces(self, name: str) -> list[bytes]:
        """Return the constant pieces between the seconds of a device's block."""
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
    """Return the fraction of a second of a block's n-th reading, microseconds."""
    return 1000 * place + 123


def item(second: str, place: int) -> str:
    """Return one reading as JSON. Values vary, so that no cache helps."""
    depth_mm, battery_v, rssi_dbm = values(place)
    time = f"{second}.{fraction_us(place):06}+00:00"
    return f'{{"time":"{time}","depth_mm":{depth_mm},"battery_v":{battery_v},"rssi_dbm":{rssi_dbm}}}'


def values(place: int) -> tuple[float, float, int]:
    """Return depth (mm), battery (V) and signal strength (dBm) of a block's n-th reading."""
    return 10 + place * 0.5, 3.6 + place / 100, -70 - place % 20


def publish_packet(topic: str, payload: bytes, *, packet_id: int) -> bytes:
    """Write a PUBLISH of QoS 1."""
    return packets.publish_packet(packets.length_prefixed(topic), payload, packet_id)
