"""How a receipt names a message: by its content, so that device and platform agree without a word about it."""

import hashlib

ID_DIGITS = 16
"""64 bits: of ten thousand messages that wait, two share a name in one spool of 370 billion (2**64 / (n**2 / 2))."""


def message_id(payload: bytes) -> str:
    """The first 16 hexadecimal digits of the payload's SHA-256, in lower case.

    The same payload sent again has the same name, and says the same: a receipt for one is a receipt for both.
    """
    return hashlib.sha256(payload).hexdigest()[:ID_DIGITS]
