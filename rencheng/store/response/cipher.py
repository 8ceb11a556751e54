"""Encrypt addresses and secrets with a key that is outside the database, so that a copy of it reveals none."""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from rencheng.domain.errors import Misconfigured, NotPossible

REMEDY = "RENCHENG_CONTACT_KEYS: set one or more Fernet keys, separated by commas; `rencheng contact key` makes one"

CACHED_MAX = 5000
"""Decrypted texts in memory: the addresses and secrets of 2,000 endpoints."""


class ContactCipher:
    """Encrypts with the first key, and decrypts with any, so that a key can be replaced.

    Args:
        keys: Fernet keys, separated by commas.

    Raises:
        Misconfigured: there is no key, or one is not a Fernet key.
    """

    def __init__(self, keys: str) -> None:
        listed = [key.strip() for key in keys.split(",") if key.strip()]
        if not listed:
            raise Misconfigured(REMEDY)
        try:
            self._fernet = MultiFernet([Fernet(key) for key in listed])
        except ValueError:
            raise Misconfigured(REMEDY) from None
        self.decrypt = lru_cache(CACHED_MAX)(self._decrypt)
        self._hash_key = urlsafe_b64decode(listed[-1])  # the oldest, so that hashes stay when a key is put before it

    def encrypt(self, text: str) -> bytes:
        """Return the encrypted text."""
        return self._fernet.encrypt(text.encode())

    def _decrypt(self, encrypted: bytes) -> str:
        """Return the text. A storm sends to the same addresses again and again, so they are decrypted once.

        Raises:
            NotPossible: none of the keys fits.
        """
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            raise NotPossible(
                "no key of RENCHENG_CONTACT_KEYS decrypts this address; add the key it was made with"
            ) from None

    def hash(self, kind: str, address: str) -> bytes:
        """Return a hash by which equal addresses are found without decrypting them."""
        return hmac.new(self._hash_key, f"{kind}\n{address}".encode(), hashlib.sha256).digest()


def new_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode()
