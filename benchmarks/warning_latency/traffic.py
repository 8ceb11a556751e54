"""What a city publishes: controllers' event logs above all, piles, dry gauges, and a few that drown. Pure."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from benchmarks.throughput.fleet import REGION, publish_packet
from rencheng.domain.kind import Kind

SECOND = "@" * len("2026-01-01T00:00:00")


class Crowd(NamedTuple):
    """Devices of one kind, each with so many messages a second, one reading a message."""

    kind: Kind
    devices: int
    a_second: int

    @property
    def names(self) -> list[str]:
        """The devices' names."""
        return [f"{self.kind}-{number:04}" for number in range(self.devices)]


CITY = (Crowd(Kind.SIGNAL, 400, 30), Crowd(Kind.CHARGING, 100, 10), Crowd(Kind.WATERLOGGING, 2000, 1))
"""15,000 messages a second: 2,000 gauges, each at its site, and what a city has beside them.

A controller's log has some 30 events a second at its busiest: `device_sims/recordings`.
"""

PROBES = 150
PROBE_STEP_S = 60
PROBE_FIRST_S = -100
"""Sample times of a probe: a minute apart, from one that is not late yet to one that no clock check refuses."""

PROBE_DEPTHS_MM = (0.0, 30.0, 70.0, 110.0, 160.0, 210.0, 270.0)
"""A tunnel's flood: it passes 50, 100, 150 and 250 mm, no step faster than water rises."""


def probe_names() -> list[str]:
    """The gauges that drown."""
    return [f"probe-{number:03}" for number in range(PROBES)]


def pieces(crowd: Crowd, name: str) -> list[bytes]:
    """What stands between the seconds in what a device publishes within one."""
    topic = f"rencheng/v1/{REGION}/{crowd.kind}/{name}/telemetry"
    packets = (
        publish_packet(topic, json.dumps(body, separators=(",", ":")).encode(), packet_id=number + 1)
        for number, body in enumerate(_bodies(crowd))
    )
    return b"".join(packets).split(SECOND.encode())


def probe_packet(name: str, number: int, now: datetime) -> bytes:
    """A probe's n-th sample."""
    at = now + timedelta(seconds=PROBE_FIRST_S + PROBE_STEP_S * number)
    body = json.dumps({"time": at.isoformat(), "depth_mm": depth_mm(name, number)}).encode()
    topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
    return publish_packet(topic, body, packet_id=number + 1)


def depth_mm(name: str, number: int) -> float:
    """Each probe stands a little otherwise, so that no two are alike."""
    return PROBE_DEPTHS_MM[number] + (int(name[-3:]) % 7 if number else 0)


def _bodies(crowd: Crowd) -> Iterator[dict[str, object]]:
    for place in range(crowd.a_second):
        time = f"{SECOND}.{1000 * place + 123:06}+00:00"
        match crowd.kind:
            case Kind.SIGNAL:
                yield {"time": time, "event_id": 82 if place % 2 else 81, "parameter": 1 + place % 16}
            case Kind.CHARGING:
                yield {"time": time, "connector_id": 1, "measurand": "power_kw", "value": 40.0 + place}
            case Kind.WATERLOGGING:
                yield {"time": time, "depth_mm": place % 4, "battery_v": 3.6, "rssi_dbm": -80}


def all_names(crowds: Sequence[Crowd]) -> list[str]:
    """Of every device of the city."""
    return [name for crowd in crowds for name in crowd.names]
