"""A message as a device's publisher sent it, whatever broker carried it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it arrived.

    Attributes:
        topic: where it was published.
        payload: its bytes.
        received_at: when it arrived, by the platform's clock, UTC.
        is_replay: the broker keeps it for new subscribers and sends it again at a connect. It was received before.
    """

    topic: str
    payload: bytes
    received_at: datetime
    is_replay: bool = False
