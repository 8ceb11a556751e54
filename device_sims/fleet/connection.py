"""One connection of a fleet, for one device or many. It keeps messages until their PUBACK and reconnects by itself."""

import errno
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from device_sims.fleet.schedule import ScheduledMessage
from rencheng.messaging.mqtt import packets

WINDOW = 500
"""How many messages may wait for their PUBACK on one connection. Mosquitto accepts more."""

PACKET_IDS = 65535
RETRY_S = (0.2, 2.0)
CONNECT_TIMEOUT_S = 5.0
READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """A client id, user and password. `client_id` must be unique."""

    client_id: str
    user: str
    password: str = field(repr=False)


class FleetConnection:
    """A connection that reconnects by itself.

    Attributes:
        socket: the socket; None while not connected.
        connects: the number of accepted logins.
        disconnect_reason: why it is not connected; None if it is.
    """

    def __init__(self, address: tuple[str, int], account: BrokerLogin) -> None:
        self.socket: socket.socket | None = None
        self.connects = 0
        self.disconnect_reason: str | None = "not connected yet"
        self.account = account
        self._address = address
        self._waiting: deque[tuple[bytes, ScheduledMessage]] = deque()
        self._in_flight: dict[int, tuple[bytes, ScheduledMessage]] = {}
        self._packet_id = 0
        self._out = bytearray()
        self._in = bytearray()
        self._retry_at_s = 0.0
        self._random = Random(account.client_id)  # noqa: S311 - only to be out of step

    def __len__(self) -> int:
        """Return the number of unconfirmed messages."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def unconfirmed(self) -> list[ScheduledMessage]:
        """The unconfirmed messages, oldest first."""
        return [emission for _, emission in (*self._in_flight.values(), *self._waiting)]

    def enqueue(self, topic: bytes, emission: ScheduledMessage) -> None:
        """Add a message to send."""
        self._waiting.append((topic, emission))

    def send_pending(self, now_s: float) -> None:
        """Connect if it is time, and send what fits."""
        if self.socket is None and now_s >= self._retry_at_s:
            self._open(now_s)
        if self.disconnect_reason is None:
            self._fill()
        if self._out:
            self._send(now_s)

    def read(self, now_s: float) -> list[ScheduledMessage]:
        """Read from the broker. Return the confirmed messages."""
        try:
            data = self.socket.recv(READ_BYTES) if self.socket else b""
        except BlockingIOError:
            return []
        except OSError as error:
            self.cut(now_s, why=str(error))
            return []
        if not data:
            self.cut(now_s, why="the broker closed the connection")
            return []
        self._in += data
        settled, code = packets.take_replies(self._in)
        if code is not None:
            self._on_connack(code, now_s)
        found = [self._in_flight.pop(packet_id, None) for packet_id in settled]
        return [item[1] for item in found if item]

    def cut(self, now_s: float, *, why: str, retry: bool = True) -> None:
        """Break the connection without DISCONNECT. Unconfirmed messages are sent again later."""
        if self.socket:
            self.socket.close()
        self.socket, self.disconnect_reason = None, why
        self._out.clear()
        self._in.clear()
        self._retry_at_s = now_s + (self._random.uniform(*RETRY_S) if retry else 0.0)

    def close(self) -> None:
        """Send DISCONNECT and close."""
        if self.socket:
            self.socket.setblocking(True)
            self.socket.settimeout(1.0)
            with suppress(OSError):  # it was lost a moment ago
                self.socket.sendall(packets.DISCONNECT)
            self.socket.close()
            self.socket = None

    def _open(self, now_s: float) -> None:
        try:
            self.socket = socket.create_connection(self._address, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            self.cut(now_s, why=str(error))
            return
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        account = self.account
        self._out += packets.connect_packet(account.client_id, account.user, account.password)
        self.disconnect_reason = "no reply from the broker yet"

    def _on_connack(self, code: int, now_s: float) -> None:
        if code:
            self.cut(now_s, why=f"the broker refuses {self.account.user} (code {code})")
            return
        self.connects += 1
        self.disconnect_reason = None
        for packet, _ in self._in_flight.values():
            self._out += packets.as_duplicate(packet)

    def _fill(self) -> None:
        while self._waiting and len(self._in_flight) < WINDOW:
            topic, emission = self._waiting.popleft()
            packet = packets.publish_packet(topic, emission.payload, self._next_id())
            self._in_flight[self._packet_id] = packet, emission
            self._out += packet

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % PACKET_IDS + 1
        while self._packet_id in self._in_flight:
            self._packet_id = self._packet_id % PACKET_IDS + 1
        return self._packet_id

    def _send(self, now_s: float) -> None:
        if self.socket is None:
            return
        try:
            sent = self.socket.send(self._out)
        except BlockingIOError:
            return
        except OSError as error:
            reset = error.errno in {errno.ECONNRESET, errno.EPIPE}
            self.cut(now_s, why="the broker closed the connection" if reset else str(error))
            return
        del self._out[:sent]
