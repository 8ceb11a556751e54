"""The identifier of a message in a receipt. Device and platform compute it from the payload."""

import hashlib

ID_DIGITS = 16
"""64 bits: of n = 10,000 waiting messages, two have equal identifiers with a probability of n² / 2 / 2**64 = 3e-12."""


def message_id(payload: bytes) -> str:
    """Return the first 16 hexadecimal digits of the payload's SHA-256, in lower case.

    A payload that is sent again has the same identifier, so that one receipt counts for both.
    """
    return hashlib.sha256(payload).hexdigest()[:ID_DIGITS]
