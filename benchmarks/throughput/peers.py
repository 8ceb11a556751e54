"""The peers: paho that only receives, the common Python form, and raw COPY."""

import json
import queue
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import psycopg
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from benchmarks.throughput.fleet import LoadFleet, values

if TYPE_CHECKING:
    from collections.abc import Callable

FILTER = "rencheng/v1/+/+/+/telemetry"
BATCH = 1000
BATCH_WAIT_S = 0.2
INSERT = (
    "INSERT INTO waterlogging_readings (device_id, time, channel, depth_mm, battery_v, rssi_dbm, quality, received_at)"
    " VALUES (%s, %s, 0, %s, %s, %s, 0, %s)"
)
COPY_IN = (
    "COPY waterlogging_readings (device_id, time, channel, depth_mm, battery_v, rssi_dbm, quality, received_at)"
    " FROM STDIN (FORMAT binary)"
)
COPY_ROWS = 10_000
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class BufferedClient(Client):
    """A paho client with a read buffer: one `recv` for many packets instead of three per packet."""

    _held = b""

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._held:
            self._held = super()._sock_recv(65536)
        data, self._held = self._held[:bufsize], self._held[bufsize:]
        return data

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read until the buffer is empty, because the socket does not report buffered data."""
        rc = super().loop_read(max_packets)
        while self._held and rc == MQTTErrorCode.MQTT_ERR_SUCCESS and self._sock is not None:
            rc = super().loop_read(max_packets)
        return rc


def start(target: "Callable[..., None]", *args: object) -> Any:  # noqa: ANN401 - a process, whatever the context calls it
    """Run one of the functions below in a process of its own."""
    process = get_context("spawn").Process(target=target, args=args, daemon=True)
    process.start()
    return process


def receive_plain(address: tuple[str, int], password: str, taken: Any, ready: Any) -> None:  # noqa: ANN401
    """Receive messages and only count them."""
    _receive(address, password, taken, ready, buffered=False)


def receive_buffered(address: tuple[str, int], password: str, taken: Any, ready: Any) -> None:  # noqa: ANN401
    """Receive messages through a read buffer and only count them."""
    _receive(address, password, taken, ready, buffered=True)


def _receive(address: tuple[str, int], password: str, taken: Any, ready: Any, *, buffered: bool) -> None:  # noqa: ANN401

    def arrived(_client: Client, _data: object, _message: MQTTMessage) -> None:
        taken.value += 1

    _client(address, password, ready, arrived, buffered=buffered).loop_forever()


def common_form(address: tuple[str, int], password: str, taken: Any, ready: Any, conninfo: str) -> None:  # noqa: ANN401
    """Store messages in the usual way: a callback fills a queue, a thread writes it with `executemany`.

    paho acknowledges each message before it is stored.
    """
    waiting: queue.Queue[tuple[str, bytes | bytearray]] = queue.Queue()
    threading.Thread(target=_insert, args=(waiting, taken, conninfo), daemon=True).start()

    def arrived(_client: Client, _data: object, message: MQTTMessage) -> None:
        waiting.put((message.topic, message.payload))

    _client(address, password, ready, arrived, buffered=False).loop_forever()


def _insert(waiting: "queue.Queue[tuple[str, bytes | bytearray]]", taken: Any, conninfo: str) -> None:  # noqa: ANN401
    with psycopg.connect(conninfo) as connection:
        while True:
            rows: list[tuple[object, ...]] = []
            until = time.monotonic() + BATCH_WAIT_S
            while len(rows) < BATCH and (left := until - time.monotonic()) > 0:
                try:
                    topic, payload = waiting.get(timeout=left)
                except queue.Empty:
                    break
                body = json.loads(payload)
                at = datetime.fromisoformat(body["time"])
                device, now = topic.split("/")[4], datetime.now(UTC)
                rows.append((device, at, body["depth_mm"], body["battery_v"], body["rssi_dbm"], now))
            if rows:
                connection.cursor().executemany(INSERT, rows)
                connection.commit()
                taken.value += len(rows)


def _client(address: tuple[str, int], password: str, ready: Any, arrived: Any, *, buffered: bool) -> Client:  # noqa: ANN401
    make = BufferedClient if buffered else Client
    client = make(CallbackAPIVersion.VERSION2, client_id="rencheng-ingest-0", protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set("rencheng-ingest", password)
    client.on_message = arrived
    client.on_connect = lambda client, *_: client.subscribe(FILTER, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect(*address)
    return client


def copy_rows_per_s(conninfo: str, fleet: LoadFleet, *, seconds: float) -> float:
    """Return rows per second of binary COPY into the hypertable, from bytes packed beforehand."""
    rows, spent_s, block = 0, 0.0, 0
    blocks = COPY_ROWS // (fleet.devices * fleet.block) or 1
    with psycopg.connect(conninfo) as connection:
        while spent_s < seconds:
            packed = [_packed(fleet, name, number) for number in range(block, block + blocks) for name in fleet.names]
            data = b"".join([_COPY_HEAD, *packed, b"\xff\xff"])
            began_at = time.perf_counter()
            with connection.cursor() as cursor, cursor.copy(COPY_IN) as copy:
                copy.write(data)
            connection.commit()
            spent_s += time.perf_counter() - began_at
            rows += blocks * fleet.devices * fleet.block
            block += blocks
    return rows / spent_s


def _packed(fleet: LoadFleet, name: str, block: int) -> bytes:
    device = name.encode()
    out = []
    for place in range(fleet.block):
        depth_mm, battery_v, rssi_dbm = values(place)
        at_us = (fleet.time(block, place) - _POSTGRES_EPOCH) // timedelta(microseconds=1)
        out.append(struct.pack(">hi", 8, len(device)) + device)
        out.append(struct.pack(">iqih", 8, at_us, 2, 0))
        out.append(struct.pack(">ididid", 8, depth_mm, 8, battery_v, 8, rssi_dbm))
        out.append(struct.pack(">ihiq", 2, 0, 8, at_us))
    return b"".join(out)
