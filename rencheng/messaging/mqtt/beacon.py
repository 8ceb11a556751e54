"""A retained message that says how a service is, with a last will that says that it is gone.

On a connection of its own: the broker publishes the will when this connection is silent for one and a half keepalives,
also while the service's other session is busy or is taken away from it.
"""

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE_S = 15
"""The broker publishes the will after one and a half of it. Source: MQTT 3.1.1, 3.1.2.10."""

LAST_WITHIN_S = 2.0
"""The longest wait for the acknowledgement of the last message."""


class Beacon:
    """Publishes the newest message of one topic, retained, with QoS 1.

    Args:
        address: host and port of the broker.
        client_id: of this connection.
        account: user name and password.
        topic: where it publishes.
        will: the message that the broker publishes when the connection is lost.
    """

    def __init__(
        self, address: tuple[str, int], *, client_id: str, account: tuple[str, str], topic: str, will: bytes
    ) -> None:
        self._address = address
        self._topic = topic
        self._newest: bytes | None = None
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.username_pw_set(*account)
        self._client.will_set(topic, will, qos=1, retain=True)
        self._client.reconnect_delay_set(1, 8)
        self._client.max_queued_messages_set(1)
        self._client.on_connect = self._connected

    def open(self) -> None:
        """Start connecting, in a thread of its own. An unreachable broker is tried again until `close`."""
        self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, message: bytes) -> None:
        """Publish a message, and again after each connect, because the will may stand on the topic then."""
        self._newest = message
        if self._client.is_connected():
            self._client.publish(self._topic, message, qos=1, retain=True)

    def close(self, message: bytes) -> None:
        """Publish a last message and disconnect, so that the will is not published."""
        if self._client.is_connected():
            self._newest = None
            self._client.publish(self._topic, message, qos=1, retain=True).wait_for_publish(LAST_WITHIN_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if not reason.is_failure and self._newest is not None:
            client.publish(self._topic, self._newest, qos=1, retain=True)
