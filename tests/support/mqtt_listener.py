"""A subscriber that receives all messages of a test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

WAIT_S = 20.0


class Listener:
    """Messages by topic, in the order of arrival. Its session is persistent: messages wait while it is away."""

    def __init__(self, *, user: str, password: str, address: tuple[str, int]) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "listener", clean_session=False, protocol=MQTTv311)
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("rencheng/v1/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._receive
        self._address = address

    def start(self) -> None:
        self._client.connect_async(*self._address)
        self._client.loop_start()
        assert self._ready.wait(WAIT_S)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def payloads(self, topic_end: str) -> list[bytes]:
        return [payload for topic, payload in self.messages if topic.endswith(topic_end)]

    def wait_until(self, holds: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < ends_at, f"received only {self.messages[-5:]}"
            time.sleep(0.02)

    def _receive(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.messages.append((message.topic, bytes(message.payload)))


@contextmanager
def listening(*, user: str, password: str, address: tuple[str, int]) -> Iterator[Listener]:
    listener = Listener(user=user, password=password, address=address)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()
