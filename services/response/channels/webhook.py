"""Webhooks by Standard Webhooks 1.0.0: a constant id, the time of the attempt, and a signature by each live secret."""

from dataclasses import replace

from rencheng.response.delivery.outbound import OutboundMessage, body_of
from rencheng.response.delivery.outcome import SendResult
from rencheng.response.delivery.signed_webhooks import signed_headers
from services.response.channels.cap_signature import CapSigner
from services.response.channels.http import HttpClient, result_of_status


class WebhookChannel:
    """Posts one message to one endpoint.

    Args:
        client: posts.
        signer: signs the CAP form in a body; None: it is not signed.
    """

    def __init__(self, client: HttpClient, signer: CapSigner | None = None) -> None:
        self._client = client
        self._signer = signer

    async def send(self, message: OutboundMessage) -> SendResult:
        """Post the message, signed. Only 2xx is a success."""
        body = body_of(self._signed(message))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        headers |= signed_headers(message.message_id, message.attempt_at, body, message.secrets)
        answer = await self._client.post(message.address, body, headers)
        return answer if isinstance(answer, SendResult) else result_of_status(answer)

    def _signed(self, message: OutboundMessage) -> OutboundMessage:
        [item] = message.items
        if self._signer is None or message.cap != "inline" or item.cap_xml is None:
            return message
        return replace(message, items=(replace(item, cap_xml=self._signer.sign(item.cap_xml)),))
