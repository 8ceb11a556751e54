"""The connection of a simulated device that takes commands: MQTT 3.1.1, with or without a session that outlives it."""

import json
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_sims.actuators.model import ActuatorModel
from device_sims.client import BrokerAddress
from rencheng.domain.topic import Channel
from rencheng.response.commands.verbs import ActuatorKind
from rencheng.response.commands.wire import device_topic

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.02


class ConnectedActuator:
    """A simulated device on a broker. Its last will reports that its state is unknown.

    Args:
        name: the device, and its account.
        region: its district.
        password: of its account.
        model: what it does.
        broker: where.
        keeps_session: whether the broker keeps commands while it is away. A device should not ask for that; this one
            can, to show that nothing happens all the same.

    Attributes:
        now: its clock.
    """

    def __init__(
        self,
        name: str,
        region: str,
        password: str,
        model: ActuatorModel,
        broker: BrokerAddress,
        *,
        keeps_session: bool = False,
    ) -> None:
        self.model = model
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.received: list[bytes] = []
        self._broker = broker
        self._topics = {
            channel: device_topic(region, model.kind, name, channel)
            for channel in (Channel.COMMAND, Channel.REPLY, Channel.TELEMETRY)
        }
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._tick, name=name, daemon=True)
        self._account = (name, password)
        self._keeps_session = keeps_session
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Connect, and wait until commands arrive."""
        self.connect()
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Disconnect for good."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.disconnect()

    def connect(self, *, timeout_s: float = 10.0) -> None:
        """Connect, and wait until the broker confirmed the subscription."""
        self._ready.clear()
        self._client = self._new_client()  # a paho client is good for one start and one stop
        self._client.connect(self._broker.host, self._broker.port, keepalive=10)
        self._client.loop_start()
        self._ready.wait(timeout_s)

    def disconnect(self) -> None:
        """Go offline."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._account[0],
            clean_session=not self._keeps_session,
            protocol=MQTTv311,
        )
        client.username_pw_set(*self._account)
        if self.model.kind is not ActuatorKind.PILE:
            client.will_set(self._topics[Channel.REPLY], b'{"type":"state","state":"unknown"}', qos=1)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.reconnect_delay_set(1, 2)
        client.on_connect = self._connected
        client.on_subscribe = lambda *_given: self._ready.set()
        client.on_message = self._receive
        return client

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _given: Properties | None
    ) -> None:
        client.subscribe(self._topics[Channel.COMMAND], qos=1)
        self._publish(client, [self.model.report()])

    def _receive(self, client: Client, _data: object, message: MQTTMessage) -> None:
        with self._lock:
            payload = bytes(message.payload)
            self.received.append(payload)
            answers = self.model.receive(payload, self.now(), is_retained=message.retain)
        self._publish(client, answers)

    def _tick(self) -> None:
        while not self._stop.wait(TICK_S):
            with self._lock:
                reports = self.model.tick(self.now())
            if self._client is not None:
                self._publish(self._client, reports)

    def _publish(self, client: Client, documents: list[bytes]) -> None:
        for each in documents:
            fields = json.loads(each)
            if "measurand" in fields:
                fields["time"] = self.now().isoformat()
                client.publish(self._topics[Channel.TELEMETRY], json.dumps(fields).encode(), qos=1)
            else:
                client.publish(self._topics[Channel.REPLY], each, qos=1)
