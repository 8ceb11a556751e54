"""The load: a process with a raw socket for each device. It sends at a rate, or as fast as the receiver commits."""

import time
from collections.abc import Mapping
from ctypes import c_longlong
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import RawValue
from typing import Any

from benchmarks.load.connections import PUBACK_BYTES, open_connection, puback_bytes
from benchmarks.load.sender_process import SenderProcess
from benchmarks.throughput.fleet import SECOND_FORMAT, LoadFleet

PAUSE_S = 0.0005
ACK_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A load.

    Attributes:
        address: the broker.
        passwords: by device.
        fleet: the devices and what they publish.
        seconds: how long.
        rate: readings per second; None for as fast as the receiver takes them.
        ahead_max: how many readings may be sent before the receiver has taken them.
    """

    address: tuple[str, int]
    passwords: Mapping[str, str]
    fleet: LoadFleet
    seconds: float
    rate: float | None = None
    ahead_max: int = 30_000


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What was sent.

    Attributes:
        blocks: how many of each device.
        sent_at: (device, block, Unix time just before it was sent), in order.
        began_at, ended_at: Unix times of the first block and after the last one.
    """

    blocks: list[int]
    sent_at: list[tuple[int, int, float]]
    began_at: float
    ended_at: float


class ReadingLoad:
    """A sender of readings. The measuring process writes to `taken` how many readings the receiver has taken."""

    def __init__(self, plan: LoadPlan) -> None:
        self.taken = RawValue(c_longlong, 0)
        self._plan = plan
        self._sender: SenderProcess[LoadResult] = SenderProcess(_send, plan, self.taken)

    def start(self) -> None:
        """Start to send."""
        self._sender.start()

    def result(self) -> LoadResult:
        """Wait until all is sent and the broker has acknowledged it.

        Raises:
            TimeoutError: the broker did not take the load.
        """
        return self._sender.result(within_s=self._plan.seconds + ACK_TIMEOUT_S)


def _send(result: Connection, plan: LoadPlan, taken: Any) -> None:  # noqa: ANN401 - a shared ctypes value
    fleet = plan.fleet
    connections = [open_connection(plan.address, name, plan.passwords[name]) for name in fleet.names]
    pieces = [fleet.pieces(name) for name in fleet.names]
    blocks, sent_at, acknowledged, number = [0] * fleet.devices, [], 0, 0
    began_at = time.time()
    while (now := time.time()) < began_at + plan.seconds:
        due = plan.rate * (now - began_at) if plan.rate else float("inf")
        if number * fleet.block >= min(due, taken.value + plan.ahead_max):
            time.sleep(PAUSE_S)
            continue
        device = number % fleet.devices
        second = fleet.second(blocks[device]).strftime(SECOND_FORMAT).encode()
        sent_at.append((device, blocks[device], time.time()))
        connections[device].sendall(second.join(pieces[device]))
        acknowledged += puback_bytes(connections[device])
        blocks[device] += 1
        number += 1
    ended_at = time.time()
    while acknowledged < number * fleet.messages_a_block * PUBACK_BYTES:
        acknowledged += sum(puback_bytes(connection) for connection in connections)
        time.sleep(PAUSE_S)
    result.send(LoadResult(blocks, sent_at, began_at, ended_at))
