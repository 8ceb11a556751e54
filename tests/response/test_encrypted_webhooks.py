"""Webhooks by https: the certificate of the receiver is checked, and a connection is used again."""

import asyncio
import ssl
from ipaddress import ip_network
from pathlib import Path

from commands.tls.authority import create_authority, issue
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.response.delivery.outcome import Outcome
from services.response.channels.http import HttpClient
from services.response.channels.webhook import WebhookChannel
from tests.response.test_channels import LOOPBACK, message
from tests.support.webhook_receiver import WebhookReceiver


def test_a_certificate_must_name_the_host_and_be_of_a_known_authority(tmp_path: Path) -> None:
    create_authority(tmp_path)
    issue(tmp_path, "hook", hosts=["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "hook.crt", tmp_path / "hook.key")

    async def send(port: int, host: str, ca_file: Path | None) -> list[Outcome]:
        client = HttpClient((*LOOPBACK, ip_network("::1")), ca_file=ca_file)
        one = message(ContactKind.WEBHOOK, f"https://{host}:{port}/x")
        results = [await WebhookChannel(client).send(one) for _ in range(2)]  # the second on the kept connection
        await client.close()
        return [result.outcome for result in results]

    with WebhookReceiver(context).running() as receiver:
        port = int(receiver.url.rpartition(":")[2])
        known = tmp_path / "ca.crt"
        assert asyncio.run(send(port, "localhost", known)) == [Outcome.DELIVERED] * 2
        assert asyncio.run(send(port, "127.0.0.1", known)) == [Outcome.LATER] * 2
        assert asyncio.run(send(port, "localhost", None)) == [Outcome.LATER] * 2
        assert len(receiver.received) == 2
