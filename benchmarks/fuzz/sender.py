"""The fuzzers' process: a connection each, messages made beforehand, sent as fast as a rate and a window allow."""

import multiprocessing
import socket
import time
from collections.abc import Mapping
from ctypes import c_longlong
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing.sharedctypes import RawValue
from typing import TYPE_CHECKING, Any

from benchmarks.fuzz.messages import fuzzed_messages
from benchmarks.throughput.fleet import connect_packet, publish_packet

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

BURST = 20
PUBACK_BYTES = 4
PATIENCE_S = 1200.0
WELCOME_S = 20.0


@dataclass(frozen=True, slots=True)
class FuzzLoadPlan:
    """What to send: so many messages of a seed, at most so many a second, at most so many on their way."""

    port: int
    passwords: Mapping[str, str]
    seed: int
    messages: int
    per_s: float
    on_their_way_max: int = 5000


@dataclass(frozen=True, slots=True)
class FuzzLoadResult:
    """What was sent, as how many readings the account must show it, and how long the broker took."""

    messages: int
    readings: int
    seconds: float


class FuzzLoad:
    """Fuzzers at work in a process of their own."""

    def __init__(self, order: FuzzLoadPlan) -> None:
        context = multiprocessing.get_context("spawn")
        self.sent = RawValue(c_longlong, 0)
        self._ready, self._go = context.Event(), context.Event()
        self._result, theirs = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(
            target=_send, args=(order, self._ready, self._go, self.sent, theirs), daemon=True
        )
        self._process.start()

    def wait_until_made(self) -> None:
        """Until all messages are made, and each fuzzer is connected."""
        if not self._ready.wait(PATIENCE_S):
            raise TimeoutError("the messages were not made in time")

    def start(self) -> None:
        """Begin to send."""
        self._go.set()

    def is_done(self) -> bool:
        """Has the broker acknowledged everything?"""
        return self._result.poll(0)

    def result(self) -> FuzzLoadResult:
        """Wait until the broker has acknowledged everything."""
        if not self._result.poll(PATIENCE_S):
            self._process.kill()
            raise TimeoutError("the broker did not take the fuzzed messages")
        sent: FuzzLoadResult = self._result.recv()
        self._process.join()
        return sent


def _send(order: FuzzLoadPlan, ready: Any, go: Any, sent: Any, result: Any) -> None:  # noqa: ANN401 - multiprocessing's have no useful types
    now = datetime.now().astimezone()
    packets: list[tuple[str, bytes]] = []
    readings = 0
    for number, message in enumerate(islice(fuzzed_messages(order.seed, now), order.messages)):
        packets.append(
            (message.device_id, publish_packet(message.topic, message.payload, packet_id=number % 60_000 + 1))
        )
        readings += message.count
    lines = {name: _open(order.port, name, password) for name, password in order.passwords.items()}
    ready.set()
    go.wait()
    began, acknowledged = time.monotonic(), 0
    for number, (name, packet) in enumerate(packets):
        if number % BURST == 0:
            time.sleep(max(0.0, began + number / order.per_s - time.monotonic()))
            while number - acknowledged // PUBACK_BYTES >= order.on_their_way_max:
                acknowledged += sum(_acknowledged(line) for line in lines.values())
                time.sleep(0.0005)
            sent.value = number
        lines[name].sendall(packet)
    while acknowledged < len(packets) * PUBACK_BYTES:
        acknowledged += sum(_acknowledged(line) for line in lines.values())
        time.sleep(0.001)
    sent.value = len(packets)
    result.send(FuzzLoadResult(len(packets), readings, time.monotonic() - began))


def _open(port: int, name: str, password: str) -> socket.socket:
    until = time.monotonic() + WELCOME_S
    while time.monotonic() < until:  # the broker reads new accounts in its own time
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(connect_packet(name, password))
        if line.recv(4) == b"\x20\x02\x00\x00":
            return line
        line.close()
        time.sleep(0.2)
    raise ConnectionError(f"the broker refuses {name}")


def _acknowledged(line: socket.socket) -> int:
    """Bytes of PUBACKs that have come. A line that the broker closed is an error: then nothing more can be counted."""
    try:
        data = line.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 0
    if not data:
        raise ConnectionError("the broker hung up on a fuzzer")
    return len(data)
