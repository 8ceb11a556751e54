"""What every channel offers, and the choice of the channel for a message."""

from collections.abc import Mapping
from typing import Protocol

from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outbound import OutboundMessage
from rencheng.response.delivery.outcome import Outcome, SendResult


class MessageChannel(Protocol):
    """One protocol."""

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send a message within its time limits. Never raises for what the receiver does."""
        ...


class Channels:
    """Sends each message by the channel of its kind.

    Args:
        channels: by kind. A message of another kind waits.
    """

    def __init__(self, channels: Mapping[ContactKind, MessageChannel]) -> None:
        self._channels = channels

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send a message. A world that the contact method does not serve is never sent, whatever the database says."""
        if any(item.world not in message.worlds for item in message.items):
            return SendResult(Outcome.NEVER, detail="the contact method does not serve this world")
        channel = self._channels.get(message.kind)
        if channel is None:
            return SendResult(Outcome.LATER, detail=f"no channel for {message.kind} is configured")
        return await channel.send(message)
