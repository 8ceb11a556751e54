"""The load: a process with a raw socket a device, which publishes at a rate or as fast as the other end commits."""

import multiprocessing
import socket
import time
from collections.abc import Mapping
from ctypes import c_longlong
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawValue
from typing import TYPE_CHECKING, Any

from benchmarks.throughput.fleet import SECOND_FORMAT, LoadFleet, connect_packet

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

PUBACK_BYTES = 4
PAUSE_S = 0.0005
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to send.

    Attributes:
        address: the broker.
        passwords: by device.
        fleet: who publishes what.
        seconds: for how long.
        rate: readings a second; None for as fast as the other end takes them.
        ahead_max: at most so many readings are sent and not yet taken by the other end.
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
        began_at, ended_at: Unix times of the first and after the last block.
    """

    blocks: list[int]
    sent_at: list[tuple[int, int, float]]
    began_at: float
    ended_at: float


class ReadingLoad:
    """A sender at work in a process of its own.

    `taken` is for the other end: it says there how many readings it has had.
    """

    def __init__(self, order: LoadPlan) -> None:
        context = multiprocessing.get_context("spawn")
        self.taken = RawValue(c_longlong, 0)
        self.sent = RawValue(c_longlong, 0)
        self._order = order
        ours, theirs = context.Pipe(duplex=False)
        self._result = ours
        self._process: BaseProcess = context.Process(target=_send, args=(order, self.taken, self.sent, theirs))

    def start(self) -> None:
        """Begin."""
        self._process.start()

    def result(self) -> LoadResult:
        """Wait until all is sent and the broker has acknowledged it."""
        if not self._result.poll(self._order.seconds + PATIENCE_S):
            self._process.kill()
            raise TimeoutError("the broker did not take the load")
        sent: LoadResult = self._result.recv()
        self._process.join()
        return sent


def _send(order: LoadPlan, taken: Any, sent: Any, result: Any) -> None:  # noqa: ANN401 - ctypes and pipe ends have no useful types
    fleet = order.fleet
    lines = [_open(order.address, name, order.passwords[name]) for name in fleet.names]
    pieces = [fleet.pieces(name) for name in fleet.names]
    blocks, sent_at, acknowledged, number = [0] * fleet.devices, [], 0, 0
    began_at = time.time()
    while (now := time.time()) < began_at + order.seconds:
        due = order.rate * (now - began_at) if order.rate else float("inf")
        if sent.value >= min(due, taken.value + order.ahead_max):
            time.sleep(PAUSE_S)
            continue
        device = number % fleet.devices
        second = fleet.second(blocks[device]).strftime(SECOND_FORMAT).encode()
        sent_at.append((device, blocks[device], time.time()))
        lines[device].sendall(second.join(pieces[device]))
        acknowledged += _acknowledged(lines[device])
        blocks[device] += 1
        number += 1
        sent.value += fleet.block
    ended_at = time.time()
    while acknowledged < number * fleet.messages_a_block * PUBACK_BYTES:
        acknowledged += sum(_acknowledged(line) for line in lines)
        time.sleep(PAUSE_S)
    result.send(LoadResult(blocks, sent_at, began_at, ended_at))


def _open(address: tuple[str, int], name: str, password: str) -> socket.socket:
    line = socket.create_connection(address)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(connect_packet(name, password))
    if line.recv(4) != b"\x20\x02\x00\x00":
        raise ConnectionError(f"the broker refuses {name}")
    return line


def _acknowledged(line: socket.socket) -> int:
    """How many bytes of PUBACKs have come; after CONNACK a broker sends a publisher nothing else."""
    try:
        return len(line.recv(65536, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return 0
