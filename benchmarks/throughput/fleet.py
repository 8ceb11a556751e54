"""What is published: PUBLISH packets of many devices, put together so cheaply that the sender hardly counts. Pure.

A device's readings come in blocks. All of a block share one second, and each has its own fraction of it, so that a
block is one `join` of pieces that never change by the text of its second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.messaging.mqtt import packets

REGION = "370102"
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
    """Write a PUBLISH of QoS 1."""
    return packets.publish_packet(packets.length_prefixed(topic), payload, packet_id)


def connect_packet(client_id: str, password: str) -> bytes:
    """Write a CONNECT of a device whose user name is its client id."""
    return packets.connect_packet(client_id, client_id, password)
