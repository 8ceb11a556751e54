"""Clear messages that the broker retains for devices that are not in service, or at addresses that are not theirs.

The broker keeps a retained message after its device is retired, and hands it to every later subscriber.
"""

import secrets
import threading
from collections.abc import Callable, Iterable
from ssl import SSLContext

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from rencheng.domain.topic import Channel, topic_filter

SENTINEL = "$SYS/broker/version"
"""A topic that Mosquitto retains. Subscribed to last, it arrives behind all other retained messages."""

WAIT_S = 30.0
_CHANNELS = (Channel.TELEMETRY, Channel.STATE, Channel.REPLY)


def clear_retained(
    address: tuple[str, int],
    *,
    tls: SSLContext | None,
    account: tuple[str, str],
    is_wanted: Callable[[str], bool],
) -> list[str]:
    """Clear retained messages of devices, and return their topics. A broker that is away is left as it is.

    Args:
        address: host and port of the broker.
        tls: how its certificate is checked; None for a plain connection.
        account: of ingest, which may read and write the topics of devices.
        is_wanted: returns whether the retained message on a topic stays.
    """
    found: list[str] = []
    complete = threading.Event()

    def receive(_client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == SENTINEL:
            complete.set()
        elif message.retain and not is_wanted(message.topic):
            found.append(message.topic)

    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"rencheng-clear-{secrets.token_hex(8)}",
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.username_pw_set(*account)
    if tls is not None:
        client.tls_set_context(tls)
    client.on_message = receive
    filters = [*((topic_filter(one), 1) for one in _CHANNELS), (SENTINEL, 1)]
    client.on_connect = lambda client, *_: client.subscribe(filters)
    try:
        client.connect(*address)
    except OSError:
        return []
    client.loop_start()
    try:
        return _clear(client, found) if complete.wait(WAIT_S) else []
    finally:
        client.disconnect()
        client.loop_stop()


def _clear(client: Client, topics: Iterable[str]) -> list[str]:
    sent = [(topic, client.publish(topic, b"", qos=1, retain=True)) for topic in topics]
    for _, one in sent:
        if one.rc is MQTTErrorCode.MQTT_ERR_SUCCESS and client.is_connected():
            one.wait_for_publish(WAIT_S)
    return [topic for topic, one in sent if one.rc is MQTTErrorCode.MQTT_ERR_SUCCESS and one.is_published()]
