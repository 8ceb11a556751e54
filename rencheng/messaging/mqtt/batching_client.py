"""A paho client that reads many PUBLISH packets at once from the socket.

paho makes three `recv` calls and about forty Python calls for one PUBLISH: 20 µs in all, against 2 µs here. paho still
connects, subscribes, keeps alive, reconnects and publishes; it reads every packet that is not a PUBLISH.

The class overrides private names of paho. `tests/messaging/mqtt/test_paho_contract.py` holds them, and
`requirements/runtime.in` pins the version. `RENCHENG_MQTT_BATCHING=false` does without this class.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import MQTT_LOG_ERR, PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode

from rencheng.messaging.mqtt.packets import Publish, pubacks, read_publishes

RECEIVE_BYTES = 2**18


class BatchingClient(Client):
    """A paho client that passes messages on in lists and leaves acknowledgements to its caller.

    Args:
        on_publishes: receives the messages, in order, in the network thread. An error in it is logged.
        options: as paho's `Client` takes them.
    """

    def __init__(self, on_publishes: Callable[["BatchingClient", list[Publish]], None], **options: Any) -> None:  # noqa: ANN401 - paho's
        super().__init__(**options)
        self._on_publishes = on_publishes
        self._buffer = b""

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Send a PUBACK for each, in one write. Without a connection they are dropped."""
        if packets := pubacks(packet_ids):
            self._packet_queue(PUBACK, packets, 0, 1)

    def reconnect(self) -> MQTTErrorCode:
        """Connect, and discard what the last connection left half read."""
        self._buffer = b""
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read all bytes that have arrived. `max_packets` is ignored, as paho ignores it."""
        del max_packets
        try:
            data = super()._sock_recv(RECEIVE_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            self._easy_log(MQTT_LOG_ERR, "failed to receive on socket: %s", error)
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._buffer += data
        return self._read_buffer()

    def _read_buffer(self) -> MQTTErrorCode:
        while self._buffer and self._sock is not None:
            if self._in_packet["command"] == 0:
                batch = read_publishes(self._buffer)
                self._buffer = self._buffer[batch.used :]
                if batch.publishes:
                    self._pass_on(batch.publishes)
                if batch.is_cut:
                    break
                if batch.publishes:
                    continue
            rc = self._packet_read()
            if rc == MQTTErrorCode.MQTT_ERR_AGAIN:
                break
            if rc > 0:
                return self._loop_rc_handle(rc)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _pass_on(self, publishes: list[Publish]) -> None:
        try:
            self._on_publishes(self, publishes)
        except Exception as error:  # noqa: BLE001 - as paho does with its callbacks: the network thread goes on
            self._easy_log(MQTT_LOG_ERR, "caught exception in on_publishes: %s", error)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho bytes of the buffer, never of the socket itself."""
        if not self._buffer:
            raise BlockingIOError
        data, self._buffer = self._buffer[:bufsize], self._buffer[bufsize:]
        return data
