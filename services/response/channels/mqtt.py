"""MQTT out: one topic for each contact method, not retained, acknowledged by the broker."""

import asyncio

from rencheng.messaging.mqtt.session import Session
from rencheng.response.delivery.outbound import OutboundMessage, body_of
from rencheng.response.delivery.outcome import Outcome, SendResult

TOPIC = "rencheng/v1/dispatch/"
"""The messages of a contact method are published on this topic with its address."""

ANSWER_WITHIN_S = 10.0
_POLL_S = 0.005


class MqttChannel:
    """Publishes on a session of its own.

    Args:
        session: nothing else publishes on it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._acknowledged: set[int] = set()

    async def send(self, message: OutboundMessage) -> SendResult:
        """Publish with QoS 1 and wait for the broker's acknowledgement."""
        try:
            sent = self._session.publish_nowait([(TOPIC + message.address, body_of(message))], retain=False)
        except ValueError as error:
            return SendResult(Outcome.NEVER, detail=f"MQTT cannot carry it: {error}")
        if not sent:
            return SendResult(Outcome.LATER, detail="no connection to the broker")
        self._acknowledged.discard(sent[0])  # of a message in doubt, whose packet id is used again
        return await self._acknowledgement(sent[0])

    async def _acknowledgement(self, packet_id: int) -> SendResult:
        deadline = asyncio.get_running_loop().time() + ANSWER_WITHIN_S
        while asyncio.get_running_loop().time() < deadline:
            self._acknowledged |= self._session.acked()
            if packet_id in self._acknowledged:
                self._acknowledged.discard(packet_id)
                return SendResult(Outcome.DELIVERED)
            if packet_id not in self._session.unacknowledged:
                break
            await asyncio.sleep(_POLL_S)
        return SendResult(Outcome.DOUBTFUL, detail="the broker did not acknowledge it in time")
