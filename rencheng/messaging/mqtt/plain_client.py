"""A paho client that uses paho's public functions alone: slower than `BatchingClient`, and a substitute for it."""

from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage

from rencheng.messaging.mqtt.packets import Publish, RetainedPublish


class PlainClient(Client):
    """A paho client that leaves acknowledgements to its caller.

    Args:
        on_publishes: receives each message, as a list of one, in the network thread.
        options: as paho's `Client` takes them.
    """

    def __init__(self, on_publishes: Callable[["PlainClient", list[Publish]], None], **options: Any) -> None:  # noqa: ANN401 - paho's
        super().__init__(manual_ack=True, **options)
        self._on_publishes = on_publishes
        self.on_message = self._pass_on

    def acknowledge(self, packet_ids: Iterable[int]) -> None:
        """Send a PUBACK for each. Without a connection they are dropped."""
        for packet_id in packet_ids:
            self.ack(packet_id, 1)

    def _pass_on(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        made = RetainedPublish if message.retain else Publish
        self._on_publishes(self, [made(message.topic, bytes(message.payload), message.mid)])
