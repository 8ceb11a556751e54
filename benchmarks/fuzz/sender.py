"""The fuzzers: one process with a connection each. Messages are generated beforehand, then sent at a limited rate."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from benchmarks.fuzz.messages import fuzzed_messages
from benchmarks.load.connections import PUBACK_BYTES, open_connection, puback_bytes
from benchmarks.load.sender_process import SenderProcess
from benchmarks.throughput.fleet import publish_packet

BURST = 20
TIMEOUT_S = 1200.0
LOGIN_TIMEOUT_S = 20.0
PAUSE_S = 0.0005
PACKET_IDS = 60_000


@dataclass(frozen=True, slots=True)
class FuzzLoadPlan:
    """A load of fuzzed messages. `in_flight_max` is how many may wait for their PUBACK."""

    port: int
    passwords: Mapping[str, str]
    seed: int
    messages: int
    per_s: float
    in_flight_max: int = 5000


@dataclass(frozen=True, slots=True)
class FuzzLoadResult:
    """How many messages were sent, as how many readings they must be counted, and how long the broker took."""

    messages: int
    readings: int
    seconds: float


class FuzzLoad:
    """Fuzzers in a process of their own. They generate their messages at once and send them after `start`."""

    def __init__(self, plan: FuzzLoadPlan) -> None:
        context = get_context("spawn")
        self._ready, self._go = context.Event(), context.Event()
        self._sender: SenderProcess[FuzzLoadResult] = SenderProcess(_send, plan, self._ready, self._go)
        self._sender.start()

    def wait_until_ready(self) -> None:
        """Wait until all messages are generated and each fuzzer is connected.

        Raises:
            TimeoutError: it took too long.
        """
        if not self._ready.wait(TIMEOUT_S):
            raise TimeoutError("the messages were not generated in time")

    def start(self) -> None:
        """Start to send."""
        self._go.set()

    def is_done(self) -> bool:
        """Return whether the broker has acknowledged everything."""
        return self._sender.is_done()

    def result(self) -> FuzzLoadResult:
        """Wait until the broker has acknowledged everything.

        Raises:
            TimeoutError: it took too long.
        """
        return self._sender.result(within_s=TIMEOUT_S)


def _send(result: Connection, plan: FuzzLoadPlan, ready: Event, go: Event) -> None:
    packets, readings = _packets(plan)
    address = ("127.0.0.1", plan.port)
    connections = {
        name: open_connection(address, name, password, within_s=LOGIN_TIMEOUT_S)
        for name, password in plan.passwords.items()
    }

    def acknowledged_bytes() -> int:
        return sum(puback_bytes(connection) for connection in connections.values())

    ready.set()
    go.wait()
    began_s, acknowledged = time.monotonic(), 0
    for number, (name, packet) in enumerate(packets):
        if number % BURST == 0:
            time.sleep(max(0.0, began_s + number / plan.per_s - time.monotonic()))
            while number - acknowledged // PUBACK_BYTES >= plan.in_flight_max:
                acknowledged += acknowledged_bytes()
                time.sleep(PAUSE_S)
        connections[name].sendall(packet)
    while acknowledged < len(packets) * PUBACK_BYTES:
        acknowledged += acknowledged_bytes()
        time.sleep(PAUSE_S)
    result.send(FuzzLoadResult(len(packets), readings, time.monotonic() - began_s))


def _packets(plan: FuzzLoadPlan) -> tuple[list[tuple[str, bytes]], int]:
    """Return the packets with their senders, and how many readings they count as."""
    packets: list[tuple[str, bytes]] = []
    readings = 0
    for number, message in enumerate(islice(fuzzed_messages(plan.seed, datetime.now().astimezone()), plan.messages)):
        packet = publish_packet(message.topic, message.payload, packet_id=number % PACKET_IDS + 1)
        packets.append((message.device_id, packet))
        readings += message.count
    return packets, readings
