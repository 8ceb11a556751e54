"""One MQTT 3.1.1 session: subscribes, fills an inbox, acknowledges by hand, publishes.

MQTT 3.1.1 because it costs paho half of what MQTT 5 does, and every broker that we know speaks it.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from rencheng.intake import InboundPayload
from rencheng.messaging.inbox import AckHandle, InboundMessage, Inbox
from rencheng.messaging.mqtt.batching_client import BatchingClient
from rencheng.messaging.mqtt.packets import Publish

log = logging.getLogger(__name__)

KEEPALIVE_S = 30

ROOM_WAIT_S = 10
"""How long the network thread waits for room in the inbox: the broker's patience is one and a half keepalives."""


class Session:
    """A connection that comes back by itself.

    Args:
        address: host and port of the broker.
        client_id: stable, so that a persistent session is found again.
        account: user name and password.
        subscriptions: topic filters, asked for (QoS 1) at every connect, so that a changed list takes effect.
        given_up: filters that an earlier life of this session may have asked for, and that are wanted no more.
        inbox: where messages go.
        persistent: the broker keeps messages while we are away, and until we acknowledge them.
        on_change: called from the network thread with True when connected and subscribed, False when cut off,
            and a sentence about it.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        client_id: str,
        account: tuple[str, str],
        subscriptions: Sequence[str],
        given_up: Sequence[str] = (),
        inbox: Inbox,
        persistent: bool,
        on_change: Callable[[bool, str], None] = lambda _up, _why: None,
    ) -> None:
        self._address = address
        self._client_id = client_id
        self._account = account
        self._persistent = persistent
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._unsubscribe = list(given_up)
        self._inbox = inbox
        self._on_change = on_change
        self._connection_id = 0
        self._ack_handles = threading.Lock()
        self._paused = False
        self._outstanding: list[int] = []
        self._overdue: set[int] = set()  # of those, what `publish` had no word of in time
        self._puback = threading.Condition()
        self._acked_ids: set[int] = set()
        self._client = self._new_client()

    def __enter__(self) -> Self:
        """Start connecting, in a thread of its own. A broker that is away is tried again and again."""
        self._paused = False
        self._outstanding, self._overdue = [], set()
        self._acked_ids.clear()
        self._client = self._new_client()  # paho's are for one start and one stop
        self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Say goodbye. A persistent session stays with the broker, and so does what the inbox still holds."""
        self._paused = True
        self._inbox.clear()  # the network thread may be waiting for room
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        """Is there a connection now?"""
        return self._client.is_connected()

    def acknowledge(self, receipts: Iterable[AckHandle]) -> None:
        """Tell the broker that these are settled, in the order given. Receipts of an older connection are void."""
        with self._ack_handles:
            epoch = self._connection_id
            self._client.acknowledge(
                [one.packet_id for one in receipts if one.connection_id == epoch and one.packet_id]
            )

    def publish(self, topic: str, payload: bytes, *, retain: bool, timeout_s: float) -> bool:
        """Publish with QoS 1 and wait for the broker's word. False if it did not come in time.

        One at a time, for one thread. What got no word in time stays with paho, which sends it again after a
        reconnection; until it has come through nothing else is sent, so that what is old never follows what is new.
        """
        if not self.is_connected:
            return False  # paho would keep a copy of each attempt, and send them all when it is back
        if not self._wait_for_acks(timeout_s):
            return False
        self._forget(self._overdue)
        number = self._client.publish(topic, payload, qos=1, retain=retain).mid
        self._outstanding.append(number)
        self._overdue = {number}
        if not self._wait_for_acks(timeout_s):
            return False
        self._forget(self._overdue)
        return True

    def publish_nowait(self, messages: Sequence[tuple[str, bytes]], *, retain: bool) -> list[int]:
        """Publish in order with QoS 1 and wait for nothing; the numbers by which `taken` speaks of them.

        Nothing is sent, and the list is empty, without a connection. Others may be on their way: on one connection
        what was sent first comes first, after a reconnection as well.

        Raises:
            ValueError: a topic or payload that MQTT cannot carry; those before it were sent.
        """
        if not self.is_connected:
            return []
        sent: list[int] = []
        for topic, payload in messages:
            sent.append(self._client.publish(topic, payload, qos=1, retain=retain).mid)
            self._outstanding.append(sent[-1])
        return sent

    def acked(self, *, wait_s: float = 0) -> set[int]:
        """Which of what was sent the broker has taken since the last call; waits so long for all of it."""
        self._wait_for_acks(wait_s)
        with self._puback:
            done = self._acked_ids.intersection(self._outstanding)
        self._forget(done)
        return done

    def publish_qos0(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 0: said once, to who listens now, and waited for by nobody. From any thread.

        False if there is no connection.
        """
        return self._client.publish(topic, payload, qos=0).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def resume_if_drained(self) -> None:
        """After an overflow: connect again once the inbox is empty."""
        if self._paused and not len(self._inbox):
            self._client.loop_stop()
            self.__enter__()

    def _new_client(self) -> BatchingClient:
        client = BatchingClient(
            self._arrived,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=not self._persistent,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        client.username_pw_set(*self._account)
        client.reconnect_delay_set(1, 8)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        # an error in a callback must not end the network thread: the process would live on, and hear nothing
        client.suppress_exceptions = True
        client.enable_logger(log)
        return client

    def _wait_for_acks(self, timeout_s: float) -> bool:
        """Wait for the broker's word on all that is outstanding."""
        with self._puback:
            return self._puback.wait_for(lambda: self._acked_ids.issuperset(self._outstanding), timeout_s)

    def _forget(self, numbers: set[int]) -> None:
        """They are settled; their numbers will be given again."""
        with self._puback:
            self._acked_ids -= numbers
        self._outstanding = [number for number in self._outstanding if number not in numbers]

    def _published(
        self, _client: Client, _data: object, packet_id: int, _reason: ReasonCode, _properties: object
    ) -> None:
        with self._puback:
            self._acked_ids.add(packet_id)
            self._puback.notify_all()

    def _connected(
        self, client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._on_change(False, f"the broker refuses us: {reason}")
            return
        with self._ack_handles:
            self._connection_id += 1
        client.subscribe(self._subscriptions)
        if self._unsubscribe:  # after it, so that there is no moment without
            client.unsubscribe(self._unsubscribe)

    def _subscribed(self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:  # noqa: ANN401 - paho's
        refused = [topic for (topic, _), code in zip(self._subscriptions, codes, strict=True) if code.is_failure]
        if refused:
            self._on_change(False, f"the broker refuses the subscription to {', '.join(refused)}")
        else:
            self._on_change(True, "connected and subscribed")

    def _disconnected(
        self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        with self._ack_handles:
            self._connection_id += (
                1  # before paho connects anew, so that no old receipt can be sent on a new connection
            )
        self._on_change(False, str(reason))

    def _arrived(self, client: BatchingClient, publishes: list[Publish]) -> None:
        if self._paused:  # it was on its way when we hung up; taken in now, it would overtake what was left out
            return
        now, epoch = datetime.now(UTC), self._connection_id
        deliveries = [
            InboundMessage(InboundPayload(topic, payload, now), AckHandle(epoch, packet_id))
            for topic, payload, packet_id in publishes
        ]
        if not self._inbox.put(deliveries, wait_s=ROOM_WAIT_S):
            # The inbox is bounded, and the network thread must not wait in it for longer than the broker would wait
            # for us. We hang up: what was not acknowledged stays with the broker, and comes again when there is room.
            self._paused = True
            client.disconnect()
        elif not self._persistent:
            client.acknowledge(one.packet_id for one in publishes if one.packet_id)
