"""Signatures of messages by HTTP, sent and received, by Standard Webhooks 1.0.0."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"

KEY_BYTES = range(24, 65)
"""The possible lengths of a key. Source: Standard Webhooks 1.0.0."""

TOLERANCE_S = 300
"""A received signature is good for this time. Source: the reference libraries of Standard Webhooks."""


def is_secret(secret: str) -> bool:
    """Return whether a text is a secret by which messages can be signed."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(PREFIX) and len(key) in KEY_BYTES


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a message: while a secret is replaced, both sign."""
    stamp = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(message_id, stamp, body, secret) for secret in secrets),
    }


def signature_fault(headers: Mapping[str, str], body: bytes, now: datetime, secrets: Sequence[str]) -> str:
    """Return why a received message is not signed by any of the secrets; empty if it is."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and stamp and given):
        return "webhook-id, webhook-timestamp or webhook-signature is missing"
    if not (stamp.isascii() and stamp.isdecimal() and abs(int(stamp[:12]) - now.timestamp()) <= TOLERANCE_S):
        return f"webhook-timestamp is not within {TOLERANCE_S} s of our clock"
    wanted = [_signature(message_id, stamp, body, secret).encode() for secret in secrets]
    candidates = [one.encode("utf-8", "replace") for one in given.split(" ")]
    is_good = [hmac.compare_digest(one, each) for one in candidates for each in wanted]
    return "" if any(is_good) else "webhook-signature fits none of the secrets"


def _signature(message_id: str, stamp: str, body: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{stamp}.".encode("utf-8", "replace") + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
