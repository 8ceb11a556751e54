"""HTTPS: the certificate of the API, and its renewal without a restart."""

from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext, SSLError, TLSVersion
from typing import Any

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.logs import get_logger
from rencheng.runtime.periodic import PeriodicThread

log = get_logger("api")

LOOK_EVERY_S = 60.0


class ServerCertificate(PeriodicThread):
    """A certificate that is loaded again when its file changes. Open connections stay.

    Args:
        certificate: the certificate and those of its authorities, PEM.
        key: its key, PEM.
        look_every_s: seconds between two looks at the files.

    Raises:
        Misconfigured: the files cannot be read or do not fit together.
    """

    def __init__(self, certificate: Path, key: Path, *, look_every_s: float = LOOK_EVERY_S) -> None:
        self._certificate = certificate
        self._key = key
        super().__init__(self._look, look_every_s, name="certificate")
        self.context = SSLContext(PROTOCOL_TLS_SERVER)
        self.context.minimum_version = TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._loaded = self._stamp()
        try:
            self._load()
        except (OSError, SSLError) as error:
            raise Misconfigured(
                f"RENCHENG_API_TLS_CERTIFICATE, RENCHENG_API_TLS_KEY: {certificate} and {key} are no certificate and"
                f" its key: {error}"
            ) from error

    def _look(self) -> None:
        try:
            if (stamp := self._stamp()) != self._loaded:
                self._load()
                self._loaded = stamp
                log.info("certificate loaded", file=str(self._certificate))
        except (OSError, SSLError) as error:
            log.warning("certificate not loaded; the one before stays", file=str(self._certificate), why=str(error))

    def _load(self) -> None:
        self.context.load_cert_chain(self._certificate, self._key)

    def _stamp(self) -> Any:  # noqa: ANN401 - only compared
        return [(file.stat().st_mtime_ns, file.stat().st_ino) for file in (self._certificate, self._key)]


def server_certificate(certificate: Path | None, key: Path | None) -> ServerCertificate | None:
    """Return the certificate of the settings; None for plain HTTP.

    Raises:
        Misconfigured: only one of the two is set, or they cannot be loaded.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise Misconfigured("RENCHENG_API_TLS_CERTIFICATE and RENCHENG_API_TLS_KEY: set both, or neither")
    try:
        return ServerCertificate(certificate, key)
    except FileNotFoundError as error:
        raise Misconfigured(
            f"RENCHENG_API_TLS_CERTIFICATE, RENCHENG_API_TLS_KEY: there is no {error.filename}"
        ) from error
