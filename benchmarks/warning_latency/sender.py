"""The load: a process with a raw socket a device, on which each publishes once a second all that it has to say."""

import multiprocessing
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from benchmarks.throughput.fleet import SECOND_FORMAT, connect_packet
from benchmarks.warning_latency.traffic import (
    CITY,
    PROBE_DEPTHS_MM,
    Crowd,
    all_names,
    depth_mm,
    pieces,
    probe_names,
    probe_packet,
)

PROBE_EVERY_S = 2.0
"""A probe's samples follow each other on the wire so fast, so that a flood is over within the run."""

WARM_UP_S = 5.0
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class CityLoadPlan:
    """What to send where: broker, passwords by device, seconds, and crowds (the load)."""

    address: tuple[str, int]
    passwords: Mapping[str, str]
    seconds: float
    city: tuple[Crowd, ...] = CITY


@dataclass(frozen=True, slots=True)
class CityLoadResult:
    """What was sent: messages, how long it took, the worst delay behind plan, and (probe, depth) → Unix time."""

    messages: int
    took_s: float
    behind_s: float
    probes: dict[tuple[str, float], float]


class CityLoad:
    """A sender at work in a process of its own."""

    def __init__(self, order: CityLoadPlan) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._seconds = order.seconds
        self._result, theirs = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=_send, args=(order, theirs))

    def run(self) -> CityLoadResult:
        """Send everything."""
        self._process.start()
        if not self._result.poll(self._seconds + PATIENCE_S):
            self._process.kill()
            raise TimeoutError("the load did not come to an end")
        sent: CityLoadResult = self._result.recv()
        self._process.join()
        return sent


def _send(order: CityLoadPlan, result: Connection) -> None:
    said = [(name, crowd) for crowd in order.city for name in crowd.names]
    lines = {
        name: open_line(order.address, name, order.passwords[name]) for name in [*all_names(order.city), *probe_names()]
    }
    texts = [(lines[name], pieces(crowd, name), crowd.a_second) for name, crowd in said]
    plan = _probe_plan(order.seconds)
    probes: dict[tuple[str, float], float] = {}
    messages, behind_s, turn, began = 0, 0.0, 0, time.time()
    began_at = datetime.fromtimestamp(began, UTC)
    while (now := time.time()) < began + order.seconds:
        due = min(int((now - began) * len(texts)), int(order.seconds * len(texts)))
        while plan and now - began >= plan[0][0]:
            _, name, number = plan.pop(0)
            probes[name, depth_mm(name, number)] = time.time()
            lines[name].sendall(probe_packet(name, number, began_at))
        if turn >= due:
            time.sleep(0.0005)
            continue
        behind_s = max(behind_s, now - began - turn / len(texts))
        for line, parts, count in (texts[place % len(texts)] for place in range(turn, min(due, turn + 50))):
            line.sendall(datetime.fromtimestamp(now, UTC).strftime(SECOND_FORMAT).encode().join(parts))
            _discard(line)
            messages += count
        turn = min(due, turn + 50)
    result.send(CityLoadResult(messages, time.time() - began, behind_s, probes))


def _probe_plan(seconds: float) -> list[tuple[float, str, int]]:
    """(when, which probe, its n-th sample): the probes begin one after another."""
    flood_s = PROBE_EVERY_S * len(PROBE_DEPTHS_MM)
    names = probe_names()
    apart_s = max(seconds - WARM_UP_S - flood_s, 0.0) / len(names)
    return sorted(
        (WARM_UP_S + apart_s * place + PROBE_EVERY_S * number, name, number)
        for place, name in enumerate(names)
        for number in range(len(PROBE_DEPTHS_MM))
    )


def open_line(address: tuple[str, int], name: str, password: str) -> socket.socket:
    """A device's connection."""
    line = socket.create_connection(address)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(connect_packet(name, password))
    if line.recv(4) != b"\x20\x02\x00\x00":
        raise ConnectionError(f"the broker refuses {name}")
    return line


def _discard(line: socket.socket) -> None:
    """PUBACKs; nothing else comes."""
    try:
        line.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return
