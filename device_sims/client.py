"""One simulated device: an MQTT client of its own, with its own name, password and last will."""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_sims.errors import NotAcknowledged, NotConnected
from device_sims.puback_tracker import PubackTracker, PublishCounts
from rencheng.codecs.base import Codec
from rencheng.codecs.items import READINGS_MAX
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading
from rencheng.domain.topic import Channel, Topic

DEFAULT_PORT = 1883
KEEPALIVE_S = 60
RECONNECT_AFTER_S = (1, 4)
AT_LEAST_ONCE = 1


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker listens."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """Read `mqtt://host:port`.

        Raises:
            ValueError: it is another kind of address.
        """
        parts = urlsplit(url)
        if parts.scheme != "mqtt" or not parts.hostname:
            raise ValueError(f"{url!r} is not a broker's address; it looks like mqtt://127.0.0.1:1883")
        return cls(parts.hostname, parts.port or DEFAULT_PORT)


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """Who a device is: `device_id` is its client id and its user name as well."""

    device_id: str
    kind: Kind
    region: str
    password: str = field(repr=False)

    def topic(self, channel: Channel) -> str:
        """The device's own topic for a channel."""
        return str(Topic(self.region, self.kind, self.device_id, channel))


class DeviceClient:
    """A device's connection, MQTT 3.1.1, QoS 1.

    It connects again by itself, and sends again what was not acknowledged, in the order in which it was published. Its
    network runs in a thread of its own: some thirty devices in a process are nothing to a machine.
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
        """Takes what the platform answers on `reply`, in the network's thread; set it before `start`."""
        self._pubacks = PubackTracker()
        self._connected = threading.Event()
        self._disconnect_reason = "no answer yet"
        self._mqtt = self._client()

    @property
    def counts(self) -> PublishCounts:
        """What was published and acknowledged on `telemetry` so far."""
        return self._pubacks.counts

    @property
    def disconnect_reason(self) -> str | None:
        """Why the device is not connected, in the words of the broker or the network; None if it is."""
        return None if self._connected.is_set() else self._disconnect_reason

    @property
    def waiting(self) -> int:
        """How many messages the broker has not acknowledged yet."""
        return self._pubacks.waiting

    def start(self) -> None:
        """Begin to connect, and keep trying. Returns at once."""
        self._mqtt.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._mqtt.loop_start()

    def await_connected(self, *, timeout_s: float) -> None:
        """Wait for the connection.

        Raises:
            NotConnected: it did not come in time.
        """
        if not self._connected.wait(timeout_s):
            address, reason = f"{self._broker.host}:{self._broker.port}", self._disconnect_reason
            raise NotConnected(
                f"{self.device.device_id} could not connect to {address} within {timeout_s:g} s: {reason}. "
                "Check the address, the device's password and that the broker runs."
            )

    def publish(self, readings: Sequence[Reading]) -> None:
        """Send readings as one message, or as several if they are more than a message may carry. Never blocks.

        Raises:
            NotAcknowledged: more messages wait for the broker than MQTT can number.
        """
        for first in range(0, len(readings), READINGS_MAX):
            part = readings[first : first + READINGS_MAX]
            self.send(self._codec.encode(part), readings=len(part))

    def send(self, payload: bytes, *, readings: int) -> None:
        """Send a message as it is. Never blocks.

        Raises:
            NotAcknowledged: more messages wait for the broker than MQTT can number.
        """
        self._send(Channel.TELEMETRY, payload, readings=readings)

    def await_acknowledged(self, *, timeout_s: float) -> bool:
        """Wait until the broker has acknowledged everything. False if that took longer."""
        return self._pubacks.await_all(timeout_s=timeout_s)

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Say offline, wait for what is on its way, and leave. What the broker has not taken by then is given up.

        With no connection there is nobody to tell: the last will has spoken already.
        """
        if self._connected.is_set():
            self._send(Channel.STATE, self._state("offline"), retain=True)
            self._pubacks.await_all(timeout_s=timeout_s)
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def cut_power(self) -> None:
        """Lose power: the connection ends without a word, nothing is sent any more, and the last will speaks."""
        connection = self._mqtt.socket()
        if isinstance(connection, socket.socket):
            with suppress(OSError):  # it was lost a moment ago
                connection.shutdown(socket.SHUT_RDWR)
        self._mqtt.loop_stop()

    def _client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=self.device.device_id, protocol=MQTTv311)
        client.username_pw_set(self.device.device_id, self.device.password)
        client.reconnect_delay_set(*RECONNECT_AFTER_S)
        client.max_inflight_messages_set(0)  # no window: what waits for a PUBACK is the conductor's business
        client.on_pre_connect = self._before_connecting
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _send(self, channel: Channel, payload: bytes, *, readings: int = 0, retain: bool = False) -> None:
        sent = self._mqtt.publish(self.device.topic(channel), payload, qos=AT_LEAST_ONCE, retain=retain)
        if sent.rc is MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:  # all 65,535 packet ids are in use: paho would drop it
            raise NotAcknowledged(f"{self.device.device_id} has too many messages that wait for the broker")
        self._pubacks.record_publish(sent.mid, readings=readings)

    def _state(self, status: str) -> bytes:
        return json.dumps({"status": status, "time": self._now().isoformat()}).encode()

    def _before_connecting(self, client: Client, _userdata: object) -> None:
        """The will is written anew for each connection, because it tells the time of connecting."""
        client.will_set(self.device.topic(Channel.STATE), self._state("offline"), qos=AT_LEAST_ONCE, retain=True)

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        answer: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if answer.is_failure:
            self._disconnect_reason = f"the broker answered: {answer}"
            return
        if self.on_reply is not None:
            self._mqtt.subscribe(self.device.topic(Channel.REPLY))
        self._connected.set()
        self._send(Channel.STATE, self._state("online"), retain=True)

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        self._disconnect_reason = "nobody listens there"

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        why: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if self._connected.is_set():
            self._disconnect_reason = f"the connection was lost: {why}"
        self._connected.clear()

    def _on_publish(
        self, _client: Client, _userdata: object, packet_id: int, _answer: ReasonCode, _more: Properties
    ) -> None:
        self._pubacks.record_puback(packet_id)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self.on_reply is not None:
            self.on_reply(bytes(message.payload))
