"""Sign CAP messages by an enveloped XML signature, so that a receiver who pins the certificate can check them.

The package `signxml` is optional: it is needed only if a key is set.
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rencheng.domain.errors import Misconfigured

CACHED_MAX = 200
"""Signed messages in memory: one goes to many subscribers, and signing costs a millisecond."""

_SETTINGS = "RENCHENG_RESPONSE_CAP_KEY_FILE and RENCHENG_RESPONSE_CAP_CERTIFICATE_FILE"


class CapSigner:
    """Signs with an RSA key: the same message gives the same signature, so a repetition has the same body.

    Args:
        key_file: PEM, without a password.
        certificate_file: PEM; it goes with the signature.

    Raises:
        Misconfigured: the package is missing, or a file cannot be used.
    """

    def __init__(self, key_file: Path, certificate_file: Path) -> None:
        try:
            self._signxml, self._etree = import_module("signxml"), import_module("lxml.etree")
        except ImportError:
            raise Misconfigured(f"{_SETTINGS} need the package signxml: pip install signxml") from None
        try:
            key = load_pem_private_key(key_file.read_bytes(), password=None)
            self._certificate = certificate_file.read_text(encoding="ascii")
        except (OSError, ValueError, TypeError) as error:
            raise Misconfigured(f"{_SETTINGS}: {error}") from None
        if not isinstance(key, RSAPrivateKey):
            raise Misconfigured(f"{_SETTINGS}: the key is no RSA key, by which equal messages have equal signatures")
        self._key = key
        self.sign = lru_cache(CACHED_MAX)(self._sign)

    def _sign(self, xml: str) -> str:
        signer = self._signxml.XMLSigner(
            method=self._signxml.methods.enveloped,
            signature_algorithm="rsa-sha256",
            digest_algorithm="sha256",
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        parser = self._etree.XMLParser(resolve_entities=False, no_network=True)
        signed = signer.sign(self._etree.fromstring(xml.encode(), parser), key=self._key, cert=self._certificate)
        text: str = self._etree.tostring(signed, encoding="unicode")
        return text
