"""One simulated device: an MQTT client with its own name, password and last will."""

import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ssl import SSLContext, create_default_context
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_sims.errors import NotAcknowledged, NotConnected
from device_sims.messages import split_into_messages
from device_sims.puback_tracker import PubackTracker, PublishCounts
from rencheng.codecs.base import Codec
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from rencheng.domain.topic import Channel, Topic

DEFAULT_PORT, TLS_PORT = 1883, 8883
KEEPALIVE_S = 60
RECONNECT_AFTER_S = (1, 4)
AT_LEAST_ONCE = 1


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """The host and port of a broker, and how its certificate is checked; without `tls` the connection is plain."""

    host: str
    port: int = DEFAULT_PORT
    tls: SSLContext | None = None

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """Parse `mqtt://host:port` or `mqtts://host:port`; RENCHENG_MQTT_CA_FILE names the certificate's authority.

        Raises:
            ValueError: it is another kind of address.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError(f"{url!r} is not a broker address; use the form mqtt://127.0.0.1:1883")
        if parts.scheme == "mqtts":
            return cls(
                parts.hostname,
                parts.port or TLS_PORT,
                create_default_context(cafile=os.environ.get("RENCHENG_MQTT_CA_FILE")),
            )
        return cls(parts.hostname, parts.port or DEFAULT_PORT)


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """A device's identity. `device_id` is its client id and its user name as well."""

    device_id: str
    kind: Kind
    region: str
    password: str = field(repr=False)

    def topic(self, channel: Channel) -> str:
        """Return the device's own topic for a channel."""
        return str(Topic(self.region, self.kind, self.device_id, channel))


class DeviceClient:
    """A device's connection: MQTT 3.1.1, QoS 1.

    It reconnects by itself, and sends unacknowledged messages again in their order. Its network runs in a thread of
    its own.
    """

    def __init__(
        self,
        device: SimulatedDevice,
        broker: BrokerAddress,
        *,
        codec: Codec = CODECS["json"],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.device = device
        self._broker = broker
        self._codec = codec
        self._now = now
        self.on_reply: Callable[[bytes], None] | None = None
        """Receives payloads on `reply`, in the network thread. Set it before `start`."""
        self._pubacks = PubackTracker()
        self._connected = threading.Event()
        self._disconnect_reason = "no reply from the broker yet"
        self._mqtt = self._client()

    @property
    def counts(self) -> PublishCounts:
        """The number of messages and readings published and acknowledged on `telemetry`."""
        return self._pubacks.counts

    @property
    def disconnect_reason(self) -> str | None:
        """The last error of the broker or the network; None while connected."""
        return None if self._connected.is_set() else self._disconnect_reason

    @property
    def waiting(self) -> int:
        """The number of messages without PUBACK."""
        return self._pubacks.waiting

    def start(self) -> None:
        """Start to connect, and keep trying. Return at once."""
        self._mqtt.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._mqtt.loop_start()

    def await_connected(self, *, timeout_s: float) -> None:
        """Wait for the connection.

        Raises:
            NotConnected: it was not made in time.
        """
        if not self._connected.wait(timeout_s):
            address, reason = f"{self._broker.host}:{self._broker.port}", self._disconnect_reason
            raise NotConnected(
                f"{self.device.device_id} could not connect to {address} within {timeout_s:g} s: {reason}. "
                "Check the address, the device's password and that the broker runs."
            )

    def publish(self, readings: Sequence[Reading]) -> None:
        """Send readings as one message, or as several if they exceed the limit of a message. Return at once.

        Raises:
            NotAcknowledged: too many messages wait for a PUBACK; MQTT has 65,535 packet ids.
        """
        for payload, number in split_into_messages(self._codec, readings):
            self.send(payload, readings=number)

    def send(self, payload: bytes, *, readings: int) -> None:
        """Send a payload as it is. Return at once.

        Raises:
            NotAcknowledged: too many messages wait for a PUBACK; MQTT has 65,535 packet ids.
        """
        self._send(Channel.TELEMETRY, payload, readings=readings)

    def await_acknowledged(self, *, timeout_s: float) -> bool:
        """Wait until the broker has acknowledged everything. Return False if it did not in time."""
        return self._pubacks.await_all(timeout_s=timeout_s)

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Publish the state offline, wait for PUBACKs, and disconnect. Messages without PUBACK are discarded.

        Without a connection the state is not published, because the last will has already been sent.
        """
        if self._connected.is_set():
            self._send(Channel.STATE, self._state("offline"), retain=True)
            self._pubacks.await_all(timeout_s=timeout_s)
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def cut_power(self) -> None:
        """Break the connection without DISCONNECT. The broker publishes the last will; nothing more is sent."""
        connection = self._mqtt.socket()
        if isinstance(connection, socket.socket):
            with suppress(OSError):  # it was lost a moment ago
                connection.shutdown(socket.SHUT_RDWR)
        self._mqtt.loop_stop()

    def _client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=self.device.device_id, protocol=MQTTv311)
        client.username_pw_set(self.device.device_id, self.device.password)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.reconnect_delay_set(*RECONNECT_AFTER_S)
        client.max_inflight_messages_set(0)  # no limit: the player decides how many messages may wait for a PUBACK
        client.on_pre_connect = self._before_connecting
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _send(self, channel: Channel, payload: bytes, *, readings: int = 0, retain: bool = False) -> None:
        sent = self._mqtt.publish(self.device.topic(channel), payload, qos=AT_LEAST_ONCE, retain=retain)
        if (
            sent.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE
        ):  # all 65,535 packet ids are in use, so paho would drop the message
            raise NotAcknowledged(f"{self.device.device_id} has too many messages without PUBACK")
        self._pubacks.record_publish(sent.mid, readings=readings)

    def _state(self, status: str) -> bytes:
        return json.dumps({"status": status, "time": self._now().isoformat()}).encode()

    def _before_connecting(self, client: Client, _userdata: object) -> None:
        """Set the will again before each connection, because it carries the time of connecting."""
        client.will_set(self.device.topic(Channel.STATE), self._state("offline"), qos=AT_LEAST_ONCE, retain=True)

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._disconnect_reason = f"the broker refused: {reason}"
            return
        if self.on_reply is not None:
            self._mqtt.subscribe(self.device.topic(Channel.REPLY))
        self._connected.set()
        self._send(Channel.STATE, self._state("online"), retain=True)

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        self._disconnect_reason = "no broker at this address"

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if self._connected.is_set():
            self._disconnect_reason = f"the connection was lost: {reason}"
        self._connected.clear()

    def _on_publish(
        self, _client: Client, _userdata: object, packet_id: int, _reason: ReasonCode, _more: Properties
    ) -> None:
        self._pubacks.record_puback(packet_id)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self.on_reply is not None:
            self.on_reply(bytes(message.payload))
