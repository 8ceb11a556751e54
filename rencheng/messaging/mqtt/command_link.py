"""The connection on which commands leave and answers of devices arrive.

MQTT 5, unlike the sessions of readings: the broker drops a command at its expiry, and says whether anybody is
subscribed to it. Devices may use MQTT 3.1.1.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from ssl import SSLContext
from types import TracebackType
from typing import Any, NamedTuple, Self, cast

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from rencheng.domain.topic import Channel, topic_filter

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)  # below it paho logs each CONNECT with the client id, which is a secret

KEEPALIVE_S = 30
KEPT_FOR_S = 3600
"""The broker keeps answers for this time while the service is away. Proposal."""

WAITING_MAX = 1000
"""The broker holds back further answers beyond this number that are not settled. Proposal."""

NOBODY_SUBSCRIBED = 16
"""The reason code of a PUBACK. Source: MQTT 5, 3.4.2.1."""

_RECEIPT = b'"type":"receipt"'
"""Receipts of readings share the topic. They are dropped undecoded."""


RECONNECT_AFTER_S = 1.0


class DeviceAnswer(NamedTuple):
    """A message of a device; `connection` and `number` name it to `settle`."""

    topic: str
    payload: bytes
    connection: int
    number: int


class CommandLink:
    """Publishes commands, and receives what devices answer. An answer is acknowledged once it is settled.

    A lost connection takes along what the broker has not acknowledged: nothing leaves later by itself.

    Args:
        address: host and port of the broker.
        client_id: stable, so that the broker keeps answers during an absence.
        account: user name and password.
        tls: how the broker's certificate is checked; None for a plain connection.
    """

    def __init__(
        self, address: tuple[str, int], *, client_id: str, account: tuple[str, str], tls: SSLContext | None = None
    ) -> None:
        self._address = address
        self._client_id = client_id
        self._account = account
        self._tls = tls
        self._answers: deque[DeviceAnswer] = deque()
        self._acknowledged: dict[int, bool] = {}
        self._puback = threading.Condition()
        self._connection = 0
        self._tried_s = 0.0
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Start connecting."""
        self.keep_connected()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Disconnect. The broker keeps the session."""
        self._drop()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._client is not None and self._client.is_connected()

    def keep_connected(self) -> None:
        """Connect again if the connection was lost. Call it often."""
        if self.is_connected or time.monotonic() - self._tried_s < RECONNECT_AFTER_S:
            return
        self._drop()
        self._tried_s = time.monotonic()
        self._connection += 1
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = KEPT_FOR_S
        properties.ReceiveMaximum = WAITING_MAX
        client = self._new_client()
        client.connect_async(*self._address, keepalive=KEEPALIVE_S, clean_start=False, properties=properties)
        client.loop_start()
        self._client = client

    def publish(self, messages: Sequence[tuple[str, bytes, float]], *, wait_s: float) -> list[bool | None]:
        """Publish (topic, payload, seconds until the broker drops it) with QoS 1, never retained.

        Return for each whether anybody is subscribed to it; None if the broker has not acknowledged it in time.
        """
        numbers = [self._publish(*message) for message in messages]
        with self._puback:
            self._puback.wait_for(lambda: self._acknowledged.keys() >= {n for n in numbers if n}, wait_s)
            return [self._acknowledged.pop(number, None) for number in numbers]

    def _publish(self, topic: str, payload: bytes, left_s: float) -> int:
        """Publish a message and return its number; 0 without a connection."""
        if self._client is None or not self.is_connected or left_s < 1:
            return 0
        properties = _properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = int(left_s)
        sent = self._client.publish(topic, payload, qos=1, retain=False, properties=properties)
        return sent.mid if sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS else 0

    def answers(self) -> list[DeviceAnswer]:
        """Return what has arrived since the last call, in order."""
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def settle(self, answer: DeviceAnswer) -> None:
        """Acknowledge an answer that is recorded. What is not settled comes again after a reconnection."""
        if self._client is not None and answer.connection == self._connection:
            self._client.ack(answer.number, 1)

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            userdata=self._connection,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.username_pw_set(*self._account)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.on_connect = self._connected
        client.on_message = self._receive
        client.on_publish = self._published
        client.suppress_exceptions = True
        client.enable_logger(log)
        return client

    def _drop(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None
        with self._puback:
            self._acknowledged.clear()

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if not reason.is_failure:
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            client.subscribe(topic_filter(Channel.REPLY), options=options)

    def _receive(self, client: Client, connection: int, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if message.retain or _RECEIPT in payload[:32]:
            client.ack(message.mid, message.qos)
        else:
            self._answers.append(DeviceAnswer(message.topic, payload, connection, message.mid))

    def _published(self, _client: Client, _data: object, number: int, reason: ReasonCode, _properties: object) -> None:
        with self._puback:
            self._acknowledged[number] = reason.value != NOBODY_SUBSCRIBED
            self._puback.notify_all()


def _properties(packet: int) -> Properties:
    make = cast("Callable[[int], Any]", Properties)
    properties: Properties = make(packet)
    return properties
