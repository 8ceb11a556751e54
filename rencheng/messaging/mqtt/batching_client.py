"""paho for the session, and PUBLISH packets taken from its receive buffer many at once.

paho makes three `recv` calls and some forty of its own for one PUBLISH, 20 us in all; taken in bulk it is 2.
Connecting, subscribing, keepalive, reconnecting and publishing remain paho's: what is no PUBLISH goes its own way.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import MQTT_LOG_ERR, PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode

from rencheng.messaging.mqtt.packets import Publish, pubacks, read_publishes

RECEIVE_BYTES = 2**18


class BatchingClient(Client):
    """A paho client that hands over messages in lists, and whose acknowledgements are the caller's business.

    Args:
        on_publishes: takes what came, in order, in the network thread. An error in it is logged.
        options: as paho's `Client` takes them.
    """

    def __init__(self, on_publishes: Callable[["BatchingClient", list[Publish]], None], **options: Any) -> None:  # noqa: ANN401 - paho's
        super().__init__(**options)
        self._on_publishes = on_publishes
        self._held = b""

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Send a PUBACK for each, in one piece. If there is no connection they are forgotten at the next one."""
        if packets := pubacks(packet_ids):
            self._packet_queue(PUBACK, packets, 0, 1)

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew; what the last connection left half read is void."""
        self._held = b""
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read all that has come. `max_packets` is paho's, and without meaning there as well."""
        del max_packets
        try:
            fresh = super()._sock_recv(RECEIVE_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            self._easy_log(MQTT_LOG_ERR, "failed to receive on socket: %s", error)
            fresh = b""
        if not fresh:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._held += fresh
        return self._read_held()

    def _read_held(self) -> MQTTErrorCode:
        while self._held and self._sock is not None:
            if self._in_packet["command"] == 0:
                taken = read_publishes(self._held)
                self._held = self._held[taken.used :]
                if taken.publishes:
                    self._hand_over(taken.publishes)
                if taken.is_cut:
                    break
                if taken.publishes:
                    continue
            rc = self._packet_read()
            if rc == MQTTErrorCode.MQTT_ERR_AGAIN:
                break
            if rc > 0:
                return self._loop_rc_handle(rc)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _hand_over(self, publishes: list[Publish]) -> None:
        try:
            self._on_publishes(self, publishes)
        except Exception as error:  # noqa: BLE001 - as paho does with its callbacks: the thread must live on
            self._easy_log(MQTT_LOG_ERR, "caught exception while taking messages in: %s", error)

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads: from what is held, never from the socket itself."""
        if not self._held:
            raise BlockingIOError
        data, self._held = self._held[:bufsize], self._held[bufsize:]
        return data
