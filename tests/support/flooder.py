"""A device that publishes with QoS 1 as fast as loopback carries, on a plain socket."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.conftest import Broker
from tests.support.alert_database import REGION

CONNECT, PUBLISH_QOS1 = 0x10, 0x32
PACKETS_PER_SEND = 20


class Flooder:
    """Publishes the same messages again and again until it is stopped. `sent` counts them."""

    def __init__(self, broker: Broker, name: str, readings: int, per_s: float | None = None) -> None:
        broker.add_accounts(name)
        self._socket = socket.create_connection(broker.address)
        self._socket.sendall(_connect(name, broker.passwords[name]))
        assert self._socket.recv(4) == b"\x20\x02\x00\x00"
        topic = f"rencheng/v1/{REGION}/waterlogging/{name}/telemetry"
        first = datetime.now(UTC) - timedelta(seconds=60)
        self._packets = [
            _publish(topic, [first + timedelta(milliseconds=number * 100 + each) for each in range(readings)])
            for number in range(500)
        ]
        self._stop = threading.Event()
        self._pause_s = PACKETS_PER_SEND / per_s if per_s else 0.0
        self.sent = 0
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._write, self._drain)]

    @contextmanager
    def flooding(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._socket.shutdown(socket.SHUT_RDWR)
            for thread in self._threads:
                thread.join(5)
            self._socket.close()

    def _write(self) -> None:
        while not self._stop.wait(self._pause_s):
            begin = self.sent % len(self._packets)
            try:
                self._socket.sendall(b"".join(self._packets[begin : begin + PACKETS_PER_SEND]))
            except OSError:
                return
            self.sent += PACKETS_PER_SEND

    def _drain(self) -> None:
        try:
            while self._socket.recv(2**16):
                pass
        except OSError:
            pass


def _publish(topic: str, times: list[datetime]) -> bytes:
    bodies = [{"time": time.isoformat(), "depth_mm": 3.0} for time in times]
    payload = json.dumps(bodies if len(bodies) > 1 else bodies[0]).encode()
    return _packet(PUBLISH_QOS1, _text(topic) + struct.pack(">H", 1 + times[0].microsecond % 60_000) + payload)


def _connect(name: str, password: str) -> bytes:
    return _packet(CONNECT, _text("MQTT") + bytes([4, 0xC2, 0, 60]) + _text(name) + _text(name) + _text(password))


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


def _packet(kind: int, body: bytes) -> bytes:
    size, header = len(body), bytearray([kind])
    while True:
        size, digit = divmod(size, 128)
        header.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(header) + body
