"""The load: a process with a raw socket for each device. Each device publishes once a second all its readings."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from benchmarks.load.connections import open_connection, puback_bytes
from benchmarks.load.sender_process import SenderProcess
from benchmarks.throughput.fleet import SECOND_FORMAT
from benchmarks.warning_latency.traffic import (
    CITY,
    PROBE_DEPTHS_MM,
    DeviceGroup,
    all_names,
    depth_mm,
    pieces,
    probe_names,
    probe_packet,
)

PROBE_EVERY_S = 2.0
"""Seconds between two samples of a probe on the wire, so that a flood ends within the run."""

WARM_UP_S = 5.0
END_TIMEOUT_S = 60.0
PAUSE_S = 0.0005
DEVICES_PER_ROUND = 50


@dataclass(frozen=True, slots=True)
class CityLoadPlan:
    """A load: the broker's address, the passwords by device, the duration in seconds, and the groups of devices."""

    address: tuple[str, int]
    passwords: Mapping[str, str]
    seconds: float
    city: tuple[DeviceGroup, ...] = CITY


@dataclass(frozen=True, slots=True)
class CityLoadResult:
    """What was sent.

    Attributes:
        messages: of the city, without the probes.
        took_s: the duration.
        behind_s: the longest delay behind the plan.
        probes: Unix times of sending by (probe, depth).
    """

    messages: int
    took_s: float
    behind_s: float
    probes: dict[tuple[str, float], float]


def send_city_load(plan: CityLoadPlan) -> CityLoadResult:
    """Send the whole load from a process of its own.

    Raises:
        TimeoutError: it did not end.
    """
    sender: SenderProcess[CityLoadResult] = SenderProcess(_send, plan)
    sender.start()
    return sender.result(within_s=plan.seconds + END_TIMEOUT_S)


def _send(result: Connection, plan: CityLoadPlan) -> None:
    connections = {
        name: open_connection(plan.address, name, plan.passwords[name])
        for name in [*all_names(plan.city), *probe_names()]
    }
    texts = [(connections[name], pieces(group, name), group.a_second) for group in plan.city for name in group.names]
    samples = _probe_samples(plan.seconds)
    probes: dict[tuple[str, float], float] = {}
    messages, behind_s, turn, began = 0, 0.0, 0, time.time()
    began_at = datetime.fromtimestamp(began, UTC)
    while (now := time.time()) < began + plan.seconds:
        due = min(int((now - began) * len(texts)), int(plan.seconds * len(texts)))
        while samples and now - began >= samples[0][0]:
            _, name, number = samples.pop(0)
            probes[name, depth_mm(name, number)] = time.time()
            connections[name].sendall(probe_packet(name, number, began_at))
        if turn >= due:
            time.sleep(PAUSE_S)
            continue
        behind_s = max(behind_s, now - began - turn / len(texts))
        last = min(due, turn + DEVICES_PER_ROUND)
        for connection, parts, count in (texts[place % len(texts)] for place in range(turn, last)):
            connection.sendall(datetime.fromtimestamp(now, UTC).strftime(SECOND_FORMAT).encode().join(parts))
            puback_bytes(connection)
            messages += count
        turn = last
    result.send(CityLoadResult(messages, time.time() - began, behind_s, probes))


def _probe_samples(seconds: float) -> list[tuple[float, str, int]]:
    """Return (second, probe, number of its sample) in order. The probes begin one after another."""
    flood_s = PROBE_EVERY_S * len(PROBE_DEPTHS_MM)
    names = probe_names()
    apart_s = max(seconds - WARM_UP_S - flood_s, 0.0) / len(names)
    return sorted(
        (WARM_UP_S + apart_s * place + PROBE_EVERY_S * number, name, number)
        for place, name in enumerate(names)
        for number in range(len(PROBE_DEPTHS_MM))
    )
