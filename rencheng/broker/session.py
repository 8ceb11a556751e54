"""One MQTT 3.1.1 session: subscribes, fills an inbox, acknowledges by hand, publishes.

MQTT 3.1.1 because it costs paho half of what MQTT 5 does, and every broker that we know speaks it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from rencheng.broker.inbox import Delivery, Inbox, Receipt
from rencheng.intake import Message

KEEPALIVE_S = 30


class Session:
    """A connection that comes back by itself.

    Args:
        address: host and port of the broker.
        client_id: stable, so that a persistent session is found again.
        account: user name and password.
        subscriptions: topic filters, asked for (QoS 1) at every connect, so that a changed list takes effect.
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
        inbox: Inbox,
        persistent: bool,
        on_change: Callable[[bool, str], None] = lambda _up, _why: None,
    ) -> None:
        self._address = address
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._inbox = inbox
        self._on_change = on_change
        self._epoch = 0
        self._receipts = threading.Lock()
        self._paused = False
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not persistent,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=persistent,
        )
        self._client.username_pw_set(*account)
        self._client.reconnect_delay_set(1, 8)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._arrived

    def __enter__(self) -> Self:
        """Start connecting, in a thread of its own. A broker that is away is tried again and again."""
        self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Say goodbye. A persistent session stays with the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        """Is there a connection now?"""
        return self._client.is_connected()

    def acknowledge(self, receipts: Iterable[Receipt]) -> None:
        """Tell the broker that these are settled, in the order given. Receipts of an older connection are void."""
        with self._receipts:
            for receipt in receipts:
                if receipt.epoch == self._epoch:
                    self._client.ack(receipt.packet_id, receipt.qos)

    def publish(self, topic: str, payload: bytes, *, retain: bool, timeout_s: float) -> bool:
        """Publish with QoS 1 and wait for the broker's word. False if it did not come in time."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        if sent.rc != MQTT_ERR_SUCCESS:
            return False
        try:
            sent.wait_for_publish(timeout_s)
        except RuntimeError:  # paho: the connection went while waiting
            return False
        return sent.is_published()

    def resume_if_drained(self) -> None:
        """After an overflow: connect again once the inbox is empty."""
        if self._paused and not len(self._inbox):
            self._client.loop_stop()
            self._paused = False
            self.__enter__()

    def _connected(
        self, client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._on_change(False, f"the broker refuses us: {reason}")
            return
        with self._receipts:
            self._epoch += 1
        client.subscribe(self._subscriptions)

    def _subscribed(self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:  # noqa: ANN401 - paho's
        refused = [topic for (topic, _), code in zip(self._subscriptions, codes, strict=True) if code.is_failure]
        if refused:
            self._on_change(False, f"the broker refuses the subscription to {', '.join(refused)}")
        else:
            self._on_change(True, "connected and subscribed")

    def _disconnected(
        self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        with self._receipts:
            self._epoch += 1  # before paho connects anew, so that no old receipt can be sent on a new connection
        self._on_change(False, str(reason))

    def _arrived(self, client: Client, _data: object, message: MQTTMessage) -> None:
        received = Message(message.topic, bytes(message.payload), datetime.now(UTC))
        if not self._inbox.put(Delivery(received, Receipt(self._epoch, message.mid, message.qos))):
            # The inbox is bounded and the network thread must not wait in it. We hang up instead: what was not
            # acknowledged stays with the broker, and comes again when there is room.
            self._paused = True
            client.disconnect()
