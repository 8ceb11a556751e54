"""One MQTT 3.1.1 session: subscribe, receive into an inbox, acknowledge after processing, publish.

MQTT 3.1.1 costs paho half the CPU of MQTT 5, and the common brokers support it.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from rencheng.domain.message import ReceivedMessage
from rencheng.messaging.inbox import Inbox
from rencheng.messaging.mqtt.batching_client import BatchingClient
from rencheng.messaging.mqtt.packets import Publish, RetainedPublish
from rencheng.messaging.mqtt.plain_client import PlainClient
from rencheng.messaging.source import AckHandle, InboundMessage

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)  # below it paho logs each CONNECT with the client id, which is a secret

KEEPALIVE_S = 30

INBOX_WAIT_S = 10.0
"""How long the network thread waits while the inbox is full. A broker closes a connection after one and a half
keepalives without a packet. Source: MQTT 3.1.1, 3.1.2.10."""

_CONNECTION_IDS = itertools.count(1)
"""Numbers of connections, unique in the process, so that a handle counts on its own session alone."""


@dataclass(frozen=True, slots=True)
class PacketHandle(AckHandle):
    """A PUBLISH of one connection that waits for its PUBACK. `packet_id` is 0 for QoS 0, which needs none."""

    connection_id: int
    packet_id: int


class Session:
    """A message source and publisher on one connection, which is restored after each failure.

    Args:
        address: host and port of the broker.
        client_id: stable, so that the broker finds a persistent session again.
        account: user name and password.
        subscriptions: topic filters, requested with QoS 1 at each connect, so that a changed list takes effect.
        unsubscribe: filters that an earlier run of this session may have requested and that are no longer wanted.
        inbox: where received messages wait.
        persistent: whether the broker keeps messages during an absence and until they are acknowledged.
        on_change: called from the network thread with True after connecting and subscribing, and with False after
            losing the connection; the second argument is the reason.
        tls: how the broker's certificate is checked; None for a plain connection.
        batching: whether to read many PUBLISH packets at once; plain paho otherwise.
        inbox_wait_s: how long the network thread waits while the inbox is full, seconds.

    Attributes:
        is_subscribed: whether the broker confirmed all subscriptions on this connection.
        is_resumed: whether the broker had the session already at the last connect.
        open_messages: how many messages of this connection are received and not acknowledged.
        ack_also: another session whose handles may be given to `ack`.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        client_id: str,
        account: tuple[str, str],
        subscriptions: Sequence[str],
        unsubscribe: Sequence[str] = (),
        inbox: Inbox | None = None,
        persistent: bool,
        on_change: Callable[[bool, str], None] = lambda _up, _why: None,
        tls: SSLContext | None = None,
        batching: bool = True,
        inbox_wait_s: float = INBOX_WAIT_S,
    ) -> None:
        self._address = address
        self._client_id = client_id
        self._account = account
        self._tls = tls
        self._persistent = persistent
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._unsubscribe = list(unsubscribe)
        self._inbox = Inbox() if inbox is None else inbox
        self._inbox_wait_s = inbox_wait_s
        self._on_change = on_change
        self._client_class = BatchingClient if batching else PlainClient
        self.ack_also: Session | None = None
        self.open_messages = 0
        self._connection_id = 0
        self._connection_lock = threading.Lock()
        self._is_open = False
        self._paused = False
        self.is_resumed = self.is_subscribed = False
        self._outstanding: list[int] = []
        self._puback = threading.Condition()
        self._acked_ids: set[int] = set()
        self._client = self._new_client()

    def open(self) -> None:
        """Start connecting, in a thread of its own. An unreachable broker is tried again until `close`."""
        self._is_open = True
        self._connect()

    def close(self) -> None:
        """Disconnect and empty the inbox. A persistent session stays with the broker, which sends the rest again."""
        self._is_open = False
        self._inbox.clear()  # the network thread may be waiting for space
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        """Open the session."""
        self.open()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the session."""
        self.close()

    @property
    def is_connected(self) -> bool:
        """Return whether there is a connection now."""
        return self._client.is_connected()

    @property
    def waiting(self) -> int:
        """Return how many received messages are not taken yet."""
        return len(self._inbox)

    @property
    def oldest_waiting_at(self) -> datetime | None:
        """Return when the oldest message that is not taken yet was received; None without one."""
        return self._inbox.oldest_received_at

    def take(self, batch_max: int, wait_s: float) -> list[InboundMessage]:
        """Take messages in the order of arrival; see `MessageSource.take`.

        A session that disconnected because its inbox was full connects again here once the inbox is empty.
        """
        if self._paused and self._is_open and not self._inbox:
            self._client.loop_stop()
            self._connect()
        return self._inbox.take(batch_max, wait_s)

    def ack(self, handles: Iterable[AckHandle]) -> None:
        """Acknowledge messages, in the order given. A handle of an earlier connection has no effect."""
        handles = list(handles)
        with self._connection_lock:
            current = self._connection_id
            ids = [
                handle.packet_id
                for handle in handles
                if isinstance(handle, PacketHandle) and handle.connection_id == current and handle.packet_id
            ]
            self._client.acknowledge(ids)
            self.open_messages -= len(ids)
        if (other := self.ack_also) is not None:
            other.ack(handles)

    def publish_nowait(self, messages: Sequence[tuple[str, bytes]], *, retain: bool) -> list[int]:
        """Publish in order with QoS 1 and return the packet ids, which `acked` reports later.

        Without a connection nothing is sent and the list is empty. Messages arrive in the order in which they were
        sent, also after a reconnection.

        Raises:
            ValueError: MQTT cannot carry a topic or payload. Those before it were sent.
        """
        if not self.is_connected:
            return []
        sent: list[int] = []
        for topic, payload in messages:
            sent.append(self._client.publish(topic, payload, qos=1, retain=retain).mid)
            self._outstanding.append(sent[-1])
        return sent

    def acked(self, *, wait_s: float = 0) -> set[int]:
        """Return the packet ids acknowledged since the last call; wait up to `wait_s` for all outstanding ones."""
        with self._puback:
            self._puback.wait_for(lambda: self._acked_ids.issuperset(self._outstanding), wait_s)
            done = self._acked_ids.intersection(self._outstanding)
            self._acked_ids -= done  # paho assigns these ids again
        self._outstanding = [packet_id for packet_id in self._outstanding if packet_id not in done]
        return done

    @property
    def unacknowledged(self) -> frozenset[int]:
        """Return the packet ids that are neither acknowledged nor dropped by a new client."""
        return frozenset(self._outstanding)

    def publish_qos0(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 0, without waiting, and return whether there was a connection. For any thread."""
        return self._client.publish(topic, payload, qos=0).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def _connect(self) -> None:
        self._paused = False
        self._outstanding = []
        self._acked_ids.clear()
        self._client = self._new_client()  # a paho client is good for one start and one stop
        self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def _new_client(self) -> BatchingClient | PlainClient:
        client = self._client_class(
            self._receive,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=not self._persistent,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(*self._account)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.reconnect_delay_set(1, 8)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        # an error in a callback must not end the network thread, or the process would run on without messages
        client.suppress_exceptions = True
        client.enable_logger(log)
        return client

    def _published(
        self, _client: Client, _data: object, packet_id: int, _reason: ReasonCode, _properties: object
    ) -> None:
        with self._puback:
            self._acked_ids.add(packet_id)
            self._puback.notify_all()

    def _connected(
        self, client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._on_change(False, f"the broker refuses the connection: {reason}")
            return
        with self._connection_lock:
            self._connection_id, self.open_messages = next(_CONNECTION_IDS), 0
        self.is_resumed = flags.session_present
        if not self._subscriptions:
            self._on_change(True, "connected")
            return
        client.subscribe(self._subscriptions)
        if self._unsubscribe:  # after subscribing, so that no message falls between
            client.unsubscribe(self._unsubscribe)

    def _subscribed(self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:  # noqa: ANN401 - paho's
        refused = [topic for (topic, _), code in zip(self._subscriptions, codes, strict=True) if code.is_failure]
        if refused:
            self._on_change(False, f"the broker refuses the subscription to {', '.join(refused)}")
        else:
            self.is_subscribed = True
            self._on_change(True, "connected and subscribed")

    def _disconnected(
        self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        with self._connection_lock:  # before paho reconnects, so that no old handle counts on the new connection
            self._connection_id = next(_CONNECTION_IDS)
        self.is_subscribed = False
        self._on_change(False, str(reason))

    def _receive(self, client: BatchingClient | PlainClient, publishes: list[Publish]) -> None:
        if self._paused or not self._is_open:  # accepting them now would put them before messages left out earlier
            return
        now, connection_id, is_resumed = datetime.now(UTC), self._connection_id, self.is_resumed
        messages = [
            InboundMessage(
                ReceivedMessage(one.topic, one.payload, now, is_resumed and isinstance(one, RetainedPublish)),
                PacketHandle(connection_id, one.packet_id),
            )
            for one in publishes
        ]
        with self._connection_lock:
            self.open_messages += sum(1 for one in publishes if one.packet_id)
        if not self._inbox.put(messages, wait_s=self._inbox_wait_s):
            # The network thread must answer the broker's keepalive, so it waits no longer and disconnects. The broker
            # keeps all that is not acknowledged, and sends it again after `take` reconnects.
            self._paused = True
            client.disconnect()
        elif not self._persistent:
            client.acknowledge(one.packet_id for one in publishes if one.packet_id)
