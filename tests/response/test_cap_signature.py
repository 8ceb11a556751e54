"""CAP in a webhook can be signed: who pins the certificate accepts it, and nothing that was changed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from signxml.exceptions import InvalidSignature
from signxml.verifier import XMLVerifier

from rencheng.cap.validation import violations
from rencheng.domain.errors import Misconfigured
from rencheng.response.delivery.dispatch import ContactKind
from services.response.channels.cap_signature import CapSigner
from services.response.channels.http import HttpClient
from services.response.channels.webhook import WebhookChannel
from tests.cap.test_rules import GOOD
from tests.response.test_channels import ITEM, LOOPBACK, message
from tests.support.cap_messages import schema_accepts_it
from tests.support.webhook_receiver import WebhookReceiver


def key_pair(folder: Path, name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    plain = serialization.NoEncryption()
    files = folder / f"{name}.key", folder / f"{name}.crt"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    files[0].write_bytes(private)
    files[1].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return files


def test_a_signed_message_is_valid_cap_and_verifies_with_the_pinned_certificate_alone(tmp_path: Path) -> None:
    ours, other = (key_pair(tmp_path, name, rsa.generate_private_key(65537, 2048)) for name in ("ours", "other"))
    signer = CapSigner(*ours)

    async def send() -> None:
        client = HttpClient(LOOPBACK, allows_http=True)
        item = ITEM.__class__(**{name: getattr(ITEM, name) for name in ITEM.__slots__} | {"cap_xml": GOOD})
        one = message(ContactKind.WEBHOOK, f"{receiver.url}/x", items=(item,), cap="inline")
        await WebhookChannel(client, signer).send(one)
        await client.close()

    with WebhookReceiver().running() as receiver:
        asyncio.run(send())
    signed = receiver.received[0].document["cap_xml"]
    pinned, foreign = (files[1].read_text() for files in (ours, other))

    assert violations(signed) == []
    assert schema_accepts_it(signed)
    XMLVerifier().verify(signed.encode(), x509_cert=pinned)
    with pytest.raises(InvalidSignature):
        XMLVerifier().verify(signed.encode(), x509_cert=foreign)
    with pytest.raises(InvalidSignature):
        XMLVerifier().verify(signed.replace("Actual", "Exercise").encode(), x509_cert=pinned)
    assert CapSigner(*ours).sign(GOOD) == signed


def test_a_key_that_cannot_sign_is_refused_at_the_start(tmp_path: Path) -> None:
    curve = key_pair(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Misconfigured, match="no RSA key"):
        CapSigner(*curve)
    with pytest.raises(Misconfigured, match="RENCHENG_RESPONSE_CAP_KEY_FILE"):
        CapSigner(tmp_path / "missing.key", curve[1])
