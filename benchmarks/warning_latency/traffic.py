"""The traffic of a city: signal controllers, chargers, dry gauges, and probes under water. No I/O."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from benchmarks.throughput.fleet import REGION, publish_packet
from rencheng.domain.kind import Kind

SECOND = "@" * len("2026-01-01T00:00:00")


class DeviceGroup(NamedTuple):
    """Devices of one kind with their rate in messages per second, one reading per message."""

    kind: Kind
    devices: int
    a_second: int

    @property
    def names(self) -> list[str]:
        """The devices' names."""
        return [f"{self.kind}-{number:04}" for number in range(self.devices)]


CITY = (DeviceGroup(Kind.SIGNAL, 400, 30), DeviceGroup(Kind.CHARGING, 100, 10), DeviceGroup(Kind.WATERLOGGING, 2000, 1))
"""15,000 messages per second: 2,000 gauges, each at its own site, and the other devices of a city.

Source: a controller's log has about 30 events per second at its busiest (`device_sims/recordings`).
"""

PROBES = 150
PROBE_STEP_S = 60
PROBE_FIRST_S = -100
"""Probe samples are a minute apart, from one that is not late yet to one that the clock check still accepts."""

PROBE_DEPTHS_MM = (0.0, 30.0, 70.0, 110.0, 160.0, 210.0, 270.0)
"""A tunnel's flood: it crosses 50, 100, 150 and 250 mm, and no step is faster than water rises."""


def probe_names() -> list[str]:
    """Return the names of the gauges under water."""
    return [f"probe-{number:03}" for number in range(PROBES)]


def pieces(group: DeviceGroup, name: str) -> list[bytes]:
    """Return the constant pieces between the seconds of a device's messages within one second."""
    topic = f"rencheng/v1/{REGION}/{group.kind}/{name}/telemetry"
    packets = (
        publish_packet(topic, json.dumps(body, separators=(",", ":")).encode(), packet_id=number + 1)
        for number, body in enumerate(_bodies(group))
    )
    return b"".join(packets).split(SECOND.encode())


def probe_packet(name: str, number: int, now: datetime) -> bytes:
    """Return a probe's n-th sample as a packet."""
    at = now + timedelta(seconds=PROBE_FIRST_S + PROBE_STEP_S * number)
    body = json.dumps({"time": at.isoformat(), "depth_mm": depth_mm(name, number)}).encode()
    topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
    return publish_packet(topic, body, packet_id=number + 1)


def depth_mm(name: str, number: int) -> float:
    """Return the depth of a probe's n-th sample. It differs a little between probes."""
    return PROBE_DEPTHS_MM[number] + (int(name[-3:]) % 7 if number else 0)


def _bodies(group: DeviceGroup) -> Iterator[dict[str, object]]:
    for place in range(group.a_second):
        time = f"{SECOND}.{1000 * place + 123:06}+00:00"
        match group.kind:
            case Kind.SIGNAL:
                yield {"time": time, "event_id": 82 if place % 2 else 81, "parameter": 1 + place % 16}
            case Kind.CHARGING:
                yield {"time": time, "connector_id": 1, "measurand": "power_kw", "value": 40.0 + place}
            case Kind.WATERLOGGING:
                yield {"time": time, "depth_mm": place % 4, "battery_v": 3.6, "rssi_dbm": -80}


def all_names(groups: Sequence[DeviceGroup]) -> list[str]:
    """Return the names of all devices."""
    return [name for group in groups for name in group.names]
