"""A source of messages, as services see it. Each broker is one more module that fulfils this protocol."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rencheng.domain.message import ReceivedMessage


class AckHandle:
    """What a source needs to acknowledge one message. Opaque: only the source that made it reads it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A received message and the handle by which it is acknowledged."""

    message: ReceivedMessage
    handle: AckHandle


class MessageSource(Protocol):
    """A broker subscription that redelivers each message until it is acknowledged."""

    @property
    def waiting(self) -> int:
        """Return how many received messages are not taken yet."""
        ...

    def take(self, batch_max: int, wait_s: float) -> list[InboundMessage]:
        """Take messages in the order of arrival.

        Args:
            batch_max: the most messages to take. Fewer are taken if their payloads are large.
            wait_s: how long to wait for a first message, seconds.
        """
        ...

    def ack(self, handles: Iterable[AckHandle]) -> None:
        """Acknowledge messages, in the order given. A handle of an earlier connection has no effect."""
        ...
